//! Benchmark points, and the means that an engine predicts of them.

use serde::{Deserialize, Serialize};

use crate::engine::{Batch, EngineModel, Figure, Kind, QueueCoefficients, Roofline};
use crate::error::{Error, ErrorCode, Result};
use crate::queueing::closed_loop::{ClosedLoop, ClosedLoopMeans, closed_loop};
use crate::queueing::{ClientLoop, Deployment, Predictor, Workload};
use crate::units::{Quantile, check_positive, check_range};
use crate::workload::{ArrivalProcess, RequestMix};

/// One benchmark point of one replica: a load, and any of the figures that were seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MeasuredPoint {
    /// Mean tokens of prompts, those in the prefix cache included: 1 to 10 million.
    pub input_tokens: f64,
    /// Mean tokens of answers: 1 to 10 million.
    pub output_tokens: f64,
    /// Of the prompt, found in the prefix cache. Default: 0.
    #[serde(default)]
    pub cached_tokens: f64,
    /// Clients of a closed loop, each of which sends its next request when it has its answer.
    /// Either this or `requests_per_second`.
    #[serde(default)]
    pub concurrency: Option<f64>,
    /// Rate of an open loop, per replica, with Poisson arrivals.
    #[serde(default)]
    pub requests_per_second: Option<f64>,
    /// Which statistic of the latencies was seen. Default: the mean.
    #[serde(default = "mean")]
    pub quantile: Quantile,
    /// Time to first token, in milliseconds.
    #[serde(default)]
    pub ttft_ms: Option<f64>,
    /// Inter-token latency, in milliseconds.
    #[serde(default)]
    pub itl_ms: Option<f64>,
    /// Tokens of answers in a second, of all requests together. Of an open loop it says what
    /// arrives and not what the engine can do, and is not used.
    #[serde(default)]
    pub tokens_per_second: Option<f64>,
    /// Whether all requests have the same lengths. Default: no.
    #[serde(default)]
    pub exact_lengths: bool,
    /// How lengths are distributed, for percentiles and open loops. Default: all at their means.
    #[serde(default)]
    pub lengths: Option<RequestMix>,
    /// Whether the run began with all clients at once and was short (about ten rounds), as
    /// benchmarks are. Default: yes.
    #[serde(default = "yes")]
    pub starts_with_burst: bool,
}

fn mean() -> Quantile {
    Quantile::Mean
}

fn yes() -> bool {
    true
}

impl MeasuredPoint {
    /// A point without load and figures, to be filled in.
    #[must_use]
    pub fn of_lengths(input_tokens: f64, output_tokens: f64) -> Self {
        Self {
            input_tokens,
            output_tokens,
            cached_tokens: 0.0,
            concurrency: None,
            requests_per_second: None,
            quantile: Quantile::Mean,
            ttft_ms: None,
            itl_ms: None,
            tokens_per_second: None,
            exact_lengths: false,
            lengths: None,
            starts_with_burst: true,
        }
    }

    /// Checks every value.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a value out of range; `missing_field` when neither `concurrency` nor
    /// `requests_per_second` is given, or no figure; `contradiction` when both loads are.
    pub fn check(&self) -> Result<()> {
        let most = f64::from(crate::workload::MAX_TOKENS);
        check_range("input_tokens", self.input_tokens, 1.0, most)?;
        check_range("output_tokens", self.output_tokens, 1.0, most)?;
        check_range("cached_tokens", self.cached_tokens, 0.0, self.input_tokens)?;
        if let Some(lengths) = &self.lengths {
            lengths.check().map_err(|error| error.within("lengths"))?;
        }
        match (self.concurrency, self.requests_per_second) {
            (Some(clients), None) => check_positive("concurrency", clients, 1e7)?,
            (None, Some(rate)) => check_positive("requests_per_second", rate, 1e7)?,
            (None, None) => {
                return Err(Error::missing("concurrency", "or requests_per_second, of an open loop"));
            }
            (Some(_), Some(rate)) => {
                let message = "cannot be given with concurrency: a loop is closed or open";
                return Err(Error::new(ErrorCode::Contradiction, "requests_per_second", message).given(rate));
            }
        }
        for (path, value) in [
            ("ttft_ms", self.ttft_ms),
            ("itl_ms", self.itl_ms),
            ("tokens_per_second", self.tokens_per_second),
        ] {
            value.map_or(Ok(()), |value| check_positive(path, value, 1e9))?;
        }
        let closed = self.concurrency.is_some();
        if self.ttft_ms.is_none() && self.itl_ms.is_none() && !(closed && self.tokens_per_second.is_some()) {
            let help = if closed { "or itl_ms or tokens_per_second" } else { "or itl_ms" };
            return Err(Error::missing("ttft_ms", help));
        }
        Ok(())
    }
}

/// A point's load and which figures it has.
pub(super) struct Run {
    load: ClosedLoop,
    requests_per_second: Option<f64>,
    ttft: bool,
    itl: bool,
    throughput: bool,
    quantile: Quantile,
    /// Of points that are more than means of a closed loop.
    workload: Option<Workload>,
}

impl Run {
    pub(super) fn new(point: &MeasuredPoint, engine: &Roofline) -> Result<Self> {
        point.check()?;
        let clients = point.concurrency.unwrap_or(1.0);
        let load = ClosedLoop {
            cached_tokens: point.cached_tokens,
            exact_lengths: point.exact_lengths,
            starts_with_burst: point.starts_with_burst,
            ..ClosedLoop::new(engine, clients, point.input_tokens, point.output_tokens)
        };
        let whole = |tokens: f64| tokens.round().max(1.0) as u32;
        let constant = || RequestMix {
            prefix_hit_fraction: (point.cached_tokens / point.input_tokens).clamp(0.0, 1.0),
            ..RequestMix::constant(whole(point.input_tokens), whole(point.output_tokens))
        };
        let shaped = point.quantile != Quantile::Mean || point.requests_per_second.is_some();
        let workload =
            if shaped { Some(Workload::new(&point.lengths.clone().unwrap_or_else(constant))?) } else { None };
        Ok(Self {
            quantile: point.quantile,
            workload,
            load,
            requests_per_second: point.requests_per_second,
            ttft: point.ttft_ms.is_some(),
            itl: point.itl_ms.is_some(),
            throughput: point.tokens_per_second.is_some() && point.concurrency.is_some(),
        })
    }

    /// Adds the figures of the point, in the order of [`Self::write`].
    pub(super) fn figures(&self, point: &MeasuredPoint, path: &str, figures: &mut Vec<Figure>) {
        let throughput = point.tokens_per_second.filter(|_| self.throughput);
        for (name, kind, quantile, measured) in [
            ("itl_ms", Kind::Itl, point.quantile, point.itl_ms),
            ("ttft_ms", Kind::Ttft, point.quantile, point.ttft_ms),
            ("tokens_per_second", Kind::Throughput, Quantile::Mean, throughput),
        ] {
            if let Some(measured) = measured {
                figures.push(Figure { path: format!("{path}.{name}"), kind, quantile, measured, share: 1.0 });
            }
        }
    }

    /// Writes the means of its figures.
    pub(super) fn means(&self, engine: &Roofline, out: &mut std::slice::IterMut<'_, f64>) {
        let means = self.loop_means(engine);
        self.write([means.itl_ms, means.ttft_ms, means.requests_per_second * self.load.output_tokens], out);
    }

    fn loop_means(&self, engine: &Roofline) -> ClosedLoopMeans {
        let load = ClosedLoop { tokens_per_iteration: engine.tokens_per_iteration(), ..self.load };
        let queue = engine.queue();
        match self.requests_per_second {
            Some(rate) => open_loop(engine, &queue, &load, rate),
            None => closed_loop(engine, &queue, &load),
        }
    }

    /// Writes the asked statistics over these means: as predicted, or as usual where the engine
    /// would not bear the load.
    pub(super) fn shapes(
        &self,
        engine: &Roofline,
        deployment: &Deployment<'_>,
        out: &mut std::slice::IterMut<'_, f64>,
    ) {
        let usual = [Kind::Itl.usual_shape(self.quantile), Kind::Ttft.usual_shape(self.quantile)];
        let [itl, ttft] = match &self.workload {
            None => [1.0, 1.0],
            Some(workload) => self.predicted(engine, deployment, workload).unwrap_or(usual),
        };
        self.write([itl, ttft, 1.0], out);
    }

    fn predicted(
        &self,
        engine: &Roofline,
        deployment: &Deployment<'_>,
        workload: &Workload,
    ) -> Option<[f64; 2]> {
        let predictor = Predictor::new(deployment, workload).ok()?;
        let found = match self.requests_per_second {
            Some(rate) => predictor.predict(&ArrivalProcess::poisson(rate)).ok()?,
            None => {
                let concurrency = self.load.concurrency.round().max(1.0) as u64;
                let requests = self.load.starts_with_burst.then_some(concurrency * BENCHMARK_ROUNDS);
                predictor.predict_clients(&ClientLoop { concurrency, requests }).ok()?
            }
        };
        let latencies = found.latencies?;
        let (itl, ttft) = (latencies.itl.at(self.quantile), latencies.ttft.at(self.quantile));
        let shapes = if self.requests_per_second.is_some() {
            let means = self.loop_means(engine);
            let overhead = engine.request_overhead_ms_per_token() * self.load.input_tokens;
            [itl / means.itl_ms, (ttft + overhead) / means.ttft_ms]
        } else {
            [itl / latencies.itl.mean_ms, ttft / latencies.ttft.mean_ms]
        };
        shapes.iter().all(|shape| shape.is_finite() && *shape > 0.0).then_some(shapes)
    }

    /// Writes those of its values that were measured, in the order of [`Self::figures`].
    fn write(&self, [itl, ttft, throughput]: [f64; 3], out: &mut std::slice::IterMut<'_, f64>) {
        for (wanted, value) in [(self.itl, itl), (self.ttft, ttft), (self.throughput, throughput)] {
            if let Some(out) = out.by_ref().take(usize::from(wanted)).next() {
                *out = value;
            }
        }
    }
}

/// Rounds of a benchmark's run: most tools send ten requests a client.
const BENCHMARK_ROUNDS: u64 = 10;
/// Steps towards the batch of an open loop: its map is all but a straight line, along which
/// secants go straight to the crossing.
const STEPS: usize = 8;
/// Greatest share of time that prompts are believed to take; beyond it the rate is not stable.
const BUSIEST: f64 = 0.95;

/// Means of an open loop on one replica, by mean values alone: with arrivals at a rate, prompts
/// take the share `rate × prompt` of the time, so that `ITL = t(b) / (1 − rate × prompt)` over the
/// batch `b = rate × output × ITL` of Little's law; a prompt waits for others as in an M/D/1 queue,
/// and for its iteration. Beyond the rate that the engine can bear (more sequences than there is
/// room for) the batch stays at the room, and what exceeds it adds to the time to first token: the
/// figures then mean "too much" and no steady state. `run.concurrency` is not used.
#[must_use]
pub fn open_loop(
    engine: &dyn EngineModel,
    queue: &QueueCoefficients,
    run: &ClosedLoop,
    requests_per_second: f64,
) -> ClosedLoopMeans {
    let rate = requests_per_second / 1000.0;
    let output = run.output_tokens.max(1.0);
    let context = run.input_tokens + output / 2.0;
    let room = run.room.max(1.0);
    let decode = |sequences: f64| Batch {
        decode_tokens: sequences * (1.0 + run.draft_tokens),
        ..Batch::decode(sequences, context)
    };
    let new = (run.input_tokens - run.cached_tokens).max(0.0);
    let gained = run.tokens_per_iteration.max(1.0);
    let share = if run.prefill.is_some() { 0.0 } else { queue.pause };
    let at = |batch: f64| {
        let alone = engine.iteration_ms(&decode(batch));
        let prompt = (engine.iteration_ms(&decode(batch).and(Batch::prefill(run.cached_tokens, new)))
            - alone)
            .max(0.0);
        let itl = alone / gained / (1.0 - (rate * prompt * share).min(BUSIEST));
        (itl, alone, prompt)
    };
    let asked = |batch: f64| rate * output * at(batch).0;
    let mut before = 0.0;
    let mut asked_before = asked(before);
    let mut batch = asked_before.min(room);
    for _ in 0..STEPS {
        let now = asked(batch);
        let slope = if batch > before { (now - asked_before) / (batch - before) } else { 0.0 };
        (before, asked_before) = (batch, now);
        // A batch that asks for more than itself however large has no crossing.
        batch = if slope < 0.999 { (now - slope * batch) / (1.0 - slope) } else { room };
        batch = batch.clamp(0.0, room);
        if (batch - before).abs() <= 1e-10 * room {
            break;
        }
    }
    let (itl, alone, prompt) = at(batch);
    let ahead = prompt + queue.prompt_wait_ms;
    let busy = (rate * ahead).min(BUSIEST);
    let beyond = (rate * output * itl - room).max(0.0);
    let ttft = engine.request_overhead_ms()
        + engine.request_overhead_ms_per_token() * run.input_tokens
        + queue.admission * run.admission_interval.max(1.0) * alone
        + queue.balance / 60.0 * run.balance_iterations * alone
        + alone
        + ahead * (1.0 + queue.queue * busy / (2.0 * (1.0 - busy)))
        + queue.capacity_wait * beyond / rate.max(1e-12);
    ClosedLoopMeans { ttft_ms: ttft, itl_ms: itl, batch, requests_per_second }
}
