//! How far off forecasts were from earlier origins, and so how far off they will be.

use super::fitted::Engine;
use super::statistics::mean;

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

/// Parameters and weights are chosen on the very errors that intervals are made of, so that they
/// are a little too small. With 1.1, `auto`'s 95% intervals hold 95.4% on the tuning half of the M4
/// hourly set, over its test parts and three horizons before them (docs/FORECASTING.md).
const CHOSEN_ON_THE_SAME: f64 = 1.1;
/// Share of the mean spread in that of each step: few origins say how they differ.
const POOLED: f64 = 0.3;
/// Neighbouring steps that a step's spread is smoothed over.
const NEIGHBOURS: usize = 3;
/// Most standardised errors that are kept.
const MOST_KEPT: usize = 2_000;

/// Spread, shape and correlation of errors, by conformal prediction over rolling origins (Stankevičiūtė,
/// Alaa and van der Schaar, "Conformal time-series forecasting", 2021): what was missed from earlier origins, pooled
/// over steps once each step is divided by its own spread.
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
    /// From errors that parameters and weights were chosen on.
    pub(super) fn new(errors: &[f64], origins: Origins, period: usize) -> Self {
        Self::widened(errors, origins, period, CHOSEN_ON_THE_SAME)
    }

    /// From errors of models that had not seen what they missed.
    pub(super) fn held_out(errors: &[f64], origins: Origins, period: usize) -> Self {
        Self::widened(errors, origins, period, 1.0)
    }

    fn widened(errors: &[f64], origins: Origins, period: usize, factor: f64) -> Self {
        let profile = |include: &dyn Fn(usize) -> bool| {
            let sizes: Vec<f64> = (0..origins.horizon)
                .map(|step| {
                    let column = errors.chunks(origins.horizon).enumerate();
                    let sizes: Vec<f64> = column
                        .filter(|(index, _)| include(*index))
                        .filter_map(|(_, row)| row.get(step).map(|error| error.abs()))
                        .collect();
                    if sizes.iter().all(|size| size.is_nan()) { f64::NAN } else { mean(&sizes) }
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
        let mut sizes: Vec<f64> = errors
            .chunks(origins.horizon)
            .flat_map(|row| row.iter().zip(&aligned).map(|(error, spread)| (error / spread).abs()))
            .filter(|size| size.is_finite())
            .collect();
        sizes.sort_by(f64::total_cmp);
        let every = sizes.len().div_ceil(MOST_KEPT).max(1);
        // The largest is always among those that are kept.
        let mut kept: Vec<f64> = sizes.iter().rev().step_by(every).copied().collect();
        let opposites: Vec<f64> = kept.iter().map(|size| -size).collect();
        kept.reverse();
        let mut table = opposites;
        table.extend(kept);
        let widened = |spreads: Vec<f64>| spreads.into_iter().map(|spread| spread * factor).collect();
        Self {
            correlation: neighbours(errors, &aligned, origins.horizon),
            aligned: widened(aligned),
            general: widened(general),
            period,
            moved: 0,
            table,
        }
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
    fn no_errors_mean_no_spread() {
        let origins = Origins { first: 0, stride: 1, count: 3, horizon: 2 };
        let calibration = Calibration::new(&[0.0; 6], origins, 1);
        assert_eq!(calibration.spreads(&[0.0; 3]), [0.0; 3]);
    }
}
