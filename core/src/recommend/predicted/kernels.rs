//! Which number formats vLLM has kernels for on which GPUs (vLLM 0.19,
//! `vllm/model_executor/layers/quantization/`), on the careful side: a recommendation must start.

use crate::catalog::{Gpu, GpuMaker, Model, WeightFormat};

/// Why a checkpoint does not run on a GPU; `None` where it does.
pub(crate) fn refusal(model: &Model, gpu: &Gpu) -> Option<String> {
    refusal_in(model, model.weight_format, gpu)
}

/// The same of a checkpoint of the model that stores its weights in a format.
pub(crate) fn refusal_in(model: &Model, format: WeightFormat, gpu: &Gpu) -> Option<String> {
    let nvidias = model.id.starts_with("nvidia/") && format.is_quantized();
    match (gpu.maker, capability(gpu)) {
        (GpuMaker::Amd, _) if nvidias || format == WeightFormat::Nvfp4 => {
            Some(format!("vLLM reads its {} weights on NVIDIA GPUs alone", format.as_str()))
        }
        (GpuMaker::Amd, _) | (GpuMaker::Nvidia, None) => None,
        (GpuMaker::Nvidia, Some(capability)) => {
            if capability < 80 && model.family.starts_with("gemma") {
                return Some(format!("{} has no bfloat16, which the model needs", gpu.id));
            }
            let least = match format {
                WeightFormat::Fp8 if nvidias => 89,
                WeightFormat::Fp8 | WeightFormat::Mxfp4 | WeightFormat::Nvfp4 => 80,
                WeightFormat::Int8 | WeightFormat::W4a16 => 75,
                WeightFormat::Fp32 | WeightFormat::Bf16 | WeightFormat::Fp16 => 0,
            };
            (capability < least).then(|| {
                let least = f64::from(least) / 10.0;
                format!(
                    "vLLM's kernels for {} weights need compute capability {least:.1} or later",
                    format.as_str()
                )
            })
        }
    }
}

/// Whether weights can be quantised to fp8 while loading, and multiplied as such: the GPU has units
/// for it, and the checkpoint stores 16 bits.
pub(crate) fn quantizes_online(model: &Model, gpu: &Gpu) -> bool {
    matches!(model.weight_format, WeightFormat::Bf16 | WeightFormat::Fp16) && keeps_kv_in_8_bits(gpu)
}

/// Whether the KV cache can be kept in fp8.
pub(crate) fn keeps_kv_in_8_bits(gpu: &Gpu) -> bool {
    gpu.dense_tflops.fp8.is_some()
}

/// CUDA compute capability, ten times; `None` where it is not stated.
fn capability(gpu: &Gpu) -> Option<u32> {
    let (major, minor) = gpu.compute_capability.as_deref()?.split_once('.')?;
    Some(u32::from(major.parse::<u8>().ok()?) * 10 + u32::from(minor.parse::<u8>().ok()?))
}
