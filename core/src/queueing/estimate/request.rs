//! What an estimate is asked about.

use serde::{Deserialize, Serialize};

use super::settings::{DeploymentRequest, with_settings};
use crate::catalog::WeightFormat;
use crate::engine::{FittedFactors, KvDtype, Speculation};
use crate::queueing::Balancer;

macro_rules! estimate_request {
    ($($(#[$doc:meta])* $name:ident: $kind:ty;)*) => {
        /// One deployment and its load. Everything but `model`, `gpu`, the token lengths and the
        /// load has a default.
        ///
        /// ```
        /// use sizewell::queueing::{EstimateRequest, estimate};
        /// let catalog = sizewell_data::catalog();
        /// let request = EstimateRequest {
        ///     qps: Some(4.0),
        ///     ..EstimateRequest::new("Llama-3.1-8B-Instruct", "H100", 512.0, 256.0)
        /// };
        /// let estimate = estimate(catalog, &request)?;
        /// assert!(estimate.ttft_mean_ms < estimate.ttft_p95_ms);
        /// assert!(estimate.itl_mean_ms_low <= estimate.itl_mean_ms);
        /// # Ok::<(), sizewell::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct EstimateRequest {
            /// The model, by any of its names.
            pub model: String,
            /// The GPU, by any of its names.
            pub gpu: String,
            $($(#[$doc])* #[serde(default)] pub $name: Option<$kind>,)*
            /// Tokens of a prompt.
            pub input_tokens: f64,
            /// Tokens of an answer.
            pub output_tokens: f64,
            /// Clients in a closed loop; this or `qps`.
            #[serde(default)]
            pub concurrency: Option<f64>,
            /// Requests per second over all replicas, in an open loop; this or `concurrency`.
            #[serde(default)]
            pub qps: Option<f64>,
            /// Index of dispersion of the arrivals: 1 for Poisson, more for bursts. Default: 1.
            #[serde(default)]
            pub dispersion: Option<f64>,
            /// Whether a closed loop is a benchmark of about ten rounds that starts with all clients
            /// at once, its start included in the figures. Default: `false`, the steady state.
            #[serde(default)]
            pub benchmark: Option<bool>,
            /// Share of prompt tokens found in the prefix cache, 0 to 1. Default: 0.
            #[serde(default)]
            pub prefix_hit_fraction: Option<f64>,
        }

        impl EstimateRequest {
            /// A model on a GPU for prompts and answers of so many tokens, without a load yet.
            #[must_use]
            pub fn new(
                model: impl Into<String>,
                gpu: impl Into<String>,
                input_tokens: f64,
                output_tokens: f64,
            ) -> Self {
                Self {
                    model: model.into(),
                    gpu: gpu.into(),
                    $($name: None,)*
                    input_tokens,
                    output_tokens,
                    concurrency: None,
                    qps: None,
                    dispersion: None,
                    benchmark: None,
                    prefix_hit_fraction: None,
                }
            }

            /// The deployment alone.
            #[must_use]
            pub fn deployment(&self) -> DeploymentRequest {
                DeploymentRequest {
                    model: self.model.clone(),
                    gpu: self.gpu.clone(),
                    $($name: self.$name.clone(),)*
                }
            }
        }
    };
}
with_settings!(estimate_request);
