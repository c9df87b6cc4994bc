//! What a data sheet does not tell: efficiencies, overheads, and how a queue of prompts behaves,
//! as fitted to measured points. `cargo xtask accuracy --fit` writes their values.

use crate::engine::Backend;

/// Declares the coefficients, with the value and the spread (standard deviation of the logarithm)
/// that were assumed before any measurement.
macro_rules! coefficients {
    ($($(#[$doc:meta])* $name:ident: $prior:literal, $spread:literal;)*) => {
        /// Coefficients of the roofline and of the closed loop. All are positive. Efficiencies are
        /// shares of the data sheet's peak; names of three say the engine they belong to, as a
        /// factor on the one without.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct Coefficients {
            $($(#[$doc])* pub $name: f64,)*
        }

        impl Coefficients {
            /// Names, in the order of [`Self::to_array`].
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];
            /// Values assumed before any measurement.
            pub const PRIOR: Self = Self { $($name: $prior),* };
            /// Standard deviations of their logarithms.
            pub const SPREAD: Self = Self { $($name: $spread),* };
            /// How many there are.
            pub const COUNT: usize = Self::NAMES.len();

            /// The values in order.
            #[must_use]
            pub fn to_array(&self) -> [f64; Self::COUNT] {
                [$(self.$name),*]
            }

            /// From values in order.
            #[must_use]
            pub fn from_array(values: &[f64; Self::COUNT]) -> Self {
                let [$($name),*] = *values;
                Self { $($name),* }
            }
        }
    };
}

coefficients! {
    /// Memory bandwidth reached reading 16-bit weights (measured GEMMs: 0.81 to 0.87 of it).
    weight_bandwidth: 0.8, 0.1;
    /// The same reading 8-bit weights, as a factor.
    weight_bandwidth_8: 0.87, 0.15;
    /// The same reading 4-bit weights, as a factor.
    weight_bandwidth_4: 0.75, 0.2;
    /// Memory bandwidth reached reading routed experts.
    expert_bandwidth: 0.7, 0.2;
    /// The same with 4-bit floats, as a factor.
    expert_bandwidth_4: 1.0, 0.15;
    /// The same with 4-bit integers and 16-bit arithmetic, as a factor.
    expert_bandwidth_w4a16: 0.6, 0.4;
    /// Memory bandwidth reached reading the KV cache.
    kv_bandwidth: 0.7, 0.2;
    /// The same with an 8-bit cache, as a factor.
    kv_bandwidth_8: 0.8, 0.2;
    /// Share of the peak reached by large 16-bit products (measured: 0.75 to 0.77).
    compute_16: 0.75, 0.1;
    /// The same with 8-bit products (measured: 0.48 to 0.51).
    compute_8: 0.5, 0.2;
    /// The same with 4-bit products.
    compute_4: 0.35, 0.3;
    /// The same of routed experts, as a factor.
    expert_compute: 0.8, 0.3;
    /// Share of the 16-bit peak reached by attention within prompts (measured: 0.36 to 0.54).
    prefill_attention: 0.4, 0.3;
    /// Work of latent attention within prompts against what its products come to.
    prefill_attention_latent: 1.5, 0.5;
    /// Share of the 16-bit peak reached by attention to the cache where that limits.
    decode_attention: 0.4, 0.4;
    /// Time of every iteration, in ms.
    iteration_ms: 1.5, 0.7;
    /// Of vLLM.
    iteration_vllm: 1.0, 0.3;
    /// Of SGLang.
    iteration_sglang: 1.0, 0.3;
    /// Of TensorRT-LLM.
    iteration_trtllm: 1.0, 0.3;
    /// Time of every layer beside its work, in ms.
    layer_ms: 0.02, 0.5;
    /// Of vLLM.
    layer_vllm: 1.0, 0.25;
    /// Of SGLang.
    layer_sglang: 1.0, 0.25;
    /// Of TensorRT-LLM.
    layer_trtllm: 1.0, 0.25;
    /// The same more of every layer with experts, in ms.
    expert_layer_ms: 0.03, 0.5;
    /// Of vLLM.
    expert_layer_vllm: 1.0, 0.25;
    /// Of SGLang.
    expert_layer_sglang: 1.0, 0.25;
    /// Of TensorRT-LLM.
    expert_layer_trtllm: 1.0, 0.25;
    /// The same more of every layer with latent attention, in ms.
    latent_layer_ms: 0.01, 0.7;
    /// The same more of every layer with linear attention, in ms.
    linear_layer_ms: 0.02, 0.7;
    /// The same more of every layer with a window, in ms.
    sliding_layer_ms: 0.01, 0.7;
    /// The same more of every layer with shared experts, in ms.
    shared_layer_ms: 0.01, 0.7;
    /// The same more of every layer whose inputs are quantised to 8 bits, in ms.
    quantized_8_layer_ms: 0.018, 0.4;
    /// Of vLLM.
    quantized_8_vllm: 0.7, 0.3;
    /// Of SGLang.
    quantized_8_sglang: 0.6, 0.3;
    /// Of TensorRT-LLM.
    quantized_8_trtllm: 2.0, 0.3;
    /// The same more of every layer whose inputs are quantised to 4 bits, in ms.
    quantized_4_layer_ms: 0.003, 0.7;
    /// Time of one all-reduce of nothing over two GPUs, in ms; it grows with the root of log₂.
    all_reduce_ms: 0.006, 0.4;
    /// Of vLLM.
    all_reduce_vllm: 1.0, 0.25;
    /// Of SGLang.
    all_reduce_sglang: 1.0, 0.25;
    /// Of TensorRT-LLM.
    all_reduce_trtllm: 1.0, 0.25;
    /// Share of the link's bandwidth in one direction that exchanges reach.
    link_bandwidth: 0.5, 0.4;
    /// Time of one exchange of tokens between ranks of data-parallel attention, in ms.
    all_to_all_ms: 0.02, 0.7;
    /// Time of each sequence in an iteration, in ms.
    sequence_ms: 0.01, 0.7;
    /// Of vLLM.
    sequence_vllm: 1.0, 0.4;
    /// Of SGLang.
    sequence_sglang: 1.0, 0.4;
    /// Of TensorRT-LLM.
    sequence_trtllm: 1.0, 0.4;
    /// The same more without asynchronous scheduling, in ms.
    sequence_synchronous_ms: 0.04, 0.5;
    /// How much more the fullest rank of experts has than the mean, in standard deviations.
    expert_imbalance: 0.7, 0.5;
    /// Exponent of the number of tokens in the distinct experts that they touch: below 1, some
    /// experts are liked more than others.
    expert_skew: 0.9, 0.1;
    /// Exponent of the slices of an expert in the time to read one.
    expert_slice_bandwidth: 0.1, 0.7;
    /// Exponent of the slices of an expert in the time to compute with one.
    expert_slice_compute: 0.1, 0.7;
    /// Time of drafting in an iteration, in ms.
    draft_ms: 0.5, 0.7;
    /// Time of each drafted token of each sequence, in ms.
    draft_sequence_ms: 0.02, 0.7;
    /// Of vLLM.
    draft_vllm: 1.0, 0.5;
    /// Of SGLang.
    draft_sglang: 1.0, 0.7;
    /// Of TensorRT-LLM.
    draft_trtllm: 1.0, 0.7;
    /// Time of drafting one token, as a share of the iteration.
    draft_share: 0.05, 0.5;
    /// Probability that a drafted token is accepted when those before it were.
    acceptance: 0.7, 0.2;
    /// Work of prompts against what the peaks come to.
    prompt_work: 1.0, 0.3;
    /// Of vLLM.
    prompt_work_vllm: 1.0, 0.2;
    /// Of SGLang.
    prompt_work_sglang: 1.0, 0.2;
    /// Of TensorRT-LLM.
    prompt_work_trtllm: 1.0, 0.2;
    /// Time that each prompt takes from the answers beside its work, in ms.
    prompt_ms: 1.0, 0.7;
    /// Of vLLM.
    prompt_vllm: 1.0, 0.5;
    /// Of SGLang.
    prompt_sglang: 1.0, 0.5;
    /// Of TensorRT-LLM.
    prompt_trtllm: 1.0, 0.5;
    /// The same more of each further GPU that shares a layer, as a share.
    prompt_parallel: 0.2, 0.7;
    /// Time of a request outside iterations, in ms.
    request_ms: 20.0, 0.5;
    /// Of vLLM.
    request_vllm: 1.0, 0.5;
    /// Of SGLang.
    request_sglang: 1.0, 0.5;
    /// Of TensorRT-LLM.
    request_trtllm: 1.0, 0.5;
    /// The same more of every layer: launching a prompt's kernels one by one, in ms.
    request_layer_ms: 0.3, 0.7;
    /// Of vLLM.
    request_layer_vllm: 1.0, 0.5;
    /// Of SGLang.
    request_layer_sglang: 1.0, 0.5;
    /// Of TensorRT-LLM.
    request_layer_trtllm: 1.0, 0.5;
    /// The same more of every layer with experts, in ms.
    request_expert_layer_ms: 0.5, 0.7;
    /// The same more of every thousand tokens of the prompt, in ms.
    request_kilotoken_ms: 5.0, 0.7;
    /// Time that a prompt waits for each one ahead of it beside that one's work, in ms.
    prompt_wait_ms: 2.0, 0.7;
    /// Wait of a prompt for others in steady state against that of an M/D/1 queue.
    queue: 1.0, 0.5;
    /// Share of requests that arrive all at once, as far as a run of ten rounds feels it.
    burst: 0.12, 0.3;
    /// Of vLLM.
    burst_vllm: 1.0, 0.2;
    /// Of SGLang.
    burst_sglang: 1.0, 0.2;
    /// Of TensorRT-LLM.
    burst_trtllm: 1.0, 0.2;
    /// The same where lengths are exact and prompts run first, so that rounds stay together.
    burst_in_step: 0.9, 0.1;
    /// Share of other prompts' work that answers wait for where prompts run first.
    pause: 0.8, 0.2;
    /// Share of the interval between two looks at the queue that a request waits.
    admission: 0.5, 0.2;
    /// Iterations of sixty that a request is held back for balance.
    balance: 30.0, 0.4;
    /// Wait for room in the KV cache against that of a steady flow.
    capacity_wait: 1.0, 0.3;
}

impl Coefficients {
    /// The one of three that belongs to an engine.
    pub(in crate::engine) const fn of(backend: Backend, vllm: f64, sglang: f64, trtllm: f64) -> f64 {
        match backend {
            Backend::Vllm => vllm,
            Backend::Sglang => sglang,
            Backend::Trtllm => trtllm,
        }
    }
}

impl Default for Coefficients {
    fn default() -> Self {
        Self::FITTED
    }
}
