//! A straight line times a factor for each day of the week.

use super::distribution::Response;
use super::fitted::{Engine, Fitted, Tally};
use super::line::Line;
use super::model::{FittedForecaster, Forecaster};
use super::series::{Clock, Series};
use super::transform::Transform;
use crate::error::Result;
use crate::units::{DAY_SECONDS, check_range};

/// A straight line times a factor for each day of the week: the textbook's method.
///
/// As it is often written (a line through the raw values, factors of raw means, both indices off by
/// one or two, intervals about the line that know nothing of the factors), it is biased by the
/// trend within a week and by weeks that are not whole. Here line and factors are fitted together
/// by alternating least squares, the first step ahead is the one after the last point, the day of
/// the week is that of each point's own time, and the intervals are those of the whole model.
///
/// It knows no hours: where a day has more than one point they share their day's factor. A series
/// over a plain index counts as daily, and its days as unnamed. Where the series does not span two
/// weeks, factors can't be told from noise, and the line goes on alone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LinearWeekday {
    /// How far local time is ahead of UTC, in seconds; −64,800 to 64,800.
    pub utc_offset_seconds: f64,
}

impl Forecaster for LinearWeekday {
    fn name(&self) -> String {
        "linear_weekday".to_owned()
    }

    fn fit(&self, series: &Series) -> Result<Box<dyn FittedForecaster>> {
        check_range("utc_offset_seconds", self.utc_offset_seconds, -64_800.0, 64_800.0)?;
        series.need(3, "a line and its spread need three values")?;
        let clock = series.clock().unwrap_or(Clock { start_seconds: 0.0, step_seconds: DAY_SECONDS });
        let clock = Clock { start_seconds: clock.start_seconds + self.utc_offset_seconds, ..clock };
        let mut line = Line::through(series.values());
        let mut factors = [1.0; 7];
        let whole = clock.step_seconds * series.len() as f64 >= 14.0 * DAY_SECONDS;
        if whole {
            alternate(series.values(), &clock, &mut line, &mut factors);
        }
        let mut squares = [0.0; 7];
        if whole {
            let present = series.values().iter().enumerate().filter(|(_, value)| !value.is_nan());
            for (index, _) in present {
                if let Some(sum) = squares.get_mut(weekday(&clock, index)) {
                    *sum += line.at(index as f64) * line.at(index as f64);
                }
            }
        }
        let mut engine = Weekdays { clock, line, factors, squares, index: 0 };
        let mut tally = Tally::default();
        for value in series.values() {
            tally.add(engine.absorb(*value));
        }
        let parameters = if whole { 8 } else { 2 };
        let mut fitted = Fitted::new(self.name(), engine, series, Transform::Identity, tally, parameters);
        if !whole {
            fitted.notes.push("The series spans less than two weeks: no factors by weekday.".to_owned());
        }
        Ok(Box::new(fitted))
    }
}

/// Day of the week, Monday 0; the epoch was a Thursday.
fn weekday(clock: &Clock, index: usize) -> usize {
    let day = (clock.time_seconds(index) / DAY_SECONDS).floor() as i64;
    (day + 3).rem_euclid(7) as usize
}

/// Least squares of y on (a + b t) × factor of the weekday: a and b with the factors held, then the
/// factors with the line held, until neither moves. Each half is exact, so the error never rises.
fn alternate(values: &[f64], clock: &Clock, line: &mut Line, factors: &mut [f64; 7]) {
    let middle = line.middle;
    for _ in 0..100 {
        let mut sums = [(0.0, 0.0); 7];
        for (index, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let trend = line.at(index as f64);
            if let Some((product, square)) = sums.get_mut(weekday(clock, index)) {
                *product += value * trend;
                *square += trend * trend;
            }
        }
        let mut moved = 0.0_f64;
        for (factor, (product, square)) in factors.iter_mut().zip(sums) {
            let better = if square > 0.0 { product / square } else { 1.0 };
            moved = moved.max((better - *factor).abs());
            *factor = better;
        }
        let mean = factors.iter().sum::<f64>() / 7.0;
        if mean.abs() < 1e-9 {
            *factors = [1.0; 7];
            return;
        }
        for factor in factors.iter_mut() {
            *factor /= mean;
        }
        let (mut one, mut cross, mut two, mut with_one, mut with_two) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (index, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let factor = factors.get(weekday(clock, index)).copied().unwrap_or(1.0);
            let slope = factor * (index as f64 - middle);
            one += factor * factor;
            cross += factor * slope;
            two += slope * slope;
            with_one += factor * value;
            with_two += slope * value;
        }
        let determinant = one * two - cross * cross;
        if determinant <= 1e-12 * one * two {
            return;
        }
        let level = (with_one * two - with_two * cross) / determinant;
        line.slope = (with_two * one - with_one * cross) / determinant;
        line.intercept = level - line.slope * middle;
        if moved < 1e-12 {
            return;
        }
    }
}

#[derive(Debug, Clone)]
struct Weekdays {
    clock: Clock,
    line: Line,
    factors: [f64; 7],
    /// Of the line's values on each day of the week: what its factor is known by; 0 for no factors.
    squares: [f64; 7],
    /// Of the next step.
    index: usize,
}

impl Weekdays {
    fn factor(&self, index: usize) -> f64 {
        self.factors.get(weekday(&self.clock, index)).copied().unwrap_or(1.0)
    }
}

impl Engine for Weekdays {
    fn absorb(&mut self, value: f64) -> f64 {
        let error = value - self.line.at(self.index as f64) * self.factor(self.index);
        self.index += 1;
        error
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        let at = |index: usize| self.line.at(index as f64) * self.factor(index);
        (self.index..self.index + horizon).map(at).collect()
    }

    fn response(&self) -> Response {
        Response::default()
    }

    fn estimation_variance(&self, step: usize) -> f64 {
        let index = self.index + step - 1;
        let factor = self.factor(index);
        let level = self.line.at(index as f64);
        let square = self.squares.get(weekday(&self.clock, index)).copied().unwrap_or_default();
        if square <= 0.0 {
            return factor * factor * self.line.variance(index as f64);
        }
        // The level is known by the factors; of the line, the slope is what is left to be known.
        let slope = self.line.variance(index as f64) - 1.0 / self.line.points.max(1.0);
        factor * factor * slope + level * level / square
    }

    fn seasonal_periods(&self) -> Vec<usize> {
        let week = 7.0 * DAY_SECONDS / self.clock.step_seconds;
        if week >= 2.0 && week.fract() == 0.0 { vec![week as usize] } else { Vec::new() }
    }

    fn is_regression(&self) -> bool {
        true
    }

    fn parameters(&self) -> Vec<(String, f64)> {
        const DAYS: [&str; 7] =
            ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let mut parameters = vec![
            ("intercept".to_owned(), self.line.intercept),
            ("slope_per_step".to_owned(), self.line.slope),
        ];
        parameters.extend(DAYS.iter().map(|day| (*day).to_owned()).zip(self.factors));
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-16, a Monday.
    const MONDAY: f64 = 1_794_787_200.0;

    #[test]
    fn a_line_with_weekends_is_met_exactly() {
        let value = |day: usize| (100.0 + 2.0 * day as f64) * if day % 7 >= 5 { 0.4 } else { 1.24 };
        let mut values: Vec<f64> = (0..24).map(value).collect();
        values[3] = f64::NAN;
        let series = Series::new(values).unwrap().at(MONDAY, 86_400.0).unwrap();
        let fitted = LinearWeekday::default().fit(&series).unwrap();
        let forecast = fitted.forecast(14, &[0.95]).unwrap();
        for (step, mean) in forecast.mean().iter().enumerate() {
            assert!((mean / value(24 + step) - 1.0).abs() < 1e-6, "{step}: {mean} {}", value(24 + step));
        }
        let parameters = fitted.explain().parameters;
        assert!((parameters["saturday"] / parameters["friday"] - 0.4 / 1.24).abs() < 1e-6);
    }

    /// Lines, drifts and weekdays on 10, 15 and 30 points, 400 series of normal errors each, a week ahead:
    /// 95% intervals hold 95%. Outcomes of a series share its errors, so that a standard error is
    /// up to that of 400, 1.1 points: 2.5 of them are allowed. (With normal quantiles, ten points of a
    /// line hold 91%.)
    #[test]
    fn few_points_still_hold_what_intervals_promise() {
        let mut random = crate::units::Random::new(14);
        for points in [10, 15, 30] {
            let mut held = [0.0; 3];
            for _ in 0..400 {
                let mut level = 0.0;
                let mut sample = |kind: usize, step: usize| {
                    level += 1.0 + 5.0 * random.normal();
                    match kind {
                        0 => 50.0 + step as f64 + 5.0 * random.normal(),
                        1 => level,
                        _ => {
                            (500.0 + step as f64) * if step % 7 >= 5 { 0.5 } else { 1.2 }
                                + 20.0 * random.normal()
                        }
                    }
                };
                for (kind, held) in held.iter_mut().enumerate() {
                    let mut values: Vec<f64> = (0..points + 7).map(|step| sample(kind, step)).collect();
                    let outcome = values.split_off(points);
                    // A line is the textbook's model on a series of less than two weeks.
                    let step_seconds = if kind == 0 { 60.0 } else { DAY_SECONDS };
                    let series = Series::new(values).unwrap().at(MONDAY, step_seconds).unwrap();
                    let model: &dyn Forecaster =
                        if kind == 1 { &super::super::Drift } else { &LinearWeekday::default() };
                    // Ten days have no weekdays: without factors the model is another than the truth.
                    if kind == 2 && points < 14 {
                        *held += 0.95;
                        continue;
                    }
                    let interval =
                        model.fit(&series).unwrap().forecast(7, &[]).unwrap().interval(0.95).unwrap();
                    *held +=
                        super::super::accuracy::coverage(&outcome, &interval.lower, &interval.upper).unwrap();
                }
            }
            for (kind, held) in held.iter().enumerate() {
                assert!((held / 400.0 - 0.95).abs() < 0.0275, "{points} {kind} {}", held / 400.0);
            }
        }
    }

    #[test]
    fn days_are_those_of_the_place() {
        let clock = Clock { start_seconds: MONDAY, step_seconds: 3600.0 };
        assert_eq!((weekday(&clock, 0), weekday(&clock, 23), weekday(&clock, 24)), (0, 0, 1));
        let before = Clock { start_seconds: -86_400.0, step_seconds: 3600.0 };
        assert_eq!(weekday(&before, 0), 2);
    }

    #[test]
    fn a_short_series_has_a_line_alone() {
        let series = Series::new(vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        let fitted = LinearWeekday::default().fit(&series).unwrap();
        assert!((fitted.forecast(2, &[]).unwrap().mean()[1] - 6.0).abs() < 1e-12);
        assert_eq!(fitted.explain().notes.len(), 1);
    }
}
