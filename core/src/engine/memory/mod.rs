//! Memory of one GPU of a deployment: weights, activations, communication buffers, CUDA graphs, and
//! what is left for the KV cache. Answers whether a model fits, how many tokens and requests beside
//! it, how long a context, on how few GPUs, and why not. Formulas are those of vLLM 0.19, checked
//! against what it reports (`core/tests/memory.rs`).

mod kv;
mod options;
mod plan;
mod request;
mod reserve;
mod stage;

pub use kv::kv_bytes_per_sequence;
pub use options::{DEFAULT_GPU_MEMORY_UTILIZATION, KvDtype, MemoryOptions};
pub use plan::{MemoryPlan, memory_plan, smallest_tensor_parallel};
pub(crate) use plan::{MemoryRoom, RoomFor};
pub use request::{MemoryRequest, plan_memory};
pub use reserve::activation_gib_per_gpu;
pub use stage::{PipelineStage, weights_gib_per_gpu};
