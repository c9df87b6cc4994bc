//! The settings of a deployment: one list, of which requests and columns are made.

use serde::{Deserialize, Serialize};

use crate::catalog::WeightFormat;
use crate::engine::{FittedFactors, KvDtype, Speculation};
use crate::queueing::Balancer;

/// Hands the settings to a macro: name, type and documentation of each.
macro_rules! with_settings {
    ($make:ident) => {
        $make! {
            /// The serving engine: `vllm`, `sglang` or `trtllm`. Default: `vllm`.
            backend: String;
            /// Format of the weights. Default: what the checkpoint stores.
            precision: WeightFormat;
            /// Format of the KV cache. Default: `auto`, as the model computes.
            kv_dtype: KvDtype;
            /// GPUs over which attention and dense layers are sliced. Default: the smallest of 1, 2,
            /// 4, 8 at which a quarter of the memory is left for the KV cache, else the largest that
            /// fits.
            tensor_parallel: u32;
            /// Stages over which layers are split. Default: 1.
            pipeline_parallel: u32;
            /// Ranks that each hold attention whole. Default: 1.
            data_parallel: u32;
            /// Groups over which routed experts are spread. Default: 1.
            expert_parallel: u32;
            /// Replicas behind a balancer. Default: 1.
            replicas: u32;
            /// Who gets the next request. Default: `least_outstanding`.
            balancer: Balancer;
            /// Speculative decoding. Default: none.
            speculation: Speculation;
            /// Share of the GPU's memory that the engine may take. Default: 0.9.
            gpu_memory_utilization: f64;
            /// Most sequences in one iteration of a rank. Default: vLLM's for the GPU.
            max_num_seqs: u32;
            /// Most tokens in one iteration of a rank. Default: vLLM's for the GPU.
            max_num_batched_tokens: u32;
            /// What was fitted to measurements of this deployment, or of one like it: `fitted` of a
            /// calibration. Default: what public measurements say.
            calibration: FittedFactors;
        }
    };
}
pub(super) use with_settings;

macro_rules! deployment_request {
    ($($(#[$doc:meta])* $name:ident: $kind:ty;)*) => {
        /// Replicas of a model on a GPU, by their names. Everything but `model` and `gpu` has a
        /// default.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct DeploymentRequest {
            /// The model, by any of its names.
            pub model: String,
            /// The GPU, by any of its names.
            pub gpu: String,
            $($(#[$doc])* #[serde(default)] pub $name: Option<$kind>,)*
        }

        impl DeploymentRequest {
            /// One replica of a model on a GPU, everything else at its default.
            #[must_use]
            pub fn new(model: impl Into<String>, gpu: impl Into<String>) -> Self {
                Self { model: model.into(), gpu: gpu.into(), $($name: None,)* }
            }
        }
    };
}
with_settings!(deployment_request);
