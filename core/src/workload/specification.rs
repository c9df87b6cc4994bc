//! The [`Specification`]: traffic, targets and constraints, complete and editable, each value with
//! its origin.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::intent::{Limits, check_limits, check_part_of_whole};
use super::{
    Budget, Datacenter, DeploymentModel, Domain, ExperienceClass, LicencePolicy, LoadAssumptions,
    MAX_LATENCY_MS, MAX_QPS, MAX_TOKENS, MAX_USERS, MIN_LATENCY_MS, MIN_QPS, NameFilter, Priorities,
    TokenLengths, UseCase,
};
use crate::error::Result;
use crate::units::{Quantile, check_count, check_range};

/// What is to be planned: complete, and free to be edited before it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// What the model is used for; `None` for traffic that is none of the nine.
    #[serde(default)]
    pub use_case: Option<UseCase>,
    /// What the people who wait expect.
    pub experience_class: ExperienceClass,
    /// The subject matter; `None` for any.
    #[serde(default)]
    pub domain: Option<Domain>,
    /// Requests and their lengths.
    pub traffic: TrafficProfile,
    /// Latency targets.
    pub slo: SloTargets,
    /// How much latency, cost and quality matter when options are ranked.
    #[serde(default)]
    pub priorities: Priorities,
    /// The most that may be spent; `None` for no limit.
    #[serde(default)]
    pub budget: Option<Budget>,
    /// GPUs to keep to or to avoid.
    #[serde(default)]
    pub gpus: NameFilter,
    /// Models to keep to or to avoid.
    #[serde(default)]
    pub models: NameFilter,
    /// Most GPUs that the deployment may use; `None` for no limit.
    #[serde(default)]
    pub max_gpus: Option<u32>,
    /// Cloud provider whose prices count; `None` for the cheapest for each GPU.
    #[serde(default)]
    pub provider: Option<String>,
    /// Region, as the provider spells it; `None` for any.
    #[serde(default)]
    pub region: Option<String>,
    /// Rent, use what is there, or buy.
    #[serde(default)]
    pub deployment_model: DeploymentModel,
    /// Power, cooling and amortisation, for owned and bought hardware.
    #[serde(default)]
    pub datacenter: Datacenter,
    /// Which licences are acceptable.
    #[serde(default)]
    pub licence: LicencePolicy,
    /// Capacity kept free above the peak: 0.2 is 20%. `None` for what is usual with `sizing`: 0.2
    /// by headroom, 0 by prediction, which has a reserve of its own.
    #[serde(default)]
    pub headroom_fraction: Option<f64>,
    /// How capacity is found: by the engine model and queueing, or from benchmarks of exactly the
    /// asked lengths.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("default" = "prediction")))]
    pub sizing: Sizing,
    /// Where each value came from, by path (`slo.ttft_ms`). A value that is no longer the one that
    /// its origin speaks of was edited, and counts as given.
    #[serde(default)]
    pub origins: BTreeMap<String, Origin>,
}

/// How capacity is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sizing {
    /// From benchmarks of exactly the asked lengths, with headroom kept free.
    Headroom,
    /// From the engine model and queueing at the asked percentile, for any lengths; measured
    /// deployments calibrate it. Headroom, where it is asked for, comes on top of the reserve that
    /// predictions keep.
    #[default]
    Prediction,
}

/// How many requests there are, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TrafficProfile {
    /// Mean tokens of the prompt.
    pub input_tokens: u32,
    /// Mean tokens of the answer.
    pub output_tokens: u32,
    /// Requests per second at the peak: what is planned for.
    pub peak_qps: f64,
    /// Number of people who have access, where the rate was derived from it.
    #[serde(default)]
    pub users: Option<f64>,
    /// Share of users who are active at the same time, where the rate was derived from users.
    #[serde(default)]
    pub active_fraction: Option<f64>,
    /// Requests of one active user in a minute, where the rate was derived from users.
    #[serde(default)]
    pub requests_per_user_minute: Option<f64>,
    /// Peak rate over mean rate, where the rate was derived from users.
    #[serde(default)]
    pub peak_factor: Option<f64>,
}

impl TrafficProfile {
    /// Mean tokens of prompt and answer.
    #[must_use]
    pub fn lengths(&self) -> TokenLengths {
        TokenLengths { input_tokens: self.input_tokens, output_tokens: self.output_tokens }
    }
}

/// Latency targets, all about the same statistic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SloTargets {
    /// The statistic that must be within the targets.
    #[serde(default)]
    pub percentile: Quantile,
    /// Time to first token, in milliseconds.
    pub ttft_ms: f64,
    /// Inter-token latency, in milliseconds.
    pub itl_ms: f64,
    /// The whole request, in milliseconds.
    pub e2e_ms: f64,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Given, from a template, or derived.
    pub kind: OriginKind,
    /// The value that this is about, as text: when the specification now holds another, it was edited.
    pub value: String,
    /// The template's name or the arithmetic.
    pub note: String,
}

/// Given, from a template, or derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// The intent said so, or the value was edited.
    Given,
    /// The use case's or the class's template says so, or a default.
    Template,
    /// Computed from other values.
    Derived,
}

impl Specification {
    /// Capacity kept free above the peak with [`Sizing::Headroom`], unless the intent says otherwise.
    pub const DEFAULT_HEADROOM_FRACTION: f64 = 0.2;

    /// Checks every value against its range, and the latency targets against one another.
    ///
    /// # Errors
    ///
    /// `invalid_value`, `empty` or `too_large` for a value on its own; `contradiction` where TTFT
    /// or ITL is above the target for the whole request. The path names the field
    /// (`slo.ttft_ms`).
    pub fn check(&self) -> Result<()> {
        let traffic = &self.traffic;
        check_count("traffic.input_tokens", traffic.input_tokens.into(), 1, MAX_TOKENS.into())?;
        check_count("traffic.output_tokens", traffic.output_tokens.into(), 1, MAX_TOKENS.into())?;
        check_range("traffic.peak_qps", traffic.peak_qps, MIN_QPS, MAX_QPS)?;
        if let Some(users) = traffic.users {
            check_range("traffic.users", users, 1.0, MAX_USERS)?;
        }
        let load = LoadAssumptions {
            active_fraction: traffic.active_fraction,
            requests_per_user_minute: traffic.requests_per_user_minute,
            peak_factor: traffic.peak_factor,
        };
        load.check("traffic")?;
        let slo = &self.slo;
        for (path, target) in
            [("slo.ttft_ms", slo.ttft_ms), ("slo.itl_ms", slo.itl_ms), ("slo.e2e_ms", slo.e2e_ms)]
        {
            check_range(path, target, MIN_LATENCY_MS, MAX_LATENCY_MS)?;
        }
        check_part_of_whole("slo.ttft_ms", slo.ttft_ms, slo.e2e_ms)?;
        check_part_of_whole("slo.itl_ms", slo.itl_ms, slo.e2e_ms)?;
        check_limits(&Limits {
            budget: self.budget.as_ref(),
            gpus: &self.gpus,
            models: &self.models,
            max_gpus: self.max_gpus,
            provider: self.provider.as_deref(),
            region: self.region.as_deref(),
            datacenter: &self.datacenter,
        })?;
        match self.headroom_fraction {
            Some(fraction) => check_range("headroom_fraction", fraction, 0.0, 10.0),
            None => Ok(()),
        }
    }

    /// Capacity kept free above the peak: what was asked for, else what is usual with the way of
    /// sizing.
    ///
    /// ```
    /// use sizewell::workload::{Intent, Sizing, UseCase, specify};
    /// let intent = Intent { use_case: Some(UseCase::Translation), qps: Some(2.0), ..Intent::default() };
    /// let mut specification = specify(&intent)?;
    /// assert_eq!(specification.kept_free(), 0.0);
    /// specification.sizing = Sizing::Headroom;
    /// assert_eq!(specification.kept_free(), 0.2);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    #[must_use]
    pub fn kept_free(&self) -> f64 {
        self.headroom_fraction.unwrap_or(match self.sizing {
            Sizing::Headroom => Self::DEFAULT_HEADROOM_FRACTION,
            Sizing::Prediction => 0.0,
        })
    }

    /// Where the value at `path` came from: what `origins` says when the value is still the one
    /// that it speaks of, else given.
    ///
    /// ```
    /// use sizewell::workload::{Intent, OriginKind, UseCase, specify};
    /// let intent = Intent { use_case: Some(UseCase::Translation), qps: Some(2.0), ..Intent::default() };
    /// let mut specification = specify(&intent)?;
    /// assert_eq!(specification.origin("slo.ttft_ms"), OriginKind::Template);
    /// specification.slo.ttft_ms = 250.0;
    /// assert_eq!(specification.origin("slo.ttft_ms"), OriginKind::Given);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    #[must_use]
    pub fn origin(&self, path: &str) -> OriginKind {
        match (self.origins.get(path), self.value_text(path)) {
            (Some(origin), Some(now)) if origin.value == now => origin.kind,
            _ => OriginKind::Given,
        }
    }

    /// The value at `path` as `origins` writes it; `None` for a path that has no origin.
    pub(super) fn value_text(&self, path: &str) -> Option<String> {
        let optional = |value: Option<f64>| value.map(|number| number.to_string());
        match path {
            "use_case" => self.use_case.map(|use_case| use_case.as_str().to_owned()),
            "experience_class" => Some(self.experience_class.as_str().to_owned()),
            "traffic.input_tokens" => Some(self.traffic.input_tokens.to_string()),
            "traffic.output_tokens" => Some(self.traffic.output_tokens.to_string()),
            "traffic.peak_qps" => Some(self.traffic.peak_qps.to_string()),
            "traffic.users" => optional(self.traffic.users),
            "traffic.active_fraction" => optional(self.traffic.active_fraction),
            "traffic.requests_per_user_minute" => optional(self.traffic.requests_per_user_minute),
            "traffic.peak_factor" => optional(self.traffic.peak_factor),
            "slo.percentile" => Some(self.slo.percentile.to_string()),
            "slo.ttft_ms" => Some(self.slo.ttft_ms.to_string()),
            "slo.itl_ms" => Some(self.slo.itl_ms.to_string()),
            "slo.e2e_ms" => Some(self.slo.e2e_ms.to_string()),
            "headroom_fraction" => optional(self.headroom_fraction),
            _ => None,
        }
    }
}
