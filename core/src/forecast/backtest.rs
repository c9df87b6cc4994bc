//! What a model would have said in the past, and how wrong it would have been.

use serde::{Deserialize, Serialize};

use super::accuracy;
use super::model::Forecaster;
use super::outcome::{check_horizon, check_levels};
use super::series::Series;
use crate::error::{Error, Result};
use crate::units::{check_count, sqrt};

/// Most folds of one backtest.
pub const MOST_FOLDS: u64 = 1_000;

/// How a backtest is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct BacktestOptions {
    /// Steps from one origin to the next; by default the horizon, so that every point is
    /// forecast once.
    pub stride: Option<usize>,
    /// Levels of the intervals that are judged.
    pub levels: Vec<f64>,
    /// Seasonal period of the scale of MASE, RMSSE and MSIS; 1 for none.
    pub seasonal_period: usize,
    /// Whether the model is fitted anew at each origin, or only at the first and then updated.
    pub refit: bool,
}

impl Default for BacktestOptions {
    fn default() -> Self {
        Self { stride: None, levels: vec![0.8, 0.95], seasonal_period: 1, refit: true }
    }
}

/// How an interval did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IntervalScore {
    /// Its level.
    pub level: f64,
    /// Share of outcomes that it held.
    pub coverage: f64,
    /// Mean scaled interval score; none where the history has no scale.
    pub msis: Option<f64>,
}

/// How a model did. Fields are null where there was no outcome, or no scale, to judge by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BacktestScore {
    /// Steps ahead; 0 for all steps together.
    pub step: usize,
    /// Outcomes that were judged.
    pub outcomes: usize,
    /// Symmetric mean absolute percentage error, in percent.
    pub smape: Option<f64>,
    /// Mean absolute scaled error.
    pub mase: Option<f64>,
    /// Root mean squared scaled error.
    pub rmsse: Option<f64>,
    /// Mean pinball loss over the median and both ends of every interval, in the series' unit.
    pub pinball: Option<f64>,
    /// Intervals, in the order asked.
    pub intervals: Vec<IntervalScore>,
}

/// The outcome of a backtest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BacktestReport {
    /// Name of the model.
    pub model: String,
    /// Number of origins.
    pub folds: usize,
    /// Steps forecast from each.
    pub horizon: usize,
    /// All steps together.
    pub overall: BacktestScore,
    /// Each step ahead.
    pub by_step: Vec<BacktestScore>,
}

/// Rolling-origin backtest: the model is fitted to the points before each of `folds` origins, and
/// its `horizon` next steps are held against what came. The last origin is `horizon` before the
/// end. Scales are those of the points before the first origin.
///
/// ```
/// use sizewell::forecast::{BacktestOptions, SeasonalNaive, Series, backtest};
/// let hourly = Series::new((0..240).map(|hour| f64::from(hour % 24)).collect())?;
/// let report = backtest(&SeasonalNaive::new(24), &hourly, 24, 3, &BacktestOptions::default())?;
/// assert_eq!(report.overall.smape, Some(0.0));
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// As [`check_horizon`] and [`check_levels`]; `invalid_value` at `folds` for 0 or over
/// [`MOST_FOLDS`], at `stride` for 0, at `values` when there are too few points for so many folds;
/// as the model's own where it can't be fitted to the points before an origin.
pub fn backtest(
    model: &dyn Forecaster,
    series: &Series,
    horizon: usize,
    folds: usize,
    options: &BacktestOptions,
) -> Result<BacktestReport> {
    check_horizon(horizon)?;
    check_levels(&options.levels).map_err(|error| error.within("options"))?;
    check_count("folds", folds as u64, 1, MOST_FOLDS)?;
    let stride = options.stride.unwrap_or(horizon);
    check_count("options.stride", stride as u64, 1, super::series::MOST_POINTS as u64)?;
    let held_out = stride.saturating_mul(folds - 1).saturating_add(horizon);
    if series.len() <= held_out {
        return Err(Error::invalid(
            "values",
            format!("{} points", series.len()),
            format!("over {held_out} points"),
        )
        .help("ask for fewer folds or a shorter horizon"));
    }
    let first = series.len() - held_out;
    let history = series.first(first);
    let mut tally = Tallies::new(horizon, &options.levels);
    let mut fitted = model.fit(&history)?;
    let mut seen = first;
    for fold in 0..folds {
        let origin = first + fold * stride;
        if fold > 0 {
            if options.refit {
                fitted = model.fit(&series.first(origin))?;
            } else {
                fitted.update(series.values().get(seen..origin).unwrap_or_default())?;
            }
            seen = origin;
        }
        let outcome = series.values().get(origin..origin + horizon).unwrap_or_default();
        let forecast = fitted.forecast(horizon, &options.levels)?;
        tally.add(outcome, forecast.mean(), &forecast.quantile(0.5)?, &forecast.report().intervals);
    }
    Ok(tally.report(fitted.model(), folds, history.values(), options.seasonal_period))
}

/// Sums for one step ahead.
#[derive(Debug, Clone, Default)]
struct Sums {
    outcomes: f64,
    percentage: f64,
    absolute: f64,
    squared: f64,
    pinball: f64,
    /// Of each interval: how often it held, and its score.
    intervals: Vec<(f64, f64)>,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.outcomes += other.outcomes;
        self.percentage += other.percentage;
        self.absolute += other.absolute;
        self.squared += other.squared;
        self.pinball += other.pinball;
        self.intervals.resize(other.intervals.len(), (0.0, 0.0));
        for (own, other) in self.intervals.iter_mut().zip(&other.intervals) {
            own.0 += other.0;
            own.1 += other.1;
        }
    }

    fn score(
        &self,
        step: usize,
        levels: &[f64],
        absolute: Option<f64>,
        squared: Option<f64>,
    ) -> BacktestScore {
        let mean = |sum: f64| (self.outcomes > 0.0).then(|| sum / self.outcomes);
        let intervals = levels.iter().zip(&self.intervals).filter_map(|(level, (held, score))| {
            Some(IntervalScore {
                level: *level,
                coverage: mean(*held)?,
                msis: mean(*score).zip(absolute).map(|(score, scale)| score / scale),
            })
        });
        BacktestScore {
            step,
            outcomes: self.outcomes as usize,
            smape: mean(self.percentage),
            mase: mean(self.absolute).zip(absolute).map(|(error, scale)| error / scale),
            rmsse: mean(self.squared).zip(squared).map(|(error, scale)| sqrt(error / scale)),
            pinball: mean(self.pinball),
            intervals: intervals.collect(),
        }
    }
}

struct Tallies {
    levels: Vec<f64>,
    steps: Vec<Sums>,
}

impl Tallies {
    fn new(horizon: usize, levels: &[f64]) -> Self {
        let empty = Sums { intervals: vec![(0.0, 0.0); levels.len()], ..Sums::default() };
        Self { levels: levels.to_vec(), steps: vec![empty; horizon] }
    }

    fn add(&mut self, outcome: &[f64], mean: &[f64], median: &[f64], intervals: &[super::Interval]) {
        for (step, sums) in self.steps.iter_mut().enumerate() {
            let at = |values: &[f64]| values.get(step).copied().unwrap_or(f64::NAN);
            let (outcome, mean) = (at(outcome), at(mean));
            if outcome.is_nan() {
                continue;
            }
            let one = |quantile: f64, probability| {
                accuracy::pinball(&[outcome], &[quantile], probability).unwrap_or_default()
            };
            sums.outcomes += 1.0;
            sums.percentage += accuracy::smape(&[outcome], &[mean]).unwrap_or_default();
            sums.absolute += (outcome - mean).abs();
            sums.squared += (outcome - mean) * (outcome - mean);
            let mut pinball = one(at(median), 0.5);
            for (interval, (held, score)) in intervals.iter().zip(&mut sums.intervals) {
                let (lower, upper, level) = (at(&interval.lower), at(&interval.upper), interval.level);
                let outside = (lower - outcome).max(outcome - upper).max(0.0);
                *held += f64::from(u8::from(outside == 0.0));
                *score += upper - lower + 2.0 / (1.0 - level) * outside;
                pinball += one(lower, (1.0 - level) / 2.0) + one(upper, (1.0 + level) / 2.0);
            }
            sums.pinball += pinball / (1 + 2 * intervals.len()) as f64;
        }
    }

    fn report(self, model: String, folds: usize, history: &[f64], period: usize) -> BacktestReport {
        let absolute = accuracy::absolute_scale(history, period);
        let squared = accuracy::squared_scale(history, period);
        let mut all = Sums::default();
        for sums in &self.steps {
            all.add(sums);
        }
        let by_step = self
            .steps
            .iter()
            .enumerate()
            .map(|(step, sums)| sums.score(step + 1, &self.levels, absolute, squared))
            .collect();
        let overall = all.score(0, &self.levels, absolute, squared);
        BacktestReport { model, folds, horizon: self.steps.len(), overall, by_step }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Drift, Naive};
    use super::*;

    #[test]
    fn a_line_is_met_by_drift_and_missed_by_naive() {
        let series = Series::new((0..40).map(f64::from).collect()).unwrap();
        let options = BacktestOptions::default();
        let drift = backtest(&Drift, &series, 4, 3, &options).unwrap();
        assert!(drift.overall.mase.unwrap() < 1e-12);
        for refit in [true, false] {
            let options = BacktestOptions { refit, ..options.clone() };
            let naive = backtest(&Naive, &series, 4, 3, &options).unwrap();
            assert_eq!(naive.overall.mase, Some(2.5));
            assert_eq!(naive.by_step[3].mase, Some(4.0));
            assert_eq!((naive.overall.outcomes, naive.by_step.len()), (12, 4));
        }
    }

    /// A random walk with normal steps: naive intervals of any level hold what they promise. 2,000
    /// outcomes of overlapping origins, of which about a quarter are independent: 2.5 standard errors
    /// of 500 are 4.5 points at 80% and 2.5 at 95%.
    #[test]
    fn naive_intervals_cover_a_random_walk() {
        let (mut random, mut level) = (crate::units::Random::new(11), 0.0);
        let walk = (0..3000).map(|_| {
            level += random.normal();
            level
        });
        let series = Series::new(walk.collect()).unwrap();
        let options = BacktestOptions { refit: false, ..BacktestOptions::default() };
        let report = backtest(&Naive, &series, 4, 500, &options).unwrap();
        for (score, slack) in report.overall.intervals.iter().zip([0.045, 0.025]) {
            assert!((score.coverage - score.level).abs() < slack, "{score:?}");
        }
    }

    #[test]
    fn impossible_backtests_are_refused() {
        let series = Series::new(vec![1.0; 20]).unwrap();
        let options = BacktestOptions::default();
        let path = |horizon, folds, options: &BacktestOptions| {
            backtest(&Naive, &series, horizon, folds, options).unwrap_err().path().to_owned()
        };
        assert_eq!(path(0, 1, &options), "horizon");
        assert_eq!(path(10_000_000, 1, &options), "horizon");
        assert_eq!(path(5, 0, &options), "folds");
        assert_eq!(path(5, 4, &options), "values");
        assert_eq!(path(5, 1, &BacktestOptions { stride: Some(0), ..options.clone() }), "options.stride");
        assert_eq!(
            path(5, 1, &BacktestOptions { levels: vec![2.0], ..options.clone() }),
            "options.levels[0]"
        );
        assert_eq!(backtest(&Naive, &series, 5, 2, &options).unwrap().overall.mase, None);
    }
}
