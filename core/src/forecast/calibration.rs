//! How far off forecasts were from earlier origins, and so how far off they will be.

use super::fitted::Engine;
use super::statistics::mean;
use crate::units::{normal_quantile, t_quantile};

/// The origins of a rolling backtest: the last is one horizon before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origins {
    pub first: usize,
    pub stride: usize,
    pub count: usize,
    pub horizon: usize,
}

impl Origins {
    /// At most `most` origins among the last `window` points of `points`, none before `earliest`,
    /// a divisor of `period` apart so that those at the phase of the end are among them. None where
    /// there is no room for two.
    pub(super) fn over(
        points: usize,
        horizon: usize,
        period: usize,
        window: usize,
        earliest: usize,
        most: usize,
    ) -> Option<Self> {
        let last = points.checked_sub(horizon)?;
        let room = last.checked_sub(earliest.max(points.saturating_sub(window)))?;
        let period = period.max(1);
        let stride = (1..=period)
            .filter(|stride| period.is_multiple_of(*stride))
            .chain((2..).map(|times| times * period))
            .find(|stride| room / stride < most.max(2))?;
        let count = room / stride + 1;
        (count >= 2).then_some(Self { first: last - (count - 1) * stride, stride, count, horizon })
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |index| self.first + index * self.stride)
    }

    /// What the errors from each origin count: half for each half-life before the last.
    fn recency(self) -> Vec<f64> {
        let half_life = (HALF_LIFE_HORIZONS * self.horizon).max(HALF_LIFE_POINTS) as f64;
        let age = |index: usize| ((self.count - 1 - index) * self.stride) as f64;
        (0..self.count).map(|index| crate::units::powf(0.5, age(index) / half_life)).collect()
    }

    /// Whether an origin is at the phase of the end of the series.
    fn is_aligned(self, index: usize, period: usize) -> bool {
        ((self.count - 1 - index) * self.stride + self.horizon).is_multiple_of(period.max(1))
    }
}

/// What `engine` says from each origin, one after the other, in rows of the horizon.
pub(super) fn rolling<E: Engine>(mut engine: E, modelled: &[f64], origins: Origins) -> Vec<f64> {
    let mut said = Vec::with_capacity(origins.count * origins.horizon);
    let mut seen = 0;
    for origin in origins.iter() {
        for value in modelled.get(seen..origin).unwrap_or_default() {
            engine.absorb(*value);
        }
        seen = origin;
        said.extend(engine.centre(origins.horizon));
    }
    said
}

/// By how much the outcome differed from what was said, in rows of the horizon.
pub(super) fn errors(said: &[f64], modelled: &[f64], origins: Origins) -> Vec<f64> {
    said.chunks(origins.horizon.max(1))
        .zip(origins.iter())
        .flat_map(|(row, origin)| {
            row.iter().zip(modelled.iter().skip(origin)).map(|(said, outcome)| outcome - said)
        })
        .collect()
}

/// Errors count half as much for each so many horizons that they are older: scales drift. On the
/// tuning halves of M4, of 1 to 20 horizons and of all alike, 4 to 8 had the best scores of intervals
/// for hours and for weeks (docs/FORECASTING.md).
const HALF_LIFE_HORIZONS: usize = 6;
/// And for at least so many points: short horizons do not make a scale drift faster. Six of the
/// horizons of M4's weekly set are 78.
const HALF_LIFE_POINTS: usize = 80;
/// Share of the mean spread in that of each step: few origins say how they differ.
const POOLED: f64 = 0.3;
/// Neighbouring steps that a step's spread is smoothed over.
const NEIGHBOURS: usize = 3;
/// Most sizes of standardised errors that are kept.
const MOST_KEPT: usize = 2_000;

/// Spread, shape and correlation of errors, by conformal prediction over rolling origins (Stankevičiūtė,
/// Alaa and van der Schaar, "Conformal time-series forecasting", 2021): what was missed from earlier origins, pooled
/// over steps once each step is divided by its own spread. Older ones count less (R. F. Barber, E. J.
/// Candès, A. Ramdas and R. J. Tibshirani, "Conformal prediction beyond exchangeability", Annals of Statistics 51,
/// 2023).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Calibration {
    /// Of each step, from origins at the phase of the end.
    aligned: Vec<f64>,
    /// Of each step, from all origins.
    general: Vec<f64>,
    period: usize,
    /// Points taken in since.
    moved: usize,
    /// Standardised errors and their opposites, ascending.
    pub table: Vec<f64>,
    /// Correlation of neighbouring steps' errors.
    pub correlation: f64,
}

impl Calibration {
    /// From errors of models that had not seen what they missed, or of which a few parameters at
    /// most were chosen on it.
    pub(super) fn new(errors: &[f64], origins: Origins, period: usize) -> Self {
        let weights = origins.recency();
        let profile = |include: &dyn Fn(usize) -> bool| {
            let sizes: Vec<f64> = (0..origins.horizon)
                .map(|step| {
                    let column = errors.chunks(origins.horizon).zip(&weights).enumerate();
                    let (sum, weight) = column
                        .filter(|(index, _)| include(*index))
                        .filter_map(|(_, (row, weight))| Some((row.get(step)?.abs(), *weight)))
                        .filter(|(size, _)| !size.is_nan())
                        .fold((0.0, 0.0), |(sum, total), (size, weight)| {
                            (sum + weight * size, total + weight)
                        });
                    if weight > 0.0 { sum / weight } else { f64::NAN }
                })
                .collect();
            smoothed(&sizes)
        };
        let general = profile(&|_| true);
        let aligned_origins = (0..origins.count).filter(|index| origins.is_aligned(*index, period)).count();
        let aligned = if aligned_origins >= 4 {
            profile(&|index| origins.is_aligned(index, period))
        } else {
            general.clone()
        };
        let mut sizes: Vec<(f64, f64)> = errors
            .chunks(origins.horizon)
            .zip(&weights)
            .flat_map(|(row, weight)| {
                row.iter().zip(&aligned).map(|(error, spread)| ((error / spread).abs(), *weight))
            })
            .filter(|(size, _)| size.is_finite())
            .collect();
        sizes.sort_by(|left, right| left.0.total_cmp(&right.0));
        let sizes = evenly(&sizes, sizes.len().min(MOST_KEPT));
        let mut table: Vec<f64> = sizes.iter().rev().map(|size| -size).collect();
        table.extend(sizes);
        let correlation = neighbours(errors, &aligned, origins.horizon);
        let factor = few(origins, &weights, correlation);
        let widened = |spreads: Vec<f64>| spreads.into_iter().map(|spread| spread * factor).collect();
        Self { correlation, aligned: widened(aligned), general: widened(general), period, moved: 0, table }
    }

    /// Takes note that so many points came in.
    pub(super) fn moves(&mut self, points: usize) {
        self.moved = (self.moved + points) % self.period.max(1);
    }

    /// Spread of each step; beyond the steps that were tried it grows as `model`, the spreads that
    /// the model itself expects, does.
    pub(super) fn spreads(&self, model: &[f64]) -> Vec<f64> {
        let own = if self.moved == 0 { &self.aligned } else { &self.general };
        let tail = mean(own.get(own.len().saturating_sub(self.period.max(1))..).unwrap_or_default());
        let reference =
            own.len().checked_sub(1).and_then(|last| model.get(last)).copied().unwrap_or_default();
        model
            .iter()
            .enumerate()
            .map(|(step, modelled)| match own.get(step) {
                Some(spread) => *spread,
                None if reference > 0.0 => tail * (modelled / reference).max(1.0),
                None => tail,
            })
            .collect()
    }
}

/// How much wider intervals are because few errors say how wide they are: Student's 97.5% quantile over
/// the normal one. Origins count by their weights, those whose horizons overlap as parts of one, and steps whose
/// errors have the correlation ρ with their neighbours' as (1 − ρ²) ÷ (1 + ρ²) of one each (G. V. Bayley
/// and J. M. Hammersley, "The 'effective' number of independent observations in an autocorrelated time
/// series", JRSS supplement 8, 1946, for variances).
fn few(origins: Origins, weights: &[f64], correlation: f64) -> f64 {
    const FEWEST_DEGREES: f64 = 3.0;
    let (sum, squares) =
        weights.iter().fold((0.0, 0.0), |(sum, squares), weight| (sum + weight, squares + weight * weight));
    let horizon = origins.horizon.max(1) as f64;
    let windows =
        sum * sum / f64::max(squares, f64::MIN_POSITIVE) * (origins.stride as f64 / horizon).min(1.0);
    let square = correlation * correlation;
    let each = (horizon * (1.0 - square) / (1.0 + square)).max(1.0);
    t_quantile(0.05, (windows * each).max(FEWEST_DEGREES)) / normal_quantile(0.975)
}

/// The quantiles at (i − ½) ÷ count of ascending sizes with weights, each size at the middle of its weight.
fn evenly(sizes: &[(f64, f64)], count: usize) -> Vec<f64> {
    let total: f64 = sizes.iter().map(|(_, weight)| weight).sum();
    let mut later = sizes.iter().copied();
    let mut after = later.next().unwrap_or_default();
    let (mut before, mut place) = (after.0, 0.0);
    let (mut seen, mut reached) = (after.1, after.1 / 2.0);
    (0..count)
        .map(|index| {
            let wanted = (index as f64 + 0.5) / count as f64 * total;
            while reached < wanted {
                let Some(next) = later.next() else { return after.0 };
                (before, place) = (after.0, reached);
                reached = seen + next.1 / 2.0;
                seen += next.1;
                after = next;
            }
            let share =
                if reached > place { ((wanted - place) / (reached - place)).clamp(0.0, 1.0) } else { 1.0 };
            before + (after.0 - before) * share
        })
        .collect()
}

/// Spreads smoothed over neighbouring steps by triangular weights and drawn to their mean.
fn smoothed(sizes: &[f64]) -> Vec<f64> {
    let pooled = mean(sizes);
    (0..sizes.len())
        .map(|step| {
            let (mut weight, mut sum) = (0.0, 0.0);
            for (other, size) in
                sizes.iter().enumerate().skip(step.saturating_sub(NEIGHBOURS)).take(2 * NEIGHBOURS + 1)
            {
                let distance = other.abs_diff(step);
                if size.is_finite() && distance <= NEIGHBOURS {
                    let share = 1.0 - distance as f64 / (NEIGHBOURS as f64 + 1.0);
                    weight += share;
                    sum += share * size;
                }
            }
            let local = if weight > 0.0 { sum / weight } else { pooled };
            (1.0 - POOLED) * local + POOLED * pooled
        })
        .collect()
}

/// Correlation of the errors of neighbouring steps, 0 to 0.999.
fn neighbours(errors: &[f64], spreads: &[f64], horizon: usize) -> f64 {
    let (mut product, mut square) = (0.0, 0.0);
    for row in errors.chunks(horizon.max(1)) {
        let mut before = f64::NAN;
        for (error, spread) in row.iter().zip(spreads) {
            let now = if *spread > 0.0 { error / spread } else { f64::NAN };
            if now.is_finite() && before.is_finite() {
                product += before * now;
                square += (before * before + now * now) / 2.0;
            }
            before = now;
        }
    }
    if square > 0.0 { (product / square).clamp(0.0, 0.999) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_end_one_horizon_before_the_end() {
        let origins = Origins::over(700, 48, 24, 480, 200, 40).unwrap();
        assert_eq!((origins.stride, origins.iter().last()), (12, Some(652)));
        assert!(origins.first >= 220 && origins.count == 37);
        assert!(Origins::over(60, 48, 24, 480, 20, 40).is_none());
        assert_eq!(Origins::over(100_000, 10, 1, usize::MAX, 0, 40).unwrap().count, 40);
    }

    #[test]
    fn spreads_grow_where_errors_do() {
        let origins = Origins { first: 10, stride: 1, count: 50, horizon: 4 };
        let mut random = crate::units::Random::new(5);
        let errors: Vec<f64> = (0..200).map(|index| random.normal() * (1 + index % 4) as f64).collect();
        let calibration = Calibration::new(&errors, origins, 1);
        let spreads = calibration.spreads(&[1.0, 2.0, 3.0, 4.0, 8.0]);
        assert!(spreads[3] > spreads[0] && (spreads[4] / spreads[3] - 2.0).abs() < 0.3);
        assert!(calibration.table.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(calibration.correlation < 0.2);
    }

    #[test]
    fn recent_errors_count_more() {
        let origins = Origins { first: 1000, stride: 10, count: 200, horizon: 10 };
        let errors: Vec<f64> = (0..2000).map(|index| if index < 1800 { 9.0 } else { 1.0 }).collect();
        let spread = Calibration::new(&errors, origins, 1).spreads(&[1.0; 10])[5];
        // The last 20 of 200 origins have 1 − 2^(−20 × 10 ÷ 80) of the weight.
        let recent = 1.0 - crate::units::powf(0.5, 2.5);
        let expected = recent + 9.0 * (1.0 - recent);
        let few = few(origins, &origins.recency(), 1.0);
        assert!((spread / few / expected - 1.0).abs() < 0.01, "{spread} {expected}");
        assert!(few > 1.05 && few < 1.2, "{few}");
    }

    #[test]
    fn weighted_sizes_become_even_ones() {
        let alike: Vec<(f64, f64)> = [1.0, 4.0, 5.0, 9.0].map(|size| (size, 0.3)).to_vec();
        let found = evenly(&alike, 4);
        assert!(found.iter().zip([1.0, 4.0, 5.0, 9.0]).all(|(found, size)| (found - size).abs() < 1e-9));
        assert_eq!(evenly(&[(2.0, 1.0), (3.0, 0.0), (8.0, 1.0)], 2), [2.0, 8.0]);
        assert_eq!(evenly(&[], 0), [0.0; 0]);
    }

    #[test]
    fn no_errors_mean_no_spread() {
        let origins = Origins { first: 0, stride: 1, count: 3, horizon: 2 };
        let calibration = Calibration::new(&[0.0; 6], origins, 1);
        assert_eq!(calibration.spreads(&[0.0; 3]), [0.0; 3]);
    }
}
