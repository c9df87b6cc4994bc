//! What a recommendation is made of.

use serde::{Deserialize, Serialize};

use super::{OptionPrediction, Unmeasured};
use crate::catalog::WeightFormat;
use crate::cost::{CostQuote, UnitCosts};
use crate::engine::{EngineSettings, KvDtype, MemoryPlan};
use crate::plan::CapacityPlan;
use crate::units::{Date, Quantile};
use crate::workload::{Specification, TrafficProfile};

/// The answer to a specification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recommendation {
    /// What was planned for.
    pub specification: Specification,
    /// The answer in a sentence or two.
    pub summary: String,
    /// Deployments that meet every target, the best first.
    pub options: Vec<DeploymentOption>,
    /// Those of `options` that no other beats in cost, latency and quality at once, by cost.
    pub pareto: Vec<DeploymentOption>,
    /// Deployments that miss a latency target or the budget by at most half, the nearest first.
    pub near_misses: Vec<DeploymentOption>,
    /// What was ruled out, and why.
    pub rejected: Vec<Rejected>,
    /// When nothing was measured at the asked token lengths: what was measured nearest to them.
    pub unmeasured: Option<Unmeasured>,
    /// What is worth knowing about the whole.
    pub notes: Vec<String>,
}

/// A deployment: a model on GPUs, sized and priced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DeploymentOption {
    /// Stable name, such as `llama-3-3-70b-instruct-h100-tp4`.
    pub id: String,
    /// Place in the ranking, from 1.
    pub rank: u32,
    /// The model's id.
    pub model: String,
    /// What people call the model.
    pub model_name: String,
    /// The GPU's id.
    pub gpu: String,
    /// GPUs that share each layer.
    pub tensor_parallel: u32,
    /// Ranks that share the experts, where experts are distributed.
    #[serde(default)]
    pub expert_parallel: Option<u32>,
    /// Stages over which layers are split; `None` for one.
    #[serde(default)]
    pub pipeline_parallel: Option<u32>,
    /// Replicas side by side.
    pub replicas: u64,
    /// GPUs in all.
    pub gpu_count: u64,
    /// Serving engine.
    pub backend: String,
    /// How the weights are stored.
    pub weight_format: WeightFormat,
    /// Format of the KV cache; `None` for the engine's own choice.
    #[serde(default)]
    pub kv_dtype: Option<KvDtype>,
    /// USD per hour.
    pub usd_per_hour: f64,
    /// USD per month of 730 hours.
    pub usd_per_month: f64,
    /// The traffic that this was sized for.
    pub traffic: TrafficProfile,
    /// Replicas and their load.
    pub capacity: CapacityPlan,
    /// Expected latencies against the targets.
    pub latency: LatencyExpectation,
    /// What the amount is made of.
    pub cost: CostQuote,
    /// Cost of a request and of a million tokens.
    pub unit_costs: UnitCosts,
    /// How far the cost is above a flexible budget; `None` when within it or without one.
    pub over_budget_fraction: Option<f64>,
    /// Quality for the use case, 0 to 100; `None` where not known.
    pub quality: Option<f64>,
    /// What the ranking goes by.
    pub scores: Scores,
    /// Memory of one GPU.
    pub memory: MemoryPlan,
    /// Settings of the serving engine.
    pub engine: EngineSettings,
    /// What the expectations rest on.
    pub evidence: BenchmarkEvidence,
    /// What is predicted at the planned load; `None` for an option sized from benchmarks alone.
    #[serde(default)]
    pub prediction: Option<OptionPrediction>,
    /// Which targets are missed, and by how much; empty for those in `options`.
    pub misses: Vec<Miss>,
    /// Why, in plain words.
    pub explanation: Vec<String>,
}

impl DeploymentOption {
    /// Why, in plain words, as one text.
    #[must_use]
    pub fn explain(&self) -> String {
        self.explanation.join(" ")
    }
}

/// Expected latencies against the targets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LatencyExpectation {
    /// The statistic that the targets are about.
    pub percentile: Quantile,
    /// Time to first token.
    pub ttft: LatencyFigure,
    /// Inter-token latency.
    pub itl: LatencyFigure,
    /// The whole request.
    pub e2e: LatencyFigure,
}

/// One latency against its target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LatencyFigure {
    /// Expected, in milliseconds.
    pub value_ms: f64,
    /// Target, in milliseconds.
    pub target_ms: f64,
    /// Share of the target that is left, 1 − expected ÷ target; negative for a miss.
    pub headroom_fraction: f64,
    /// The statistic that was measured; a higher one than asked is an upper bound.
    pub measured_percentile: Quantile,
}

/// What the ranking goes by. Each part depends on this option alone, so that no other option can
/// change the order of two.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Scores {
    /// Mean of the parts, weighted by the priorities (1, 2 or 4).
    pub total: f64,
    /// Quality for the use case, 0 to 100; 0 where not known.
    pub quality: f64,
    /// 50 − 10 × log2(USD per million tokens), or of the number of GPUs for owned hardware: halving
    /// the cost adds 10. Not bounded.
    pub cost: f64,
    /// Mean over TTFT, ITL and the whole request of 200 × the share of the target that is left, at
    /// most 100: 0 at the target, 100 at half of it or less.
    pub latency: f64,
}

/// What expectations rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BenchmarkEvidence {
    /// Measured on hardware, or computed by a simulator.
    pub provenance: Provenance,
    /// Where the benchmark was taken from.
    pub source: String,
    /// When it was measured.
    pub as_of: Option<Date>,
    /// Serving engine and version.
    pub backend: String,
    /// The engine's version.
    pub backend_version: Option<String>,
    /// Number format as run, where it is not the checkpoint's: `fp8`, `nvfp4`, ….
    #[serde(default)]
    pub precision: Option<String>,
    /// Load on one deployment in the benchmark that the latencies are from, in requests per second:
    /// the lowest measured one that is not below the planned load of a replica.
    pub latency_at_qps: f64,
    /// Highest measured load on one deployment that meets the targets, in requests per second: what
    /// a replica is planned to serve at most.
    pub capacity_at_qps: f64,
    /// Planned load on one replica at the peak, in requests per second.
    pub planned_qps: f64,
    /// Benchmarks of this deployment at these token lengths.
    pub benchmarks: u32,
    /// Those of them that meet the targets.
    pub benchmarks_within_targets: u32,
}

/// What a figure rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Measured on hardware.
    Measured,
    /// Computed by a simulator.
    Simulated,
    /// Predicted by the engine model, corrected by what was measured of this deployment.
    Calibrated,
    /// Predicted by the engine model with coefficients fitted to other deployments.
    Roofline,
}

/// A target that is missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Miss {
    /// The field of the specification that is missed: `slo.ttft_ms`, `budget`, `max_gpus`, ….
    pub field: String,
    /// What was asked.
    pub target: f64,
    /// What is expected.
    pub value: f64,
    /// By how much, as a share of the target: 0.1 is 10% over.
    pub over_fraction: f64,
    /// The same in plain words.
    pub message: String,
}

/// Something that was ruled out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    /// The model's id.
    pub model: String,
    /// The GPU's id; `None` when the model was ruled out on every GPU.
    pub gpu: Option<String>,
    /// GPUs of one replica; `None` when the model was ruled out on every GPU.
    pub gpus_per_replica: Option<u32>,
    /// Serving engine; `None` when the model was ruled out on every GPU.
    pub backend: Option<String>,
    /// Why, for programs.
    pub code: RejectionCode,
    /// Why, for people.
    pub reason: String,
}

/// Why something was ruled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// The specification excludes it or prefers others.
    NotPreferred,
    /// The licence is not acceptable.
    Licence,
    /// The model was not made for the use case.
    Task,
    /// The model is a specialist in something else.
    Domain,
    /// Prompt and answer are longer than the model's context.
    Context,
    /// The model cannot be split over the GPUs so.
    Parallelism,
    /// Weights, reserve and one request do not fit the GPUs' memory.
    Memory,
    /// Nothing was measured at these token lengths.
    NotMeasured,
    /// The asked percentile was not measured, nor one above it.
    PercentileNotMeasured,
    /// A latency target is missed by more than half.
    Latency,
    /// The budget is exceeded by more than half.
    Budget,
    /// More GPUs are needed than allowed.
    MaxGpus,
    /// What it costs is not known.
    PriceNotKnown,
    /// The serving engine has no kernels for the number format on the GPU.
    Kernels,
}
