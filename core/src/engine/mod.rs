//! How does one replica behave? For now: does it fit, and with how much room for requests.

mod calibration;
pub mod least_squares;
mod linear;
mod memory;
mod model;
mod parallelism;
mod replica;
mod roofline;
mod settings;
mod speculation;
mod tabulated;

pub use calibration::{
    CalibratedFactor, Calibration, CalibrationNoise, CalibrationOptions, CalibrationResidual, FittedFactors,
    LoggedRequest, MOST_LOGGED_REQUESTS, PercentileRatio, RequestLog,
};
pub(crate) use calibration::{Figure, Kind, Predictions, Trajectory, solve};
pub use linear::LinearEngine;
pub use memory::{
    KvDtype, MemoryOptions, MemoryPlan, MemoryRequest, PipelineStage, activation_gib_per_gpu,
    kv_bytes_per_sequence, memory_plan, plan_memory, smallest_tensor_parallel, weights_gib_per_gpu,
};
pub(crate) use memory::{MemoryRoom, RoomFor};
pub use model::{Batch, EngineLimits, EngineModel, IterationTime, Scheduling, attended_tokens};
pub(crate) use parallelism::MOST_RANKS;
pub use parallelism::Parallelism;
pub use replica::{Backend, Replica};
pub use roofline::{Coefficients, ErrorModel, QueueCoefficients, Roofline};
pub use settings::{EngineSettings, engine_settings, planned_memory_options};
pub use speculation::{Drafting, MAX_DRAFT_TOKENS, Speculation};
pub use tabulated::{DecodeRow, PrefillRow, TabulatedEngine};
