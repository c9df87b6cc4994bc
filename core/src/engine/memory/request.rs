//! A memory plan asked for by names.

use serde::{Deserialize, Serialize};

use super::options::{KvDtype, MemoryOptions};
use super::plan::{MemoryPlan, memory_plan, smallest_tensor_parallel};
use crate::catalog::{Catalog, WeightFormat};
use crate::engine::Parallelism;
use crate::error::{Error, Result};

/// Most GPUs that a tensor parallelism of its own choice takes: those of one server.
const MOST_TENSOR_PARALLEL: u32 = 8;

/// A model on a GPU, by their names, and how it is to be run. Everything but `model` and `gpu` has
/// a default.
///
/// ```
/// use sizewell::engine::{MemoryRequest, plan_memory};
/// let request = MemoryRequest {
///     request_tokens: Some(16_384),
///     ..MemoryRequest::new("Llama-3.3-70B-Instruct", "H100")
/// };
/// let plan = plan_memory(sizewell_data::catalog(), &request)?;
/// assert!(plan.fits && plan.parallelism.tensor_parallel == 4);
/// let plan = plan_memory(sizewell_data::catalog(), &MemoryRequest { tensor_parallel: Some(1), ..request })?;
/// assert!(!plan.fits && plan.reason.is_some());
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MemoryRequest {
    /// The model, by any of its names.
    pub model: String,
    /// The GPU, by any of its names.
    pub gpu: String,
    /// Format of the weights. Default: what the checkpoint stores.
    #[serde(default)]
    pub precision: Option<WeightFormat>,
    /// Format of the KV cache. Default: `auto`, as the model computes.
    #[serde(default)]
    pub kv_dtype: Option<KvDtype>,
    /// GPUs over which attention and dense layers are sliced. Default: the smallest of 1, 2, 4, 8
    /// at which the model fits; 1 where it fits at none.
    #[serde(default)]
    pub tensor_parallel: Option<u32>,
    /// Stages over which layers are split. Default: 1.
    #[serde(default)]
    pub pipeline_parallel: Option<u32>,
    /// Ranks that each hold attention whole. Default: 1.
    #[serde(default)]
    pub data_parallel: Option<u32>,
    /// Groups over which routed experts are spread. Default: 1.
    #[serde(default)]
    pub expert_parallel: Option<u32>,
    /// Share of the GPU's memory that the engine may take, 0.01 to 1. Default: 0.9.
    #[serde(default)]
    pub gpu_memory_utilization: Option<f64>,
    /// Most sequences in one iteration of a rank. Default: vLLM's for the GPU.
    #[serde(default)]
    pub max_num_seqs: Option<u32>,
    /// Most tokens in one iteration of a rank. Default: vLLM's for the GPU.
    #[serde(default)]
    pub max_num_batched_tokens: Option<u32>,
    /// Tokens of one request, prompt and answer. Default: the model's largest context.
    #[serde(default)]
    pub request_tokens: Option<u32>,
}

impl MemoryRequest {
    /// A model on a GPU, everything else at its default.
    #[must_use]
    pub fn new(model: impl Into<String>, gpu: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            gpu: gpu.into(),
            precision: None,
            kv_dtype: None,
            tensor_parallel: None,
            pipeline_parallel: None,
            data_parallel: None,
            expert_parallel: None,
            gpu_memory_utilization: None,
            max_num_seqs: None,
            max_num_batched_tokens: None,
            request_tokens: None,
        }
    }

    fn options(&self) -> MemoryOptions {
        let default = MemoryOptions::default();
        MemoryOptions {
            parallelism: Parallelism {
                tensor_parallel: self.tensor_parallel.unwrap_or(1),
                pipeline_parallel: self.pipeline_parallel.unwrap_or(1),
                data_parallel: self.data_parallel.unwrap_or(1),
                expert_parallel: self.expert_parallel.unwrap_or(1),
            },
            weight_format: self.precision,
            kv_dtype: self.kv_dtype.unwrap_or_default(),
            gpu_memory_utilization: self.gpu_memory_utilization.unwrap_or(default.gpu_memory_utilization),
            max_num_seqs: self.max_num_seqs,
            max_num_batched_tokens: self.max_num_batched_tokens,
            request_tokens: self.request_tokens,
        }
    }
}

/// [`memory_plan`] of a model and a GPU of a catalog.
///
/// # Errors
///
/// `unknown_name` for a model or GPU that the catalog does not have; `invalid_value` with the
/// field's path and what is allowed. That a model does not fit is no error: the plan says why.
pub fn plan_memory(catalog: &Catalog, request: &MemoryRequest) -> Result<MemoryPlan> {
    let (model, gpu) = (catalog.model(&request.model)?, catalog.gpu(&request.gpu)?);
    let options = request.options();
    let planned = match request.tensor_parallel {
        Some(_) => Ok(None),
        None => smallest_tensor_parallel(model, gpu, &options, MOST_TENSOR_PARALLEL),
    };
    let planned = planned.and_then(|found| found.map_or_else(|| memory_plan(model, gpu, &options), Ok));
    planned.map_err(|error| match error.path().strip_prefix("parallelism.") {
        Some(field) => {
            let field = field.to_owned();
            Error::at(error, field)
        }
        None => error,
    })
}
