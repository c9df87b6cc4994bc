//! How many replicas of a configuration meet the targets at the asked rate.

use super::candidate::Candidate;
use super::demand::Demand;
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
const DOUBTFUL: f64 = 0.75;
/// Share of the stable rate at which a request is as good as alone.
const IDLE: f64 = 1e-4;

impl Candidate {
    /// TTFT and ITL at the asked statistic, with what was measured of them; `None` where so many
    /// replicas do not sustain the rate.
    pub fn latencies(&self, demand: &Demand, replicas: u32, qps: f64, mood: Mood) -> Option<(f64, f64)> {
        let predictor = Predictor::new(&Deployment::new(&self.engine, replicas), &demand.workload).ok()?;
        let (ttft, itl) = predictor.statistic(qps, demand.slo.percentile, mood)?;
        Some((ttft * self.bias.ttft_residual(), itl))
    }

    /// The target that a plan misses most or meets most narrowly, and its latency over it.
    pub fn narrowest(&self, demand: &Demand, replicas: u32, qps: f64) -> Option<(BindingTarget, f64)> {
        let (ttft, itl) = self.latencies(demand, replicas, qps, Mood::Cautious)?;
        let ratios = demand.ratios(ttft, itl).into_iter();
        let (target, ratio) = ratios.max_by(|left, right| left.1.total_cmp(&right.1))?;
        Some((target, ratio * (1.0 + MARGIN)))
    }

    fn meets(&self, demand: &Demand, replicas: u32) -> bool {
        self.narrowest(demand, replicas, demand.required_qps).is_some_and(|(_, ratio)| ratio <= 1.0)
    }

    /// Latency of a request that is as good as alone over the target that it is nearest to missing.
    pub fn idle_ratio(&self, demand: &Demand) -> f64 {
        let qps = (self.stable_qps * IDLE).max(MIN_QPS);
        self.narrowest(demand, 1, qps).map_or(f64::INFINITY, |(_, ratio)| ratio)
    }

    /// The smallest number of replicas, up to `most`, of a configuration whose lower bounds are this
    /// share of its targets.
    pub fn size(&self, demand: &Demand, floor: f64, most: u32) -> Size {
        let most = most.min(MAX_REPLICAS);
        let least = demand.least_replicas(self.stable_qps);
        if least.is_nan() || least > f64::from(most) {
            return Size::TooMany;
        }
        let least = least as u32;
        // What is likely to fail even at rest is asked that first.
        let doubtful = floor > DOUBTFUL;
        let at_rest = || Some(self.idle_ratio(demand)).filter(|idle| *idle > 1.0);
        if let Some(idle) = doubtful.then(at_rest).flatten() {
            return Size::Slow(idle);
        }
        if self.meets(demand, least) {
            return Size::Replicas(least);
        }
        if let Some(idle) = (!doubtful).then(at_rest).flatten() {
            return Size::Slow(idle);
        }
        let (mut low, mut high) = (least, least);
        loop {
            if high == most {
                return Size::TooMany;
            }
            high = high.saturating_add((high / 2).max(1)).min(most);
            if self.meets(demand, high) {
                break;
            }
            low = high;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.meets(demand, middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Size::Replicas(high)
    }

    /// The highest rate that so many replicas take within the targets, from the planned one up, to
    /// 2%, and what keeps it from being higher.
    pub fn capacity(&self, demand: &Demand, replicas: u32) -> (f64, BindingTarget) {
        let most = self.stable_qps * f64::from(replicas) * MOST_UTILIZATION * (1.0 - 1e-9);
        let mut binding = BindingTarget::Load;
        if most <= demand.required_qps {
            return (demand.required_qps, binding);
        }
        let at = |qps: f64| self.narrowest(demand, replicas, qps);
        let (Some((_, low_ratio)), Some((target, high_ratio))) = (at(demand.required_qps), at(most)) else {
            return (demand.required_qps, binding);
        };
        if high_ratio <= 1.0 {
            return (most, binding);
        }
        binding = target;
        // Rates and ratios by their logarithms: the crossing of a chord, kept off the ends.
        let (mut low, mut high) = ((demand.required_qps, low_ratio), (most, high_ratio));
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

/// Chords after which a rate is taken as found.
const MOST_CHORDS: usize = 6;
