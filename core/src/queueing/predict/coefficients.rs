//! Where the physics of a prediction ends: how far queues of prompts, batches and waits are from
//! the limits that can be solved.
//!
//! Each correction is a factor `1 + x` (`1 / (1 − x)` below 0), no less than 0.3 and no more than
//! 3, where `x` is a sum of dimensionless features of the state times coefficients. Without load,
//! what they multiply (the share of requests that meet others, the work of those) is nothing.
//!
//! The values are a robust least-squares fit to simulations of 2,000 random configurations, none of
//! which is among those that predictions are reported on; coefficients that the fit did not need are 0.
//! Refit (hours of simulation at first, then minutes; prints the rows of `fitted`):
//! `cargo test --release -p sizewell --test queueing_predict_fit -- --ignored --nocapture`.

use super::fitted::FITTED;

/// Features of the prompts' corrections: the constant, the share of time that prompts take, how far
/// the balancer pools, bursts, regular arrivals, few sequences (one over one more than decode), how
/// far the token budget is filled, products of these by their letters, how many wait for a place, the
/// same in bursts, and whether prompts join whole.
pub(crate) const FEATURES: usize = 18;
/// Features of the corrections of waits for a place: the constant, whether the cache limits, bursts,
/// pooled and by cache, the share of time that prompts take, few places, bursts by cache, the spread
/// of prompts by cache, the spread of answers, load, bursts with few places.
pub(crate) const WAIT_FEATURES: usize = 11;

/// What is corrected by the prompts' features.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Correction {
    /// How many find an iteration with prompts.
    BusyGated,
    /// How many find prompts ahead where iterations are full.
    BusyQueue,
    /// How long those wait, and the spread of that.
    QueueMean,
    QueueSpread,
    /// The same where iterations take all prompts that are there.
    GatedMean,
    GatedSpread,
    /// Prompts that interrupt an answer: variance.
    Interruptions,
    /// Their third moment.
    InterruptionsThird,
    /// The batch that an answer sees: variance.
    Batch,
    /// How far the token budget fills iterations; a sum, not a factor.
    Full,
    /// Arrivals that an answer sees beyond those due in its time; a sum, not a factor.
    Extra,
    /// Clumps of others in an iteration.
    Joined,
}
pub(crate) const CORRECTIONS: usize = 12;

/// What is corrected by the features of waits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WaitCorrection {
    /// Variance of the number present.
    Variance,
    /// How long those who wait do.
    Delay,
}
pub(crate) const WAIT_CORRECTIONS: usize = 2;

/// Factors of single constants.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scale {
    /// Spread of the tokens that running requests hold.
    KvSpread,
    /// Spread of a request's room in the cache times its duration, in waits for the cache.
    Area,
    /// What waits for the cache have besides.
    AreaLeast,
    /// Spread of tokens in the tail of the number present.
    TokensTail,
    /// Variance of waits for a place, over that of the exponential distribution.
    DelaySpread,
    /// Spread of the answers' lengths in waits for a place.
    LengthsService,
    /// Room that is left for those who come with a burst, and by bursts over places.
    Room,
    RoomBursts,
    /// Replicas that departures leave behind others.
    Uneven,
    /// How soon evenness is lost, its growth with the batch, without spread of lengths, with few
    /// sequences, with replicas.
    Noise,
    NoiseOfBatch,
    NoiseLeast,
    NoiseOfFew,
    NoiseOfReplicas,
    /// Herds: their size, the pace at which they grow, the batch that they need, the spread of lengths
    /// that dissolves them.
    Herd,
    HerdPace,
    HerdBatch,
    HerdSpread,
    /// How sharply regular arrivals stay apart.
    Regular,
    /// Prompts that are in work together, in filled iterations.
    Together,
    /// How steeply they fill these.
    TogetherPower,
    /// Larger requests wait more often for the cache.
    BySize,
}
pub(crate) const SCALES: usize = 22;

/// How many coefficients there are.
const COUNT: usize = SCALES + CORRECTIONS * FEATURES + WAIT_CORRECTIONS * WAIT_FEATURES;

/// Coefficients of predictions, for refits; [`Predictor::new`](super::Predictor::new) uses
/// [`PredictionCoefficients::FITTED`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictionCoefficients {
    pub(crate) scales: [f64; SCALES],
    pub(crate) corrections: [[f64; FEATURES]; CORRECTIONS],
    pub(crate) waits: [[f64; WAIT_FEATURES]; WAIT_CORRECTIONS],
}

impl PredictionCoefficients {
    /// How many there are.
    pub const COUNT: usize = COUNT;
    /// Those in use.
    pub const FITTED: &'static Self = &FITTED;

    /// The values in order; most are 0, and no factor is then applied.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        let rows = self.corrections.iter().flatten().chain(self.waits.iter().flatten());
        self.scales.iter().chain(rows).copied()
    }

    /// From values in order.
    #[must_use]
    pub fn from_values(values: &[f64; COUNT]) -> Self {
        let mut rest = values.iter().copied();
        let mut next = || rest.next().unwrap_or(0.0);
        Self {
            scales: std::array::from_fn(|_| next()),
            corrections: std::array::from_fn(|_| std::array::from_fn(|_| next())),
            waits: std::array::from_fn(|_| std::array::from_fn(|_| next())),
        }
    }

    /// The factor of a constant.
    pub(crate) fn scale(&self, scale: Scale) -> f64 {
        bounded(self.scales.get(scale as usize).copied().unwrap_or(0.0))
    }

    /// The sum of a correction.
    pub(crate) fn sum(&self, correction: Correction, features: &[f64; FEATURES]) -> f64 {
        self.corrections.get(correction as usize).map_or(0.0, |row| dot(row, features))
    }

    /// The factor of a correction.
    pub(crate) fn factor(&self, correction: Correction, features: &[f64; FEATURES]) -> f64 {
        bounded(self.sum(correction, features))
    }

    /// The factor of a correction of waits.
    pub(crate) fn waits(&self, correction: WaitCorrection, features: &[f64; WAIT_FEATURES]) -> f64 {
        bounded(self.waits.get(correction as usize).map_or(0.0, |row| dot(row, features)))
    }
}

fn dot(row: &[f64], features: &[f64]) -> f64 {
    row.iter().zip(features).map(|(coefficient, feature)| coefficient * feature).sum()
}

/// A factor that is 1 at 0 and has the inverse for the opposite.
fn bounded(sum: f64) -> f64 {
    if sum > 0.0 { (1.0 + sum).min(3.0) } else { (1.0 / (1.0 - sum)).max(0.3) }
}
