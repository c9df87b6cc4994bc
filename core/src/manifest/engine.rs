//! vLLM's command line (read from vLLM 0.19.0, `vllm/engine/arg_utils.py`).

use super::ManifestRequest;
use super::checkpoint::{dtype, quantization, runs_own_code};
use crate::engine::KvDtype;
use crate::error::{Error, Result};

/// The arguments of `vllm serve`. Each flag carries its value, so that neither can be taken for
/// something else.
pub(super) fn arguments(request: &ManifestRequest<'_>) -> Result<Vec<String>> {
    let (model, option, settings) = (request.model(), request.option(), request.settings());
    let engine = &option.engine;
    let mut arguments = vec![
        model.id.clone(),
        format!("--served-model-name={}", model.id),
        format!("--port={}", settings.port),
        format!("--tensor-parallel-size={}", option.tensor_parallel),
    ];
    if let Some(stages) = option.pipeline_parallel.filter(|stages| *stages > 1) {
        arguments.push(format!("--pipeline-parallel-size={stages}"));
    }
    if request.data_parallel() > 1 {
        arguments.push(format!("--data-parallel-size={}", request.data_parallel()));
    }
    if option.expert_parallel.is_some_and(|ranks| ranks > 1) {
        arguments.push("--enable-expert-parallel".to_owned());
    }
    arguments.extend([
        format!("--max-model-len={}", engine.max_model_len),
        format!("--max-num-seqs={}", engine.max_num_seqs),
        format!("--max-num-batched-tokens={}", engine.max_num_batched_tokens),
        format!("--gpu-memory-utilization={}", engine.gpu_memory_utilization),
    ]);
    let prefix_caching =
        if engine.enable_prefix_caching { "--enable-prefix-caching" } else { "--no-enable-prefix-caching" };
    arguments.push(prefix_caching.to_owned());
    if let Some(method) = quantization(request)? {
        arguments.push(format!("--quantization={}", method.name));
        if method.deprecated {
            arguments.push("--allow-deprecated-quantization".to_owned());
        }
    }
    if let Some(kv_dtype) = option.kv_dtype.filter(|kv_dtype| *kv_dtype != KvDtype::Auto) {
        arguments.push(format!("--kv-cache-dtype={}", kv_cache_dtype(kv_dtype)?));
    }
    if let Some(dtype) = dtype(request)? {
        arguments.push(format!("--dtype={dtype}"));
    }
    if settings.trust_remote_code.unwrap_or_else(|| runs_own_code(model)) {
        arguments.push("--trust-remote-code".to_owned());
    }
    Ok(arguments)
}

/// vLLM's name of a KV cache's format.
///
/// # Errors
///
/// `invalid_value` for a format that vLLM does not keep caches in.
fn kv_cache_dtype(kv_dtype: KvDtype) -> Result<&'static str> {
    match kv_dtype {
        KvDtype::Auto => Ok("auto"),
        KvDtype::Bf16 => Ok("bfloat16"),
        KvDtype::Fp8 => Ok("fp8"),
        KvDtype::Fp16 | KvDtype::Int8 | KvDtype::Nvfp4 => {
            Err(Error::invalid("kv_dtype", kv_dtype.as_str(), "auto, bf16 or fp8"))
        }
    }
}
