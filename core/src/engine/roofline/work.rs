//! Rates that a GPU reaches with a model's number formats, and the work of its dense layers.

use super::coefficients::Coefficients;
use crate::catalog::{InterconnectKind, ParameterGroup, WeightFormat};
use crate::engine::model::IterationTime;
use crate::engine::replica::{Backend, Replica};

/// Reading weights once, and multiplying one token by them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Work {
    pub(super) read_ms: f64,
    pub(super) token_ms: f64,
}

impl Work {
    /// Adds the longer of reading and multiplying so many tokens.
    pub(super) fn spend(&self, tokens: f64, time: &mut IterationTime) {
        let multiply = tokens * self.token_ms;
        time.add_longer(self.read_ms, multiply);
    }
}

/// What one GPU does in a second with this model's formats, and what one layer asks of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates<'a> {
    replica: &'a Replica<'a>,
    coefficients: &'a Coefficients,
    pub(super) bandwidth: f64,
    pub(super) peak_16: f64,
    pub(super) link_bytes_per_second: f64,
    pub(super) link_latency_factor: f64,
    pub(super) shared_experts: bool,
}

/// An exchange over PCI Express takes so much longer to begin than one over NVLink: aiconfigurator
/// 0.12 measures 0.12 (4 GPUs) and 0.06 (8) of the ring's speed on L40S.
const PCIE_LATENCY: f64 = 4.0;
/// Share of PCI Express's bandwidth that exchanges reach beside that of NVLink (same source).
const PCIE_BANDWIDTH: f64 = 0.25;
/// Links between nodes: 400 Gb/s InfiniBand or Ethernet for each GPU, in bytes per second, the
/// usual of H100 and later systems (NVIDIA DGX H100 data sheet: eight ConnectX-7 of 400 Gb/s).
const NODE_LINK_BYTES_PER_SECOND: f64 = 50e9;
/// A GPU without matrix units known for a format multiplies in the next wider one.
const LEAST_TFLOPS: f64 = 1.0;

impl<'a> Rates<'a> {
    pub(super) fn of(replica: &'a Replica<'a>, coefficients: &'a Coefficients) -> Self {
        let gpu = replica.gpu;
        let flops = &gpu.dense_tflops;
        let peak_16 = flops.bf16.or(flops.fp16).or(flops.tf32).or(flops.fp32).unwrap_or(LEAST_TFLOPS) * 1e12;
        let link = &gpu.interconnect;
        let one_way = link.bidirectional_gb_per_second / 2.0 * 1e9;
        let across = replica.memory.parallelism.stage_gpus() > link.domain_gpus;
        let (bytes, latency) = match link.kind {
            InterconnectKind::Pcie => (one_way * PCIE_BANDWIDTH, PCIE_LATENCY),
            _ => (one_way, 1.0),
        };
        Self {
            replica,
            coefficients,
            bandwidth: gpu.memory_bandwidth_gb_per_second * 1e9,
            peak_16,
            link_bytes_per_second: if across { bytes.min(NODE_LINK_BYTES_PER_SECOND) } else { bytes },
            link_latency_factor: if across { latency * 2.0 } else { latency },
            shared_experts: replica.model.architecture.layer_parameters().shared_experts > 0.0,
        }
    }

    /// Peak for products in a format, in operations per second, and the share of it that is
    /// reached. Weights that the GPU has no units for are widened and multiplied in 16 bits.
    pub(super) fn arithmetic(&self, format: WeightFormat, c: &Coefficients) -> (f64, f64) {
        let flops = &self.replica.gpu.dense_tflops;
        let found = match format {
            WeightFormat::Fp8 => flops.fp8.map(|rate| (rate, c.compute_8)),
            WeightFormat::Int8 => flops.int8.map(|rate| (rate, c.compute_8)),
            WeightFormat::Nvfp4 | WeightFormat::Mxfp4 => flops.fp4.map(|rate| (rate, c.compute_4)),
            WeightFormat::Fp32 => flops.tf32.or(flops.fp32).map(|rate| (rate, c.compute_16)),
            WeightFormat::Bf16 | WeightFormat::Fp16 | WeightFormat::W4a16 => None,
        };
        found.map_or((self.peak_16, c.compute_16), |(tera, share)| (tera * 1e12, share))
    }

    fn weight_bandwidth(&self, format: WeightFormat) -> f64 {
        let c = self.coefficients;
        let factor = match format {
            WeightFormat::Fp8 | WeightFormat::Int8 => c.weight_bandwidth_8,
            WeightFormat::Nvfp4 | WeightFormat::Mxfp4 | WeightFormat::W4a16 => c.weight_bandwidth_4,
            _ => 1.0,
        };
        self.bandwidth * c.weight_bandwidth * factor
    }

    /// The format that a group's products are done in.
    fn format_of(&self, group: ParameterGroup) -> WeightFormat {
        let format = self.replica.weight_format();
        if self.replica.model.is_quantized(group, format) { format } else { format.wide() }
    }

    fn work(&self, parameters: f64, group: ParameterGroup) -> Work {
        let model = self.replica.model;
        let bytes = parameters * model.bytes_per_weight(group, self.replica.weight_format());
        let format = self.format_of(group);
        let (peak, share) = self.arithmetic(format, self.coefficients);
        Work {
            read_ms: bytes / self.weight_bandwidth(format) * 1e3,
            token_ms: 2.0 * parameters / (peak * share) * 1e3,
        }
    }

    /// All layers but routed experts, of one tensor-parallel rank.
    pub(super) fn dense(&self) -> Work {
        let architecture = &self.replica.model.architecture;
        let counts = self.replica.model.parameters();
        let layer = architecture.layer_parameters();
        let tensor = f64::from(self.replica.memory.parallelism.tensor_parallel.max(1));
        let kv_heads = f64::from(architecture.attention.kv_heads.max(1));
        let attention = f64::from(architecture.attention_layers())
            * (layer.attention_sliced / tensor
                + layer.attention_kv / tensor.min(kv_heads)
                + layer.attention_latent);
        let parts = [
            (attention, ParameterGroup::Attention),
            (counts.linear_attention / tensor, ParameterGroup::LinearAttention),
            (counts.dense_mlp / tensor, ParameterGroup::DenseMlp),
            (counts.shared_experts / tensor, ParameterGroup::SharedExperts),
            (counts.router, ParameterGroup::Router),
        ];
        parts.into_iter().map(|(parameters, group)| self.work(parameters, group)).fold(
            Work { read_ms: 0.0, token_ms: 0.0 },
            |sum, part| Work { read_ms: sum.read_ms + part.read_ms, token_ms: sum.token_ms + part.token_ms },
        )
    }

    /// The LM head, which every GPU of a stage has a slice of.
    pub(super) fn head(&self) -> Work {
        let architecture = &self.replica.model.architecture;
        let parallelism = self.replica.memory.parallelism;
        let slices = f64::from(parallelism.stage_gpus().max(1));
        self.work(architecture.layer_parameters().embedding / slices, ParameterGroup::LmHead)
    }

    /// Reading one token's keys and values, or its latent, in one layer.
    pub(super) fn kv_row_ms(&self) -> f64 {
        let attention = &self.replica.model.architecture.attention;
        let memory = &self.replica.memory;
        let bytes = memory.kv_dtype.bytes(self.replica.weight_format());
        let numbers = match &attention.mla {
            Some(mla) => f64::from(mla.kv_lora_rank) + f64::from(mla.qk_rope_head_size),
            None => {
                2.0 * f64::from(memory.parallelism.kv_heads_per_gpu(attention.kv_heads))
                    * f64::from(attention.head_size)
            }
        };
        let c = self.coefficients;
        let share = c.kv_bandwidth * if bytes < 2.0 { c.kv_bandwidth_8 } else { 1.0 };
        numbers * bytes / (self.bandwidth * share) * 1e3
    }

    /// Operations of one token that attends to one other in one layer, of all heads: of an answer
    /// (with a latent, in its absorbed form), and of a prompt.
    pub(super) fn attention_flops(&self) -> (f64, f64) {
        let attention = &self.replica.model.architecture.attention;
        let heads = f64::from(attention.heads);
        match &attention.mla {
            Some(mla) => {
                let latent = f64::from(mla.kv_lora_rank);
                let rope = f64::from(mla.qk_rope_head_size);
                let (nope, value) = (f64::from(mla.qk_nope_head_size), f64::from(mla.v_head_size));
                (2.0 * heads * (2.0 * latent + rope), 2.0 * heads * (nope + rope + value))
            }
            None => {
                let flops = 4.0 * heads * f64::from(attention.head_size);
                (flops, flops)
            }
        }
    }

    /// Quantising the inputs of one layer.
    pub(super) fn activations_layer_ms(&self, c: &Coefficients, backend: Backend) -> f64 {
        match self.replica.weight_format() {
            WeightFormat::Fp8 | WeightFormat::Int8 => {
                c.quantized_8_layer_ms
                    * Coefficients::of(
                        backend,
                        c.quantized_8_vllm,
                        c.quantized_8_sglang,
                        c.quantized_8_trtllm,
                    )
            }
            WeightFormat::Nvfp4 | WeightFormat::Mxfp4 => c.quantized_4_layer_ms,
            _ => 0.0,
        }
    }
}
