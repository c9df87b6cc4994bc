//! What an estimate says.

use serde::{Deserialize, Serialize};

use crate::engine::{ErrorModel, IterationTime};
use crate::queueing::LatencyPercentiles;

/// What keeps a replica from being faster, or from taking more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitingResource {
    /// Arithmetic.
    Compute,
    /// The GPU's memory bandwidth.
    Bandwidth,
    /// Room in the KV cache, or the engine's limit of sequences: requests wait for a place.
    Kv,
    /// Exchanges between GPUs.
    Interconnect,
    /// Launching, scheduling, sampling.
    Overhead,
}

impl LimitingResource {
    /// Every one, in the order of the declaration.
    pub const ALL: [Self; 5] = [Self::Compute, Self::Bandwidth, Self::Kv, Self::Interconnect, Self::Overhead];

    /// The stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Bandwidth => "bandwidth",
            Self::Kv => "kv",
            Self::Interconnect => "interconnect",
            Self::Overhead => "overhead",
        }
    }

    /// What an iteration spends most on.
    pub(super) fn of(time: &IterationTime) -> Self {
        [
            (Self::Compute, time.compute_ms),
            (Self::Bandwidth, time.bandwidth_ms),
            (Self::Interconnect, time.interconnect_ms),
            (Self::Overhead, time.overhead_ms),
        ]
        .into_iter()
        .max_by(|left, right| left.1.total_cmp(&right.1))
        .map_or(Self::Overhead, |(resource, _)| resource)
    }
}

/// What a prediction rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EstimateProvenance"))]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Seen on hardware at this very setting.
    Measured,
    /// The engine model fitted to measurements of this deployment.
    Calibrated,
    /// Between measurements.
    Interpolated,
    /// The engine model with coefficients fitted to other deployments.
    Roofline,
}

impl Provenance {
    /// Every one, in the order of the declaration.
    pub const ALL: [Self; 4] = [Self::Measured, Self::Calibrated, Self::Interpolated, Self::Roofline];

    /// The stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Calibrated => "calibrated",
            Self::Interpolated => "interpolated",
            Self::Roofline => "roofline",
        }
    }
}

/// Declares [`Estimate`] and [`EstimateTable`] with their numbers.
macro_rules! estimate {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// How a deployment behaves under its load. Latencies in milliseconds, with the 90%
        /// prediction interval from `_low` to `_high`; `None` where it cannot run, with the
        /// `reason`, and of an unstable one only its limits are given.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct Estimate {
            /// Why it cannot run or has no steady state; `None` when it can and has.
            pub reason: Option<String>,
            /// What the figures rest on.
            pub provenance: Provenance,
            /// What keeps it from being faster or from taking more; `None` where it cannot run.
            pub limiting_resource: Option<LimitingResource>,
            $($(#[$doc])* pub $name: Option<f64>,)*
        }

        impl Estimate {
            /// Names of the numbers, in order.
            pub const NUMBERS: &'static [&'static str] = &[$(stringify!($name)),*];

            /// An estimate without a number.
            pub(super) fn none(reason: Option<String>) -> Self {
                Self {
                    reason,
                    provenance: Provenance::Roofline,
                    limiting_resource: None,
                    $($name: None,)*
                }
            }

            /// The numbers, in the order of [`Self::NUMBERS`].
            pub fn numbers(&self) -> impl Iterator<Item = Option<f64>> {
                [$(self.$name),*].into_iter()
            }
        }

        /// Columns of [`Estimate`]s, a value for each row; `None` where a row has none.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct EstimateTable {
            /// Why a row cannot run or has no steady state; `None` where it can and has.
            pub reason: Vec<Option<String>>,
            /// What the figures of each row rest on.
            pub provenance: Vec<Provenance>,
            /// What keeps each row from being faster or from taking more; `None` where it cannot run.
            pub limiting_resource: Vec<Option<LimitingResource>>,
            $($(#[$doc])* pub $name: Vec<Option<f64>>,)*
        }

        impl EstimateTable {
            /// Adds a row.
            pub(super) fn push(&mut self, estimate: Estimate) {
                self.reason.push(estimate.reason);
                self.provenance.push(estimate.provenance);
                self.limiting_resource.push(estimate.limiting_resource);
                $(self.$name.push(estimate.$name);)*
            }

            /// The columns of numbers, in the order of [`Estimate::NUMBERS`].
            pub fn numbers(&self) -> impl Iterator<Item = &[Option<f64>]> {
                [$(self.$name.as_slice()),*].into_iter()
            }
        }
    };
}

estimate! {
    /// GPUs of one replica.
    gpus,
    /// GPUs over which attention and dense layers are sliced, as given or chosen.
    tensor_parallel,
    /// Time to first token, mean.
    ttft_mean_ms,
    /// Lower end of its interval.
    ttft_mean_ms_low,
    /// Upper end of its interval.
    ttft_mean_ms_high,
    /// Time to first token, median.
    ttft_p50_ms,
    /// Lower end of its interval.
    ttft_p50_ms_low,
    /// Upper end of its interval.
    ttft_p50_ms_high,
    /// Time to first token, 90th percentile.
    ttft_p90_ms,
    /// Lower end of its interval.
    ttft_p90_ms_low,
    /// Upper end of its interval.
    ttft_p90_ms_high,
    /// Time to first token, 95th percentile.
    ttft_p95_ms,
    /// Lower end of its interval.
    ttft_p95_ms_low,
    /// Upper end of its interval.
    ttft_p95_ms_high,
    /// Time to first token, 99th percentile.
    ttft_p99_ms,
    /// Lower end of its interval.
    ttft_p99_ms_low,
    /// Upper end of its interval.
    ttft_p99_ms_high,
    /// Inter-token latency, mean over requests of a request's mean gap.
    itl_mean_ms,
    /// Lower end of its interval.
    itl_mean_ms_low,
    /// Upper end of its interval.
    itl_mean_ms_high,
    /// Inter-token latency, median over requests.
    itl_p50_ms,
    /// Lower end of its interval.
    itl_p50_ms_low,
    /// Upper end of its interval.
    itl_p50_ms_high,
    /// Inter-token latency, 90th percentile over requests.
    itl_p90_ms,
    /// Lower end of its interval.
    itl_p90_ms_low,
    /// Upper end of its interval.
    itl_p90_ms_high,
    /// Inter-token latency, 95th percentile over requests.
    itl_p95_ms,
    /// Lower end of its interval.
    itl_p95_ms_low,
    /// Upper end of its interval.
    itl_p95_ms_high,
    /// Inter-token latency, 99th percentile over requests.
    itl_p99_ms,
    /// Lower end of its interval.
    itl_p99_ms_low,
    /// Upper end of its interval.
    itl_p99_ms_high,
    /// The whole request, mean.
    e2e_mean_ms,
    /// Lower end of its interval.
    e2e_mean_ms_low,
    /// Upper end of its interval.
    e2e_mean_ms_high,
    /// The whole request, median.
    e2e_p50_ms,
    /// Lower end of its interval.
    e2e_p50_ms_low,
    /// Upper end of its interval.
    e2e_p50_ms_high,
    /// The whole request, 90th percentile.
    e2e_p90_ms,
    /// Lower end of its interval.
    e2e_p90_ms_low,
    /// Upper end of its interval.
    e2e_p90_ms_high,
    /// The whole request, 95th percentile.
    e2e_p95_ms,
    /// Lower end of its interval.
    e2e_p95_ms_low,
    /// Upper end of its interval.
    e2e_p95_ms_high,
    /// The whole request, 99th percentile.
    e2e_p99_ms,
    /// Lower end of its interval.
    e2e_p99_ms_low,
    /// Upper end of its interval.
    e2e_p99_ms_high,
    /// Tokens of answers per second, over all replicas.
    tokens_per_second,
    /// Requests per second, over all replicas.
    requests_per_second,
    /// The highest rate that is sustained, in requests per second over all replicas.
    stable_requests_per_second,
    /// The rate over the highest that is sustained.
    utilization,
    /// Sequences that run on a replica, in the mean over time.
    batch_size,
    /// Share of the KV cache in use, in the mean over time.
    kv_use,
    /// Tokens that the KV cache of a replica holds.
    kv_tokens,
}

/// A latency's percentiles with the factors of its interval.
pub(super) struct Spread<'a> {
    pub latency: &'a LatencyPercentiles,
    pub low: f64,
    pub high: f64,
}

macro_rules! spread {
    ($estimate:ident, $spread:expr, $($value:ident, $low:ident, $high:ident, $at:ident;)*) => {
        $(
            $estimate.$value = Some($spread.latency.$at);
            $estimate.$low = Some($spread.latency.$at * $spread.low);
            $estimate.$high = Some($spread.latency.$at * $spread.high);
        )*
    };
}

impl Estimate {
    /// Fills in latencies. The factors of a whole request lie between those of its parts, by the
    /// parts' shares.
    pub(super) fn fill(
        &mut self,
        ttft: &LatencyPercentiles,
        itl: &LatencyPercentiles,
        e2e: &LatencyPercentiles,
        errors: &ErrorModel,
    ) {
        use crate::units::exp;
        let first = Spread {
            latency: ttft,
            low: exp(errors.ttft_low.min(0.0)),
            high: exp(errors.ttft_high.max(0.0)),
        };
        let gap =
            Spread { latency: itl, low: exp(errors.itl_low.min(0.0)), high: exp(errors.itl_high.max(0.0)) };
        let share = if e2e.mean_ms > 0.0 { (ttft.mean_ms / e2e.mean_ms).clamp(0.0, 1.0) } else { 1.0 };
        let mix = |first: f64, gap: f64| share * first + (1.0 - share) * gap;
        let whole = Spread { latency: e2e, low: mix(first.low, gap.low), high: mix(first.high, gap.high) };
        let estimate = self;
        spread!(estimate, first,
            ttft_mean_ms, ttft_mean_ms_low, ttft_mean_ms_high, mean_ms;
            ttft_p50_ms, ttft_p50_ms_low, ttft_p50_ms_high, p50_ms;
            ttft_p90_ms, ttft_p90_ms_low, ttft_p90_ms_high, p90_ms;
            ttft_p95_ms, ttft_p95_ms_low, ttft_p95_ms_high, p95_ms;
            ttft_p99_ms, ttft_p99_ms_low, ttft_p99_ms_high, p99_ms;);
        spread!(estimate, gap,
            itl_mean_ms, itl_mean_ms_low, itl_mean_ms_high, mean_ms;
            itl_p50_ms, itl_p50_ms_low, itl_p50_ms_high, p50_ms;
            itl_p90_ms, itl_p90_ms_low, itl_p90_ms_high, p90_ms;
            itl_p95_ms, itl_p95_ms_low, itl_p95_ms_high, p95_ms;
            itl_p99_ms, itl_p99_ms_low, itl_p99_ms_high, p99_ms;);
        spread!(estimate, whole,
            e2e_mean_ms, e2e_mean_ms_low, e2e_mean_ms_high, mean_ms;
            e2e_p50_ms, e2e_p50_ms_low, e2e_p50_ms_high, p50_ms;
            e2e_p90_ms, e2e_p90_ms_low, e2e_p90_ms_high, p90_ms;
            e2e_p95_ms, e2e_p95_ms_low, e2e_p95_ms_high, p95_ms;
            e2e_p99_ms, e2e_p99_ms_low, e2e_p99_ms_high, p99_ms;);
    }
}
