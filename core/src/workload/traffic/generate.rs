//! From a model to a trace.

use serde::{Deserialize, Serialize};

use super::fluctuation::whole;
use super::marginal::Marginal;
use super::model::{TrafficClass, TrafficModel};
use crate::error::{Error, ErrorCode, Result};
use crate::units::{DAY_SECONDS, Random, check_range, exp, ln, normal_cdf, sqrt};
use crate::workload::trace::{Trace, hour_of_week};
use crate::workload::{MAX_QPS, MIN_QPS, TokenDistribution, TokenQuantiles};

/// The most requests that one call generates.
pub const MOST_REQUESTS: usize = 20_000_000;
/// The most steps at constant rate that one call walks through.
const MOST_STEPS: f64 = 5e7;
/// Longest step at constant rate, in seconds: rhythms change by the hour.
const LONGEST_STEP: f64 = 30.0;

/// What [`generate_traffic`] is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GenerateTrafficRequest {
    /// What the traffic is like.
    pub model: TrafficModel,
    /// Which of all possible traces: the same seed gives the same trace on every platform.
    pub seed: u64,
    /// Time that the trace covers, in seconds; up to ten years.
    pub duration_seconds: f64,
    /// When it begins, in seconds since the Unix epoch; by default 5 January 1970, a Monday, at midnight
    /// local time.
    #[serde(default)]
    pub start_seconds: Option<f64>,
    /// How many times the model's rate.
    #[serde(default = "one")]
    pub rate_factor: f64,
}

fn one() -> f64 {
    1.0
}

impl GenerateTrafficRequest {
    /// A trace at the model's own rate, beginning on a Monday.
    #[must_use]
    pub fn new(model: TrafficModel, seed: u64, duration_seconds: f64) -> Self {
        Self { model, seed, duration_seconds, start_seconds: None, rate_factor: 1.0 }
    }
}

/// One component of the normal value behind the rate, walked step by step.
#[derive(Debug, Clone, Copy)]
struct Walk {
    /// Steps from one move to the next: a quarter of the time that the component lasts.
    every: u64,
    kept: f64,
    fresh: f64,
    at: f64,
}

/// Lengths of one class.
#[derive(Debug, Clone)]
struct Lengths {
    /// Share of requests of this class and those before it.
    up_to: f64,
    input: Draw,
    output: Draw,
    correlation: f64,
}

/// A length distribution that is asked often.
#[derive(Debug, Clone)]
enum Draw {
    /// Values with the shares up to each.
    Values(Vec<(f64, u32)>),
    Continuous(TokenQuantiles),
}

impl Draw {
    fn new(distribution: &TokenDistribution) -> Result<Self> {
        let quantiles = distribution.quantiles()?;
        if matches!(distribution, TokenDistribution::Lognormal { .. }) {
            return Ok(Self::Continuous(quantiles));
        }
        let mut reached = 0.0;
        let values = quantiles.discrete().into_iter().map(|(tokens, share)| {
            reached += share;
            (reached, tokens as u32)
        });
        Ok(Self::Values(values.collect()))
    }

    fn at(&self, probability: f64) -> u32 {
        match self {
            Self::Values(values) => {
                let place = values.partition_point(|(reached, _)| *reached < probability);
                values.get(place).or(values.last()).map_or(1, |value| value.1)
            }
            Self::Continuous(quantiles) => quantiles.at(probability).round() as u32,
        }
    }
}

/// A trace drawn from a model.
///
/// Its rate fluctuates as the model says, so the number of requests does too: bursts that last minutes make
/// an hour's total differ from the mean by more than Poisson traffic would.
///
/// # Errors
///
/// As [`TrafficModel::check`] under `model`; `invalid_value` for a duration not from a millisecond to ten
/// years, a start or factor out of its range; `too_large` for over [`MOST_REQUESTS`] requests or fifty
/// million steps of the fluctuation (a quarter of its shortest component each).
pub fn generate_traffic(request: &GenerateTrafficRequest) -> Result<Trace> {
    let model = &request.model;
    model.check().map_err(|error| error.within("model"))?;
    check_range("duration_seconds", request.duration_seconds, 1e-3, 315_576_000.0)?;
    check_range("rate_factor", request.rate_factor, 1e-9, 1e9)?;
    // 5 January 1970 was a Monday.
    let clock = model.clock()?;
    let monday = 4.0 * DAY_SECONDS;
    let start = request.start_seconds.unwrap_or(monday - f64::from(clock.offset_seconds(monday)));
    check_range("start_seconds", start, -1e12, 1e12)?;
    let rate = model.mean_qps * request.rate_factor;
    check_range("rate_factor", rate, MIN_QPS, MAX_QPS)
        .map_err(|error| error.help(format!("the model has {} requests/s", model.mean_qps)))?;
    if rate * request.duration_seconds > MOST_REQUESTS as f64 {
        return Err(too_many(rate * request.duration_seconds));
    }
    let shortest = model.fluctuations.iter().fold(4.0 * LONGEST_STEP, |least, part| least.min(part.seconds));
    let step = shortest / 4.0;
    if request.duration_seconds / step > MOST_STEPS {
        let allowed = format!("at most {} seconds with this model", MOST_STEPS * step);
        return Err(Error::new(ErrorCode::TooLarge, "duration_seconds", "is too long")
            .given(request.duration_seconds)
            .allowed(allowed));
    }
    let mut random = Random::new(request.seed);
    let variance = whole(&model.fluctuations);
    let mut walks: Vec<Walk> = model
        .fluctuations
        .iter()
        .map(|part| {
            let every = (part.seconds / 4.0 / step).floor().max(1.0);
            let kept = exp(-step * every / part.seconds);
            let deviation = sqrt(part.variance / variance.max(1e-300));
            let fresh = deviation * sqrt(1.0 - kept * kept);
            Walk { every: every as u64, kept, fresh, at: deviation * random.normal() }
        })
        .collect();
    let marginal = Marginal::new(variance);
    let lengths = lengths(&model.classes)?;
    let mut trace = Trace { start_seconds: Some(start), ..Trace::default() };
    // Arrivals are where the accumulated rate passes those of a Poisson process of rate 1.
    let mut until_next = -ln(random.uniform());
    let steps = (request.duration_seconds / step).ceil() as u64;
    let mut hour = clock.hour(start);
    for index in 0..steps {
        let from = index as f64 * step;
        let seconds = step.min(request.duration_seconds - from);
        if start + from >= hour.to_seconds {
            hour = clock.hour(start + from);
        }
        let factor = model.hour_of_week.get(hour_of_week(hour.hour)).copied().unwrap_or(1.0);
        let fluctuation =
            if variance > 0.0 { marginal.at(walks.iter().map(|walk| walk.at).sum()) } else { 1.0 };
        let now = rate * factor * fluctuation;
        let expected = now * seconds;
        let mut passed = 0.0;
        while until_next <= expected - passed {
            passed += until_next;
            until_next = -ln(random.uniform());
            let arrival_ms = (from + seconds * (passed / expected).min(1.0)) * 1000.0;
            push(&mut trace, arrival_ms, &lengths, &mut random);
            if trace.len() > MOST_REQUESTS {
                return Err(too_many(rate * request.duration_seconds));
            }
        }
        until_next -= (expected - passed).max(0.0);
        for walk in walks.iter_mut().filter(|walk| (index + 1) % walk.every == 0) {
            walk.at = walk.kept * walk.at + walk.fresh * random.normal();
        }
    }
    Ok(trace)
}

fn too_many(expected: f64) -> Error {
    Error::new(ErrorCode::TooLarge, "duration_seconds", "makes too many requests")
        .given(format!("about {expected:.0} requests"))
        .allowed(format!("at most {MOST_REQUESTS} requests"))
        .help("generate shorter stretches with starts of their own")
}

fn lengths(classes: &[TrafficClass]) -> Result<Vec<Lengths>> {
    let total: f64 = classes.iter().map(|class| class.weight).sum();
    let mut reached = 0.0;
    classes
        .iter()
        .map(|class| {
            reached += class.weight / total;
            Ok(Lengths {
                up_to: reached,
                input: Draw::new(&class.input)?,
                output: Draw::new(&class.output)?,
                correlation: class.correlation,
            })
        })
        .collect()
}

fn push(trace: &mut Trace, arrival_ms: f64, classes: &[Lengths], random: &mut Random) {
    let which = random.uniform();
    let class = classes.iter().find(|class| which <= class.up_to).or(classes.last());
    let Some(class) = class else { return };
    let (first, other) = (random.normal(), random.normal());
    let second =
        class.correlation * first + sqrt((1.0 - class.correlation * class.correlation).max(0.0)) * other;
    let before = trace.arrival_ms.last().copied().unwrap_or_default();
    trace.arrival_ms.push(arrival_ms.max(before));
    trace.input_tokens.push(class.input.at(normal_cdf(first)));
    trace.output_tokens.push(class.output.at(normal_cdf(second)));
}
