//! What the same traffic could cost: fewer replicas or more, other numbers, drafts, another spread,
//! another GPU; each sized by the engine model as far as it was right about this deployment.

use serde::{Deserialize, Serialize};

use super::candidate::{AtHand, Candidate};
use super::{Outcome, predicted_figures};
use crate::catalog::{Catalog, Gpu, PurchaseOption};
use crate::error::{Error, Result};
use crate::monitor::reading::{check_not_after, check_present};
use crate::queueing::{
    AvailabilityReserve, BindingTarget, DeploymentRequest, LatencyTarget, LatencyTargets, PredictRequest,
};
use crate::units::{HOURS_PER_MONTH, check_positive, check_range};
use crate::workload::{ArrivalProcess, MAX_QPS, MAX_TOKENS, MIN_QPS, RequestMix, TokenDistribution};

/// Coefficient of variation of lengths that are known by their means: as planning has it.
const LENGTHS_CV: f64 = 0.6;
/// Longest request over the mean.
const LONGEST: u32 = 8;
/// A ratio of observed to predicted beyond this says that something else ran.
const MOST_RATIO: f64 = 4.0;

/// A deployment as it was, and what may change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SavingsRequest {
    /// What was seen, best over the busiest stretch: its `targets` (latencies) are what must hold,
    /// its `observed` latencies correct the model.
    pub outcome: Outcome,
    /// Requests per second over all replicas to be ready for. Default: `ran.qps`.
    #[serde(default)]
    pub peak_qps: Option<f64>,
    /// How long prompts and answers are. Default: lognormal about the means that ran, with a
    /// coefficient of variation of 0.6.
    #[serde(default)]
    pub requests: Option<RequestMix>,
    /// USD for one GPU and hour of the present kind. Default: as observed, else the catalog's
    /// on-demand price.
    #[serde(default)]
    pub usd_per_gpu_hour: Option<f64>,
    /// GPUs to consider beside the present one, by any of their names. Default: all of its maker
    /// with an on-demand price.
    #[serde(default)]
    pub gpus: Option<Vec<String>>,
    /// Provider whose prices count. Default: the cheapest for each GPU.
    #[serde(default)]
    pub provider: Option<String>,
    /// Replicas that may be gone. Default: none.
    #[serde(default)]
    pub reserve: Option<AvailabilityReserve>,
    /// The present, in seconds since the Unix epoch, which nothing may be after. Default: not held
    /// against one.
    #[serde(default)]
    pub now_seconds: Option<f64>,
}

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SavingKind {
    /// More replicas, because targets are missed.
    Scale,
    /// Fewer replicas.
    RightSize,
    /// GPUs of a replica.
    Respread,
    /// A quantised checkpoint, weights quantised to fp8 while loading, or the KV cache in fp8.
    Quantize,
    /// Speculative decoding.
    SpeculativeDecoding,
    /// Another GPU.
    OtherGpu,
}

impl SavingKind {
    /// The stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::RightSize => "right_size",
            Self::Respread => "respread",
            Self::Quantize => "quantize",
            Self::SpeculativeDecoding => "speculative_decoding",
            Self::OtherGpu => "other_gpu",
        }
    }
}

/// One change, and what it would cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Saving {
    /// What changes.
    pub kind: SavingKind,
    /// In a sentence.
    pub text: String,
    /// What would run.
    pub deployment: DeploymentRequest,
    /// Replicas, the spare ones included.
    pub replicas: u32,
    /// GPUs of all replicas.
    pub gpus: u64,
    /// USD per hour.
    pub usd_per_hour: f64,
    /// What that saves by the month of 730 hours, in USD; below 0 where it costs more.
    pub saving_usd_per_month: f64,
    /// The same as a share of what is paid.
    pub saving_fraction: f64,
    /// What keeps it from being less.
    pub binding: BindingTarget,
    /// What to check before: answers of quantised weights, acceptance of drafts.
    pub check: Option<String>,
}

/// What could be saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SavingsReport {
    /// What is paid, in USD per hour.
    pub usd_per_hour: f64,
    /// USD for one GPU and hour of the present kind.
    pub usd_per_gpu_hour: f64,
    /// Whether what was observed is within the targets; none where no target was observed.
    pub within_targets: Option<bool>,
    /// Observed over predicted time to first token, by which targets are tightened; 1 where that is
    /// not known.
    pub ttft_ratio: f64,
    /// The same of inter-token latency.
    pub itl_ratio: f64,
    /// Changes that save, cheapest first, and more than the present setup at its right size. Where targets are missed, also what meets them for more.
    pub options: Vec<Saving>,
    /// What was tried and saves nothing or does not run, with why.
    pub rejected: Vec<String>,
}

/// What the traffic of a deployment could cost.
///
/// The model's latencies are multiplied by what it was off by for this deployment, within a factor
/// of four, and held to the targets; so a change of GPU or numbers is judged as if it were off by
/// as much there. Without a target for latencies nothing can be sized. What planning would refuse for
/// want of kernels, of fast links between the GPUs of a replica, or of room for the weights and for
/// four requests at a time is rejected here too.
///
/// # Errors
///
/// At `outcome` as [`Outcome::check`], and `invalid_value` at its `to_seconds` where that is after the
/// present; `missing_field` at `outcome.targets` without a target for a
/// latency, and at `usd_per_gpu_hour` where no price is known; `invalid_value` for a rate, a price or
/// lengths out of range; `unknown_name` for a model, GPU or provider.
pub fn savings(catalog: &Catalog, request: &SavingsRequest) -> Result<SavingsReport> {
    let outcome = &request.outcome;
    check_present(request.now_seconds)?;
    outcome.check().map_err(|error| error.within("outcome"))?;
    check_not_after("outcome.to_seconds", outcome.to_seconds, request.now_seconds)?;
    let within = |error: Error| error.within("outcome.ran");
    let ran = &outcome.ran;
    let model = catalog.model(&ran.model).map_err(within)?;
    let gpu = catalog.gpu(&ran.gpu).map_err(within)?;
    let qps = request.peak_qps.or(ran.qps).unwrap_or(MIN_QPS);
    check_range("peak_qps", qps, MIN_QPS, MAX_QPS)?;
    let provider = request.provider.as_deref().map(|name| catalog.provider(name)).transpose()?;
    let predicted = predicted_figures(catalog, ran, outcome.quantile).map_err(within)?;
    let ratio = |observed: Option<f64>, predicted: Option<f64>| {
        let ratio = observed.zip(predicted).map_or(1.0, |(observed, predicted)| observed / predicted);
        ratio.clamp(1.0 / MOST_RATIO, MOST_RATIO)
    };
    let seen = &outcome.observed;
    let itl_ratio = ratio(seen.itl_ms, predicted.itl_ms);
    let ttft_ratio = ratio(seen.ttft_ms, predicted.ttft_ms);
    let e2e_ratio = ratio(seen.e2e_ms, predicted.e2e_ms);
    let target = |most: Option<f64>, ratio: f64| {
        most.map(|most| LatencyTarget { quantile: outcome.quantile, most_ms: most / ratio })
    };
    let targets = LatencyTargets {
        ttft: target(outcome.targets.ttft_ms, ttft_ratio),
        itl: target(outcome.targets.itl_ms, itl_ratio),
        e2e: target(outcome.targets.e2e_ms, e2e_ratio),
    };
    if targets == LatencyTargets::default() {
        return Err(Error::missing("outcome.targets", "give ttft_ms, itl_ms or e2e_ms: what must hold"));
    }
    let price = |gpu: &Gpu| {
        let found = catalog.price(&gpu.id, provider.as_deref(), None, PurchaseOption::OnDemand);
        found.map(|price| price.usd_per_gpu_hour)
    };
    let mix = match &request.requests {
        Some(mix) => mix.clone(),
        None => usual_mix(ran.input_tokens, ran.output_tokens, ran.prefix_hit_fraction.unwrap_or_default()),
    };
    let ask = |deployment: DeploymentRequest| PredictRequest {
        arrivals: Some(ArrivalProcess::bursty(qps, ran.dispersion.unwrap_or(1.0))),
        targets,
        reserve: request.reserve,
        ..PredictRequest::new(deployment, mix.clone())
    };
    let mut present = ran.deployment();
    present.replicas = None;
    // Where tensor parallelism was left to choose, it stays what it is.
    let alone = PredictRequest { reserve: None, ..ask(present.clone()) };
    let facts = alone.max_rate(catalog).map_err(in_request)?.deployment;
    present.tensor_parallel = Some(facts.tensor_parallel);
    let gpus = f64::from(outcome.replicas()) * f64::from(facts.gpus_per_replica);
    let observed = seen.usd_per_hour.map(|usd| usd / gpus);
    let usd_per_gpu_hour = match request.usd_per_gpu_hour.or(observed).or_else(|| price(gpu)) {
        Some(usd) => usd,
        None => return Err(Error::missing("usd_per_gpu_hour", format!("no price of {} is known", gpu.id))),
    };
    check_positive("usd_per_gpu_hour", usd_per_gpu_hour, 1e6)?;
    let usd_per_hour = usd_per_gpu_hour * gpus;
    let within_targets = within_targets(outcome);
    let mut report = SavingsReport {
        usd_per_hour,
        usd_per_gpu_hour,
        within_targets,
        ttft_ratio,
        itl_ratio,
        options: Vec::new(),
        rejected: Vec::new(),
    };
    let at_hand = AtHand { catalog, model, gpu, present: &present, usd_per_gpu_hour };
    let mut candidates = at_hand.same_gpu();
    let others = at_hand.other_gpus(request.gpus.as_deref(), &price)?;
    candidates.extend(others.0);
    report.rejected.extend(others.1);
    let mut right_size_usd = f64::INFINITY;
    for candidate in candidates {
        if let Some(why) = candidate.refusal(catalog) {
            report.reject(&candidate, &why);
            continue;
        }
        let found = ask(candidate.deployment.clone()).replicas_for(catalog);
        let size = match found {
            Ok(size) => size,
            Err(error) => {
                report.reject(&candidate, &error.to_string());
                continue;
            }
        };
        let request_tokens = ran.input_tokens + ran.output_tokens;
        if let Some(why) = candidate.tight(catalog, &size.deployment, request_tokens) {
            report.reject(&candidate, &why);
            continue;
        }
        let usd = candidate.usd_per_gpu_hour * size.deployment.gpus as f64;
        let saved = usd_per_hour - usd;
        if candidate.kind == SavingKind::RightSize {
            right_size_usd = usd;
        } else if usd >= right_size_usd * (1.0 - 1e-9) {
            report.reject(
                &candidate,
                &format!("{usd:.2} USD an hour, no less than the same at its right size"),
            );
            continue;
        }
        let more = size.deployment.replicas > outcome.replicas();
        let kind = match candidate.kind {
            SavingKind::RightSize if more => SavingKind::Scale,
            other => other,
        };
        if saved <= 1e-9 * usd_per_hour && within_targets != Some(false) {
            report.reject(&candidate, &format!("{usd:.2} USD an hour would be no less"));
            continue;
        }
        if saved <= 1e-9 * usd_per_hour
            && size.deployment.replicas == outcome.replicas()
            && kind == SavingKind::RightSize
        {
            report.reject(&candidate, "the present number of replicas is what the model asks for");
            continue;
        }
        let mut deployment = candidate.deployment;
        deployment.replicas = Some(size.deployment.replicas);
        let replicas = if size.deployment.replicas == 1 { "replica" } else { "replicas" };
        let verb = if saved >= 0.0 { "saves" } else { "costs" };
        report.options.push(Saving {
            kind,
            text: format!(
                "{}, {} {replicas}: {verb} {:.0} USD a month ({:.0}%)",
                candidate.words,
                size.deployment.replicas,
                (saved * HOURS_PER_MONTH).abs(),
                (saved / usd_per_hour * 100.0).abs()
            ),
            deployment,
            replicas: size.deployment.replicas,
            gpus: size.deployment.gpus,
            usd_per_hour: usd,
            saving_usd_per_month: saved * HOURS_PER_MONTH,
            saving_fraction: saved / usd_per_hour,
            binding: size.needed.binding,
            check: candidate.check,
        });
    }
    report.settle();
    Ok(report)
}

impl SavingsReport {
    fn reject(&mut self, candidate: &Candidate, why: &str) {
        self.rejected.push(format!("{} ({}): {why}", candidate.words, candidate.kind.as_str()));
    }

    /// Cheapest first, and of each kind and GPU the cheapest spread alone.
    fn settle(&mut self) {
        self.options.sort_by(|left, right| {
            let cost = left.usd_per_hour.total_cmp(&right.usd_per_hour);
            cost.then(left.kind.cmp(&right.kind)).then_with(|| left.text.cmp(&right.text))
        });
        let mut seen: Vec<(SavingKind, String)> = Vec::new();
        self.options.retain(|option| {
            let key = (option.kind, option.deployment.gpu.clone());
            let spread = matches!(option.kind, SavingKind::OtherGpu | SavingKind::Respread);
            let again = spread && seen.contains(&key);
            seen.push(key);
            !again
        });
    }
}

/// An error about a prediction, at the field of this request that it is made from.
fn in_request(error: Error) -> Error {
    let path = error.path().to_owned();
    for (there, here) in [("deployment.", "outcome.ran."), ("targets.", "outcome.targets.")] {
        if let Some(rest) = path.strip_prefix(there) {
            let field = rest.split('.').next().unwrap_or_default();
            let unit = if there == "targets." { "_ms" } else { "" };
            return error.at(format!("{here}{field}{unit}"));
        }
    }
    error
}

fn within_targets(outcome: &Outcome) -> Option<bool> {
    let (seen, most) = (&outcome.observed, &outcome.targets);
    let each = [(seen.ttft_ms, most.ttft_ms), (seen.itl_ms, most.itl_ms), (seen.e2e_ms, most.e2e_ms)];
    let known = each.into_iter().filter_map(|(seen, most)| Some(seen? <= most?));
    known.reduce(|all, one| all && one)
}

fn usual_mix(input_tokens: f64, output_tokens: f64, prefix_hit_fraction: f64) -> RequestMix {
    let varied = |mean: f64| TokenDistribution::Lognormal {
        mean_tokens: mean,
        cv: LENGTHS_CV,
        max_tokens: Some((mean.ceil() as u32).saturating_mul(LONGEST).min(MAX_TOKENS)),
    };
    RequestMix { prefix_hit_fraction, ..RequestMix::single(varied(input_tokens), varied(output_tokens)) }
}
