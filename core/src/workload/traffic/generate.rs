//! From a model to a trace.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::conversations::Conversations;
use super::draw::{Choice, ClassLengths};
use super::fluctuation::whole;
use super::marginal::Marginal;
use super::model::TrafficModel;
use super::population::{TrafficOutcome, TrafficSource};
use super::prompts::Prompts;
use crate::error::{Error, ErrorCode, Result};
use crate::units::{DAY_SECONDS, Random, check_range, exp, ln, sqrt};
use crate::workload::trace::{Trace, hour_of_week};
use crate::workload::{MAX_QPS, MIN_QPS};

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

/// Requests as they are drawn: all columns but the arrivals.
#[derive(Debug)]
struct Requests {
    all: ClassLengths,
    /// Lengths of each source that has its own.
    own: Vec<Option<ClassLengths>>,
    which: Option<Choice>,
    outcomes: Option<(Choice, Vec<TrafficOutcome>)>,
    conversations: Option<Conversations>,
    prompts: Option<Prompts>,
    /// Chance of its own, so that arrivals and lengths are those of the same model without models,
    /// tenants, endings and prefixes.
    random: Random,
    trace: Trace,
}

/// What is mixed into the seed for the second sequence of random numbers: the fractional part of √2.
const SECOND: u64 = 0x6a09_e667_f3bc_c908;

impl Requests {
    fn new(model: &TrafficModel, seed: u64, start_seconds: f64) -> Result<Self> {
        let by_rank = model.conversations.is_some();
        let own = |source: &TrafficSource| {
            (!source.classes.is_empty()).then(|| ClassLengths::new(&source.classes, by_rank)).transpose()
        };
        let mut trace = Trace { start_seconds: Some(start_seconds), ..Trace::default() };
        trace.model.names = names(&model.sources, |source| source.model.as_ref());
        trace.tenant.names = names(&model.sources, |source| source.tenant.as_ref());
        Ok(Self {
            all: ClassLengths::new(&model.classes, by_rank)?,
            own: model.sources.iter().map(own).collect::<Result<_>>()?,
            which: choice(&model.sources, |source| source.weight),
            outcomes: choice(&model.outcomes, |outcome| outcome.weight)
                .map(|choice| (choice, model.outcomes.clone())),
            conversations: model.conversations.as_ref().map(Conversations::new),
            prompts: model.prefixes.as_ref().map(Prompts::new),
            random: Random::new(seed ^ SECOND),
            trace,
        })
    }

    fn push(&mut self, arrival_ms: f64, sources: &Sources, random: &mut Random) -> Result<()> {
        let arrival_ms = arrival_ms.max(self.trace.arrival_ms.last().copied().unwrap_or_default());
        let place = self.trace.arrival_ms.len() as u32;
        let turn = self.conversations.as_mut().map(|open| {
            open.turn(arrival_ms, place, |random| pick(self.which.as_ref(), random), &mut self.random)
        });
        let source = turn.map_or_else(|| pick(self.which.as_ref(), &mut self.random), |turn| turn.source);
        let lengths = self.own.get(source as usize).and_then(Option::as_ref).unwrap_or(&self.all);
        let (input, mut output) = match turn {
            Some(turn) => lengths.draw_at(turn.rank, &mut self.random),
            None => lengths.draw(random),
        };
        if let Some((choice, outcomes)) = &self.outcomes
            && let Some(outcome) = outcomes.get(choice.at(self.random.uniform()))
        {
            output = (f64::from(output) * outcome.answer_fraction).round() as u32;
            self.trace.status.push(outcome.status);
        }
        if let Some((model, tenant)) = sources.places.get(source as usize) {
            self.trace.model.index.extend(model);
            self.trace.tenant.index.extend(tenant);
        }
        self.trace.session.extend(turn.map(|turn| turn.session));
        if let Some(prompts) = &mut self.prompts {
            let before = turn.map_or((None, false), |turn| (turn.last, turn.goes_on));
            prompts.add(arrival_ms, input, source, before, &mut self.random)?;
        }
        self.trace.arrival_ms.push(arrival_ms);
        self.trace.input_tokens.push(input);
        self.trace.output_tokens.push(output);
        Ok(())
    }

    fn finish(self) -> Trace {
        let prefix = self.prompts.map(Prompts::column).unwrap_or_default();
        Trace { prefix, ..self.trace }
    }
}

/// Positions of each source's model and tenant among their names.
struct Sources {
    places: Vec<(Option<u32>, Option<u32>)>,
}

impl Sources {
    fn new(sources: &[TrafficSource], trace: &Trace) -> Self {
        let known = |names: &[String]| -> BTreeMap<String, u32> { names.iter().cloned().zip(0..).collect() };
        let (models, tenants) = (known(&trace.model.names), known(&trace.tenant.names));
        // A column has a name for every request or for none.
        let place = |known: &BTreeMap<String, u32>, name: Option<&String>| {
            known.get(name.map_or("", String::as_str)).copied()
        };
        let places = sources
            .iter()
            .map(|source| (place(&models, source.model.as_ref()), place(&tenants, source.tenant.as_ref())));
        Self { places: places.collect() }
    }
}

/// Each name once, with an empty one for sources without, unless none has a name.
fn names<'a>(
    sources: &'a [TrafficSource],
    name: impl Fn(&'a TrafficSource) -> Option<&'a String>,
) -> Vec<String> {
    if sources.iter().all(|source| name(source).is_none()) {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let all = sources.iter().map(|source| name(source).cloned().unwrap_or_default());
    all.filter(|name| seen.insert(name.clone())).collect()
}

fn choice<T>(things: &[T], weight: impl Fn(&T) -> f64) -> Option<Choice> {
    (!things.is_empty()).then(|| Choice::new(things.iter().map(weight)))
}

fn pick(which: Option<&Choice>, random: &mut Random) -> u32 {
    which.map_or(0, |which| which.at(random.uniform()) as u32)
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
    let mut requests = Requests::new(model, request.seed, start)?;
    let sources = Sources::new(&model.sources, &requests.trace);
    // Arrivals are where the accumulated rate passes those of a Poisson process of rate 1.
    let mut until_next = -ln(random.uniform());
    let steps = (request.duration_seconds / step).ceil() as u64;
    let mut hour = clock.hour(start);
    let factor = model.hour_of_week.get(hour_of_week(hour.hour)).copied().unwrap_or(1.0);
    if let Some(open) = &mut requests.conversations {
        open.warm_up(rate * factor, |random| pick(requests.which.as_ref(), random), &mut requests.random);
    }
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
            requests.push(arrival_ms, &sources, &mut random)?;
            if requests.trace.len() > MOST_REQUESTS {
                return Err(too_many(rate * request.duration_seconds));
            }
        }
        until_next -= (expected - passed).max(0.0);
        for walk in walks.iter_mut().filter(|walk| (index + 1) % walk.every == 0) {
            walk.at = walk.kept * walk.at + walk.fresh * random.normal();
        }
    }
    Ok(requests.finish())
}

fn too_many(expected: f64) -> Error {
    Error::new(ErrorCode::TooLarge, "duration_seconds", "makes too many requests")
        .given(format!("about {expected:.0} requests"))
        .allowed(format!("at most {MOST_REQUESTS} requests"))
        .help("generate shorter stretches with starts of their own")
}
