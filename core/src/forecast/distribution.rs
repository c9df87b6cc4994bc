//! What is to come, as a joint distribution: where each step lies, how far it spreads, in what
//! shape, and how the errors of one step carry over to those after it.

use super::statistics::quantile_of_sorted;
use super::transform::Transform;
use crate::units::{Random, normal_cdf, normal_quantile, sqrt, t_quantile};

/// With more degrees of freedom, Student's t counts as normal: its quantiles are within 1% at 99%.
pub(super) const MOST_DEGREES: f64 = 200.0;

/// The least that a forecast may be.
pub(super) fn least(non_negative: bool) -> f64 {
    if non_negative { 0.0 } else { f64::NEG_INFINITY }
}

/// What one error does to the steps after it: ψ, the weights of the model's moving-average form
/// (Hyndman, Koehler, Ord and Snyder, "Forecasting with Exponential Smoothing", 2008, chapter 6).
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Response {
    /// What stays in the level.
    pub level: f64,
    /// What goes into the slope.
    pub slope: f64,
    /// What is left of the slope after each step.
    pub damping: f64,
    /// Seasonal periods with what stays in each.
    pub seasons: Vec<(usize, f64)>,
    /// What is carried over to the next step alone.
    pub carry: f64,
    /// What is left of that after each further step.
    pub decay: f64,
    /// Lags with the shares of earlier steps that each step has of them.
    pub lags: Vec<(usize, f64)>,
}

impl Response {
    /// ψ₀ = 1, ψ₁, … of the first `horizon` steps.
    pub(super) fn weights(&self, horizon: usize) -> Vec<f64> {
        let mut weights = vec![0.0; horizon];
        let mut once = std::iter::once(1.0);
        self.follow(|| once.next().unwrap_or_default(), &mut weights);
        weights
    }

    /// Standard deviation of each of the first `horizon` steps, over that of one error.
    pub(super) fn spreads(&self, horizon: usize) -> Vec<f64> {
        let mut variance = 0.0;
        self.weights(horizon)
            .into_iter()
            .map(|weight| {
                variance += weight * weight;
                sqrt(variance)
            })
            .collect()
    }

    /// Fills `path` with what errors drawn from a standard normal distribution add up to.
    fn draw(&self, random: &mut Random, path: &mut [f64]) {
        self.follow(|| random.normal(), path);
    }

    /// Fills `path` with what these errors add up to.
    fn follow(&self, mut errors: impl FnMut() -> f64, path: &mut [f64]) {
        let (mut level, mut slope, mut carried) = (0.0, 0.0, 0.0);
        let mut seasons: Vec<Vec<f64>> =
            self.seasons.iter().map(|(period, _)| vec![0.0; (*period).max(1)]).collect();
        for step in 0..path.len() {
            let error = errors();
            let mut value = level + carried + error;
            for (state, (period, share)) in seasons.iter_mut().zip(&self.seasons) {
                if let Some(place) = state.get_mut(step % (*period).max(1)) {
                    value += *place;
                    *place += share * error;
                }
            }
            for (lag, weight) in &self.lags {
                let before = step.checked_sub((*lag).max(1)).and_then(|place| path.get(place));
                value += weight * before.copied().unwrap_or_default();
            }
            slope = (slope + self.slope * error) * self.damping;
            level += self.level * error + slope;
            carried = carried * self.decay + self.carry * error;
            if let Some(slot) = path.get_mut(step) {
                *slot = value;
            }
        }
    }
}

/// How the errors of the steps go together.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Dependence {
    /// As the model says.
    Response(Response),
    /// Each is so correlated with the one before it, as measured.
    Neighbours(f64),
}

/// The shape of the errors, in units of the spread.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Normal.
    Normal,
    /// Student's t with so many degrees of freedom: normal, with a spread that few points say.
    Student(f64),
    /// As errors that were seen, ascending; beyond them as a normal distribution goes on.
    Seen(Vec<f64>),
    /// Nothing at all with this probability, else one of these values, ascending, whatever centre
    /// and spread are: for demand that comes now and then.
    Intermittent { nothing: f64, sizes: Vec<f64> },
}

impl Shape {
    /// The quantile at `probability`, whose normal quantile is `z`.
    fn quantile(&self, probability: f64, z: f64) -> f64 {
        match self {
            Self::Normal => z,
            Self::Student(degrees) => {
                let size = t_quantile(2.0 * probability.min(1.0 - probability), *degrees);
                if probability < 0.5 { -size } else { size }
            }
            Self::Seen(sorted) => {
                let edge = 0.5 / sorted.len().max(1) as f64;
                let inside = quantile_of_sorted(sorted, probability).unwrap_or_default();
                if probability < edge || probability > 1.0 - edge {
                    // The tail goes on from the last error seen in proportion to a normal one, and
                    // never turns back.
                    let reach = z.abs() / normal_quantile(1.0 - edge).max(1e-9);
                    let away = if probability < 0.5 { inside.min(0.0) } else { inside.max(0.0) };
                    if away == 0.0 { inside } else { inside * reach.max(1.0) }
                } else {
                    inside
                }
            }
            Self::Intermittent { nothing, sizes } => {
                if probability <= *nothing {
                    0.0
                } else {
                    let within = (probability - nothing) / (1.0 - nothing).max(1e-12);
                    quantile_of_sorted(sizes, within).unwrap_or_default()
                }
            }
        }
    }
}

/// What is done to every step after its own transform: seasons put back, and a scale of theirs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Beyond {
    /// Added to each step.
    pub offsets: Vec<f64>,
    pub transform: Transform,
    /// Nothing is below this, afterwards.
    pub least: f64,
}

/// The joint distribution of the steps to come.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Distribution {
    /// Point forecast of each step on the model's scale.
    pub centre: Vec<f64>,
    /// Standard deviation of each step there.
    pub spread: Vec<f64>,
    pub shape: Shape,
    pub dependence: Dependence,
    pub transform: Transform,
    /// Nothing is below this.
    pub least: f64,
    /// From the innermost outwards.
    pub beyond: Vec<Beyond>,
}

impl Distribution {
    pub(super) fn point(&self) -> Vec<f64> {
        self.centre.iter().enumerate().map(|(step, centre)| self.value(step, *centre)).collect()
    }

    /// The quantile at `probability` of every step.
    pub(super) fn quantile(&self, probability: f64) -> Vec<f64> {
        let error = self.shape.quantile(probability, normal_quantile(probability));
        let at = |(step, (centre, spread)): (usize, (&f64, &f64))| self.moved(step, *centre, *spread, error);
        self.centre.iter().zip(&self.spread).enumerate().map(at).collect()
    }

    fn moved(&self, step: usize, centre: f64, spread: f64, error: f64) -> f64 {
        match self.shape {
            Shape::Intermittent { .. } => self.value(step, error),
            _ => self.value(step, centre + spread * error),
        }
    }

    /// On the scale of the quantity: finite, and not below the least.
    fn value(&self, step: usize, modelled: f64) -> f64 {
        const MOST: f64 = 1e300;
        let mut value = self.transform.back(modelled).clamp(-MOST, MOST).max(self.least);
        for beyond in &self.beyond {
            let moved = value + beyond.offsets.get(step).copied().unwrap_or_default();
            value = beyond.transform.back(moved).clamp(-MOST, MOST).max(beyond.least);
        }
        value
    }

    /// Fills `path` with one draw of all steps together.
    pub(super) fn draw(&self, random: &mut Random, unit: &[f64], path: &mut [f64]) {
        match &self.dependence {
            Dependence::Response(response) => response.draw(random, path),
            Dependence::Neighbours(correlation) => {
                let fresh = sqrt((1.0 - correlation * correlation).max(0.0));
                let mut before = random.normal();
                for slot in path.iter_mut() {
                    *slot = before;
                    before = correlation * before + fresh * random.normal();
                }
            }
        }
        // The spread is as unknown for one step as for all: they are drawn with the same.
        let common = match self.shape {
            Shape::Student(degrees) => {
                let count = degrees.clamp(1.0, MOST_DEGREES).round();
                let squares: f64 = (0..count as usize).map(|_| random.normal()).map(|z| z * z).sum();
                sqrt(count / squares.max(f64::MIN_POSITIVE))
            }
            _ => 1.0,
        };
        let steps = path.iter_mut().zip(unit).zip(&self.centre).zip(&self.spread).enumerate();
        for (step, (((slot, unit), centre), spread)) in steps {
            let z = *slot / unit.max(f64::MIN_POSITIVE);
            let error = match self.shape {
                Shape::Normal | Shape::Student(_) => common * z,
                _ => self.shape.quantile(normal_cdf(z), z),
            };
            *slot = self.moved(step, *centre, *spread, error);
        }
    }

    /// Standard deviation of what [`Dependence`] draws for each step before it is scaled.
    pub(super) fn unit_spreads(&self) -> Vec<f64> {
        match &self.dependence {
            Dependence::Response(response) => response.spreads(self.centre.len()),
            Dependence::Neighbours(_) => vec![1.0; self.centre.len()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holt_winters() -> Response {
        Response {
            level: 0.4,
            slope: 0.1,
            damping: 0.9,
            seasons: vec![(3, 0.2)],
            carry: 0.3,
            decay: 0.5,
            lags: vec![(2, -0.4)],
        }
    }

    /// What is drawn step by step has the variance that the weights say: 40,000 draws have a
    /// relative standard error of 0.7% each.
    #[test]
    fn draws_follow_the_weights() {
        let response = holt_winters();
        let (mut random, mut sums, mut path) = (Random::new(3), [0.0; 8], [0.0; 8]);
        for _ in 0..40_000 {
            response.draw(&mut random, &mut path);
            for (sum, value) in sums.iter_mut().zip(path) {
                *sum += value * value;
            }
        }
        for (sum, spread) in sums.iter().zip(response.spreads(8)) {
            let ratio = sum / 4e4 / (spread * spread);
            assert!((ratio - 1.0).abs() < 0.03, "{ratio}");
        }
    }

    #[test]
    fn tails_go_on_and_never_turn_back() {
        let shape = Shape::Seen(vec![-3.0, -1.0, 0.0, 0.5, 2.0]);
        let mut last = f64::NEG_INFINITY;
        for index in 1..1000 {
            let probability = f64::from(index) / 1000.0;
            let quantile = shape.quantile(probability, normal_quantile(probability));
            assert!(quantile >= last, "{probability} {quantile} {last}");
            last = quantile;
        }
        assert!(last > 2.5 && shape.quantile(0.001, normal_quantile(0.001)) < -4.0);
    }
}
