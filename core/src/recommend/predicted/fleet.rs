//! How many replicas of a configuration meet the targets at the asked rate.

use super::candidate::{Candidate, Engine};
use super::demand::Demand;
use crate::error::Result;
use crate::queueing::{BindingTarget, Deployment, MAX_REPLICAS, MOST_UTILIZATION, Mood, Predictor};
use crate::units::{exp, ln};
use crate::workload::MIN_QPS;

/// What sizing found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    /// The smallest number of replicas that meets every target.
    Replicas(u32),
    /// Not even a request alone meets this target: its latency over it.
    Slow(f64),
    /// More replicas are needed than were asked about.
    TooMany,
}

/// Kept off every target: percentiles are found to within a few thousandths.
const MARGIN: f64 = 0.01;
/// Lower bounds over targets from which a configuration may well miss them whatever the load.
const DOUBTFUL: f64 = 0.95;
/// Numbers of replicas that miss before it is asked whether any can meet the targets.
const ASK_AT_REST: usize = 2;
/// Most replicas over the fewest up to which the most are tried first.
const NOT_FAR: f64 = 2.5;
/// Share of the stable rate at which a request is as good as alone.
const IDLE: f64 = 1e-4;
/// Numbers of replicas tried by the slope of the latency before halving.
const MOST_SLOPES: usize = 8;
/// Chords after which a rate is taken as found.
const MOST_CHORDS: usize = 6;

/// A configuration that is asked for its latencies.
pub(super) struct Sizer<'a> {
    demand: &'a Demand,
    candidate: &'a Candidate,
    predictor: Predictor<'a>,
}

impl<'a> Sizer<'a> {
    pub fn new(demand: &'a Demand, candidate: &'a Candidate, engine: &'a Engine) -> Result<Self> {
        let predictor = Predictor::new(&Deployment::new(engine, 1), &demand.workload)?;
        Ok(Self { demand, candidate, predictor })
    }

    /// The predictor of so many replicas.
    pub fn predictor(&self, replicas: u32) -> Predictor<'a> {
        self.predictor.with_replicas(replicas)
    }

    /// TTFT and ITL at the asked statistic, with what was measured of them; `None` where so many
    /// replicas do not sustain the rate.
    pub fn latencies(&self, replicas: u32, qps: f64, mood: Mood) -> Option<(f64, f64)> {
        let (ttft, itl) = self.predictor(replicas).statistic(qps, self.demand.slo.percentile, mood)?;
        Some((ttft * self.candidate.bias.ttft_residual(), itl))
    }

    /// The target that a plan misses most or meets most narrowly, and its latency over it.
    pub fn narrowest(&self, replicas: u32, qps: f64) -> Option<(BindingTarget, f64)> {
        let (ttft, itl) = self.latencies(replicas, qps, Mood::Cautious)?;
        let ratios = self.demand.ratios(ttft, itl).into_iter();
        let (target, ratio) = ratios.max_by(|left, right| left.1.total_cmp(&right.1))?;
        Some((target, ratio * (1.0 + MARGIN)))
    }

    /// The same of so many replicas at the required rate, the latency alone; above 1 where it is
    /// missed.
    fn ratio(&self, replicas: u32) -> f64 {
        self.narrowest(replicas, self.demand.required_qps).map_or(f64::INFINITY, |(_, ratio)| ratio)
    }

    /// Latency of a request that is as good as alone over the target that it is nearest to missing.
    pub fn idle_ratio(&self) -> f64 {
        let qps = (self.candidate.stable_qps * IDLE).max(MIN_QPS);
        self.narrowest(1, qps).map_or(f64::INFINITY, |(_, ratio)| ratio)
    }

    /// The smallest number of replicas, up to `most`, that meets every target: more never raise a
    /// latency, so that it is between one that misses and the next, which meets them. Where to look
    /// is guessed by the slope of the logarithm of the latency over that of the number.
    pub fn size(&self, most: u32) -> Size {
        let most = most.min(MAX_REPLICAS);
        let least = self.candidate.least_gpus / f64::from(self.candidate.setting.gpus());
        if least.is_nan() || least > f64::from(most) {
            return Size::TooMany;
        }
        let least = least as u32;
        let doubtful = self.candidate.floor_ratio > DOUBTFUL;
        // A number that is not far is asked first whether it is enough at all.
        let mut high = None;
        if most > least && f64::from(most) <= f64::from(least) * NOT_FAR {
            let ratio = self.ratio(most);
            if ratio > 1.0 {
                return Size::TooMany;
            }
            high = Some((most, ratio));
        } else if doubtful && let Some(idle) = self.slow() {
            return Size::Slow(idle);
        }
        let ratio = self.ratio(least);
        if ratio <= 1.0 {
            return Size::Replicas(least);
        }
        let mut low = (least, ratio);
        // The latency is about inverse to the replicas until something better is known.
        let mut slope = 1.0;
        let mut misses = 0;
        let high = loop {
            if let Some(high) = high {
                break high;
            }
            if low.0 >= most {
                // Why: that a request alone is too slow says more.
                return self.slow().map_or(Size::TooMany, Size::Slow);
            }
            let guess = f64::from(low.0) * exp((ln(low.1.min(1e3)) / slope).clamp(0.0, 1.4));
            let next = (guess.ceil().min(f64::from(most)) as u32).max(low.0 + 1);
            let ratio = self.ratio(next);
            if ratio <= 1.0 {
                break (next, ratio);
            }
            misses += 1;
            if misses == ASK_AT_REST
                && !doubtful
                && let Some(idle) = self.slow()
            {
                return Size::Slow(idle);
            }
            let steps = ln(f64::from(next) / f64::from(low.0));
            slope = if ratio.is_finite() && low.1.is_finite() {
                (ln(low.1 / ratio) / steps).clamp(0.2, 2.0)
            } else {
                1.0
            };
            low = (next, ratio);
        };
        Size::Replicas(self.smallest(low, high))
    }

    /// How far a request alone misses a target, where it does.
    fn slow(&self) -> Option<f64> {
        Some(self.idle_ratio()).filter(|idle| *idle > 1.0)
    }

    /// The smallest number that meets the targets, between one that misses and one that meets them.
    fn smallest(&self, (mut low, mut low_ratio): (u32, f64), (mut high, mut high_ratio): (u32, f64)) -> u32 {
        for step in 0.. {
            let gap = high - low;
            if gap <= 1 {
                break;
            }
            let middle = if step < MOST_SLOPES && low_ratio.is_finite() && high_ratio > 0.0 {
                let share = ln(low_ratio) / ln(low_ratio / high_ratio).max(1e-12);
                let guess = f64::from(low) * exp(share * ln(f64::from(high) / f64::from(low)));
                // From both sides in turn, so that neither end stays far away.
                let towards = if step % 2 == 0 { guess.ceil() } else { guess.floor() };
                (towards as u32).clamp(low + 1, high - 1)
            } else {
                low + gap / 2
            };
            let ratio = self.ratio(middle);
            if ratio <= 1.0 {
                (high, high_ratio) = (middle, ratio);
            } else {
                (low, low_ratio) = (middle, ratio);
            }
        }
        high
    }

    /// The highest rate that so many replicas take within the targets, from the required one up, to
    /// 2%, and what keeps it from being higher.
    pub fn capacity(&self, replicas: u32) -> (f64, BindingTarget) {
        let required = self.demand.required_qps;
        let most = self.candidate.stable_qps * f64::from(replicas) * MOST_UTILIZATION * (1.0 - 1e-9);
        let mut binding = BindingTarget::Load;
        if most <= required {
            return (required, binding);
        }
        let at = |qps: f64| self.narrowest(replicas, qps);
        let Some((target, high_ratio)) = at(most) else { return (required, binding) };
        if high_ratio <= 1.0 {
            return (most, binding);
        }
        let Some((_, low_ratio)) = at(required) else { return (required, binding) };
        binding = target;
        // Rates and ratios by their logarithms: the crossing of a chord, kept off the ends.
        let (mut low, mut high) = ((required, low_ratio), (most, high_ratio));
        for _ in 0..MOST_CHORDS {
            if high.0 <= low.0 * 1.02 {
                break;
            }
            let share = (-ln(low.1) / (ln(high.1) - ln(low.1)).max(1e-12)).clamp(0.1, 0.9);
            let middle = low.0 * exp(share * ln(high.0 / low.0));
            match at(middle) {
                Some((_, ratio)) if ratio <= 1.0 => low = (middle, ratio),
                Some((target, ratio)) => {
                    high = (middle, ratio);
                    binding = target;
                }
                None => break,
            }
        }
        (low.0, binding)
    }
}
