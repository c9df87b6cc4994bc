//! How does a replica or a fleet behave in steady state? Percentiles of waiting, time to first
//! token, inter-token latency and end-to-end latency under load.

pub mod closed_form;

mod closed_loop;
pub use closed_loop::{ClosedLoop, ClosedLoopMeans, closed_loop};
