//! The structured [`Intent`]: what a team asks for, as far as it knows. Every field is optional;
//! "I don't know" is a field left out.

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Domain, ExperienceClass, MAX_INTENT_TEXT_BYTES, MAX_LATENCY_MS, MAX_QPS, MAX_TOKENS, MAX_USD, MAX_USERS,
    MIN_LATENCY_MS, MIN_QPS, Sizing, UseCase,
};
use crate::error::{Error, ErrorCode, Result};
use crate::units::{Quantile, check_count, check_name, check_range, check_text};

/// What a team asks for, as far as it knows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Intent {
    /// The request in the team's own words; kept, never interpreted here.
    pub description: Option<String>,
    /// What the model is used for.
    pub use_case: Option<UseCase>,
    /// What the people who wait expect; by default the use case's.
    pub experience_class: Option<ExperienceClass>,
    /// The subject matter; by default any.
    pub domain: Option<Domain>,
    /// Number of people who have access, not of those active at once.
    pub users: Option<f64>,
    /// Peak request rate per second; wins over `users`.
    pub qps: Option<f64>,
    /// Mean tokens of the prompt; by default the use case's.
    pub input_tokens: Option<u32>,
    /// Mean tokens of the answer; by default the use case's.
    pub output_tokens: Option<u32>,
    /// The statistic that the latency targets are about; by default p95.
    pub percentile: Option<Quantile>,
    /// Target for the time to first token, in milliseconds.
    pub ttft_ms: Option<f64>,
    /// Target for the inter-token latency, in milliseconds.
    pub itl_ms: Option<f64>,
    /// Target for the whole request, in milliseconds.
    pub e2e_ms: Option<f64>,
    /// How users become requests, where the team knows better than the use case's defaults.
    pub load: LoadAssumptions,
    /// How much latency, cost and quality matter when options are ranked.
    pub priorities: Priorities,
    /// The most that may be spent.
    pub budget: Option<Budget>,
    /// GPUs to keep to or to avoid, by any of their names.
    pub gpus: NameFilter,
    /// Models to keep to or to avoid, by any of their names.
    pub models: NameFilter,
    /// Most GPUs that the deployment may use.
    pub max_gpus: Option<u32>,
    /// Cloud provider whose prices count (`aws`, `gcp`, `azure`, …); by default the cheapest for each GPU.
    pub provider: Option<String>,
    /// Region, as the provider spells it; by default any.
    pub region: Option<String>,
    /// Rent, use what is there, or buy; by default rent from a cloud.
    pub deployment_model: DeploymentModel,
    /// Power, cooling and amortisation, for owned and bought hardware.
    pub datacenter: Datacenter,
    /// Which licences are acceptable; by default every one that allows commercial use.
    pub licence: LicencePolicy,
    /// Capacity kept free above the peak: 0.2 is 20%. By default what is usual with `sizing`.
    pub headroom_fraction: Option<f64>,
    /// How capacity is found; by default by prediction.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "prediction")))]
    pub sizing: Sizing,
}

/// How users become requests; each by default the use case's.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct LoadAssumptions {
    /// Share of users who are active at the same time, 0 to 1.
    pub active_fraction: Option<f64>,
    /// Requests of one active user in a minute.
    pub requests_per_user_minute: Option<f64>,
    /// Peak rate over mean rate, 1 or more.
    pub peak_factor: Option<f64>,
}

impl LoadAssumptions {
    pub(super) fn check(&self, path: &str) -> Result<()> {
        if let Some(fraction) = self.active_fraction {
            check_range(&format!("{path}.active_fraction"), fraction, 1e-9, 1.0)?;
        }
        if let Some(rate) = self.requests_per_user_minute {
            check_range(&format!("{path}.requests_per_user_minute"), rate, 1e-9, 100_000.0)?;
        }
        if let Some(factor) = self.peak_factor {
            check_range(&format!("{path}.peak_factor"), factor, 1.0, 1000.0)?;
        }
        Ok(())
    }
}

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Weight 1.
    Low,
    /// Weight 2.
    #[default]
    Medium,
    /// Weight 4.
    High,
}

impl Priority {
    /// The weight in the score: 1, 2 or 4.
    #[must_use]
    pub const fn weight(self) -> f64 {
        match self {
            Self::Low => 1.0,
            Self::Medium => 2.0,
            Self::High => 4.0,
        }
    }
}

/// How much latency, cost and quality matter when options are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Priorities {
    /// Latency below the targets.
    pub latency: Priority,
    /// Cost.
    pub cost: Priority,
    /// The model's quality for the use case.
    pub quality: Priority,
}

/// The most that may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// USD per month of 730 hours.
    pub usd_per_month: Option<f64>,
    /// USD per hour.
    pub usd_per_hour: Option<f64>,
    /// `true` (the default): dearer options are no options. `false`: options up to
    /// `tolerance_fraction` dearer stay, and say by how much.
    pub strict: bool,
    /// How far a flexible budget may be exceeded, 0.2 by default for 20%.
    pub tolerance_fraction: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { usd_per_month: None, usd_per_hour: None, strict: true, tolerance_fraction: 0.2 }
    }
}

impl Budget {
    /// The tighter of the two limits, in USD per month of 730 hours; `None` when neither is given.
    #[must_use]
    pub fn limit_usd_per_month(&self) -> Option<f64> {
        let hourly = self.usd_per_hour.map(|usd| usd * crate::units::HOURS_PER_MONTH);
        match (self.usd_per_month, hourly) {
            (Some(month), Some(hour)) => Some(month.min(hour)),
            (month, hour) => month.or(hour),
        }
    }

    pub(crate) fn check(&self, path: &str) -> Result<()> {
        if let Some(usd) = self.usd_per_month {
            check_range(&format!("{path}.usd_per_month"), usd, 0.01, MAX_USD)?;
        }
        if let Some(usd) = self.usd_per_hour {
            check_range(&format!("{path}.usd_per_hour"), usd, 0.0001, MAX_USD)?;
        }
        check_range(&format!("{path}.tolerance_fraction"), self.tolerance_fraction, 0.0, 10.0)
    }
}

/// Names to keep to and names to avoid. Also read from a plain list, which is then `preferred`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields, default))]
pub struct NameFilter {
    /// When not empty, nothing else is considered.
    pub preferred: Vec<String>,
    /// Never considered.
    pub excluded: Vec<String>,
}

impl<'de> Deserialize<'de> for NameFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Fields {
            preferred: Vec<String>,
            excluded: Vec<String>,
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = NameFilter;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object with `preferred` and `excluded`, or a list of names")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<NameFilter, A::Error> {
                let Fields { preferred, excluded } = Fields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(NameFilter { preferred, excluded })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> std::result::Result<NameFilter, A::Error> {
                let preferred = Vec::deserialize(SeqAccessDeserializer::new(list))?;
                Ok(NameFilter { preferred, excluded: Vec::new() })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl NameFilter {
    pub(crate) fn check(&self, path: &str) -> Result<()> {
        for (field, names) in [("preferred", &self.preferred), ("excluded", &self.excluded)] {
            if names.len() > 1000 {
                return Err(Error::new(ErrorCode::TooLarge, format!("{path}.{field}"), "has too many names")
                    .given(names.len())
                    .allowed("at most 1000"));
            }
            for (index, name) in names.iter().enumerate() {
                let path = format!("{path}.{field}[{index}]");
                check_name(&path, name, 300)?;
                if !name.chars().any(char::is_alphanumeric) {
                    return Err(Error::invalid(path, name, "a name with letters or digits"));
                }
            }
        }
        Ok(())
    }
}

/// Where the GPUs come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeploymentModel {
    /// Rented by the hour.
    #[default]
    Cloud,
    /// Already there: only power counts, where its price is given; fewest GPUs otherwise.
    Owned,
    /// To be bought and amortised.
    Purchase,
}

/// What owned or bought hardware costs to run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Datacenter {
    /// Price of electricity, in USD per kWh; without it power is taken as paid for.
    pub power_usd_per_kwh: Option<f64>,
    /// Power usage effectiveness: power of the whole site over that of the machines, 1.3 by default.
    pub pue: f64,
    /// Rack space of the whole deployment, in USD per month.
    pub rack_usd_per_month: Option<f64>,
    /// Months over which a purchase is written off, 36 by default.
    pub amortization_months: u32,
}

impl Default for Datacenter {
    fn default() -> Self {
        Self { power_usd_per_kwh: None, pue: 1.3, rack_usd_per_month: None, amortization_months: 36 }
    }
}

impl Datacenter {
    pub(crate) fn check(&self, path: &str) -> Result<()> {
        if let Some(usd) = self.power_usd_per_kwh {
            check_range(&format!("{path}.power_usd_per_kwh"), usd, 0.0, 100.0)?;
        }
        check_range(&format!("{path}.pue"), self.pue, 1.0, 10.0)?;
        if let Some(usd) = self.rack_usd_per_month {
            check_range(&format!("{path}.rack_usd_per_month"), usd, 0.0, MAX_USD)?;
        }
        check_count(&format!("{path}.amortization_months"), self.amortization_months.into(), 1, 240)
    }
}

/// Which licences are acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LicencePolicy {
    /// Any licence, research-only ones included.
    Any,
    /// Licences that allow commercial use, with or without conditions.
    #[default]
    Commercial,
    /// Open-source licences alone (Apache 2.0, MIT).
    OpenSource,
}

impl Intent {
    /// Checks every value against its range, and the latency targets against one another.
    ///
    /// ```
    /// use sizewell::workload::{Intent, UseCase};
    /// let intent = Intent { use_case: Some(UseCase::Translation), users: Some(5000.0), ..Intent::default() };
    /// assert!(intent.check().is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid_value`, `empty` or `too_large` for a value on its own; `contradiction` where TTFT
    /// or ITL is above the target for the whole request.
    pub fn check(&self) -> Result<()> {
        if let Some(text) = &self.description
            && text.len() > MAX_INTENT_TEXT_BYTES
        {
            check_text("description", text, MAX_INTENT_TEXT_BYTES)?;
        }
        if let Some(users) = self.users {
            check_range("users", users, 1.0, MAX_USERS)?;
        }
        if let Some(qps) = self.qps {
            check_range("qps", qps, MIN_QPS, MAX_QPS)?;
        }
        for (path, tokens) in [("input_tokens", self.input_tokens), ("output_tokens", self.output_tokens)] {
            if let Some(tokens) = tokens {
                check_count(path, tokens.into(), 1, MAX_TOKENS.into())?;
            }
        }
        for (path, target) in [("ttft_ms", self.ttft_ms), ("itl_ms", self.itl_ms), ("e2e_ms", self.e2e_ms)] {
            if let Some(target) = target {
                check_range(path, target, MIN_LATENCY_MS, MAX_LATENCY_MS)?;
            }
        }
        for (path, part) in [("ttft_ms", self.ttft_ms), ("itl_ms", self.itl_ms)] {
            if let (Some(part), Some(whole)) = (part, self.e2e_ms) {
                check_part_of_whole(path, part, whole)?;
            }
        }
        self.load.check("load")?;
        check_limits(&Limits {
            budget: self.budget.as_ref(),
            gpus: &self.gpus,
            models: &self.models,
            max_gpus: self.max_gpus,
            provider: self.provider.as_deref(),
            region: self.region.as_deref(),
            datacenter: &self.datacenter,
        })?;
        if let Some(fraction) = self.headroom_fraction {
            check_range("headroom_fraction", fraction, 0.0, 10.0)?;
        }
        Ok(())
    }
}

/// What an intent and a specification alike may be held to.
pub(super) struct Limits<'a> {
    pub budget: Option<&'a Budget>,
    pub gpus: &'a NameFilter,
    pub models: &'a NameFilter,
    pub max_gpus: Option<u32>,
    pub provider: Option<&'a str>,
    pub region: Option<&'a str>,
    pub datacenter: &'a Datacenter,
}

pub(super) fn check_limits(limits: &Limits<'_>) -> Result<()> {
    if let Some(budget) = limits.budget {
        budget.check("budget")?;
    }
    limits.gpus.check("gpus")?;
    limits.models.check("models")?;
    if let Some(most) = limits.max_gpus {
        check_count("max_gpus", most.into(), 1, 10_000_000)?;
    }
    for (path, name) in [("provider", limits.provider), ("region", limits.region)] {
        if let Some(name) = name {
            check_name(path, name, 100)?;
        }
    }
    limits.datacenter.check("datacenter")
}

/// Refuses a target for a part of the request that is above the target for the whole of it.
pub(super) fn check_part_of_whole(path: &str, part_ms: f64, whole_ms: f64) -> Result<()> {
    if part_ms > whole_ms {
        return Err(Error::new(ErrorCode::Contradiction, path, "is above the target for the whole request")
            .given(format!("{part_ms} ms, with {whole_ms} ms for the whole request"))
            .help("lower this target, or raise `e2e_ms`"));
    }
    Ok(())
}
