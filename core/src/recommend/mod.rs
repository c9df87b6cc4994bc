//! Which option is best, and why?
//!
//! [`recommend`] takes every deployment that was benchmarked at the asked token lengths (or, with
//! [`Sizing::Prediction`](crate::workload::Sizing), every sensible one at any lengths, by engine
//! model and queueing), keeps those that meet the latency targets at the asked percentile, sizes and
//! prices them, and ranks them. The rules are in the submodules' documents: what is filtered, which
//! benchmark is taken, how the score is made. [`compare`] puts scenarios side by side,
//! [`sensitivity`] says which input moves the answer most.

mod compare;
mod explain;
mod filter;
mod option;
mod predicted;
mod prediction;
mod rank;
mod search;
mod sensitivity;
mod unmeasured;

pub use compare::{Change, Comparison, Difference, Scenario, ScenarioResult, compare};
pub use option::{
    BenchmarkEvidence, DeploymentOption, LatencyExpectation, LatencyFigure, Miss, Provenance, Recommendation,
    Rejected, RejectionCode, Scores,
};
pub(crate) use predicted::kernels;
pub use prediction::{MeasuredEvidence, OptionPrediction, PredictedLatency};
pub use search::recommend;
pub use sensitivity::{Sensitivity, SensitivityChange, SensitivityOption, sensitivity};
pub use unmeasured::{NearestProfile, Unmeasured};
