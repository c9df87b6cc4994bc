//! A straight line through points, and a state that follows one.

use super::distribution::Response;
use super::fitted::Engine;

/// Ordinary least squares of values on their index; missing ones left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    /// Value at index 0.
    pub intercept: f64,
    /// Change from one index to the next.
    pub slope: f64,
    /// Number of points.
    pub points: f64,
    /// Mean index of the points.
    pub middle: f64,
    /// Sum of squared distances of the indices from their mean.
    pub spread: f64,
}

impl Line {
    /// The line through the points; flat where there is only one, at 0 where there is none.
    pub(super) fn through(values: &[f64]) -> Self {
        let points = || values.iter().enumerate().filter(|(_, value)| !value.is_nan());
        let (count, indices, sum) = points()
            .fold((0.0, 0.0, 0.0), |(count, indices, sum), (index, value)| {
                (count + 1.0, indices + index as f64, sum + value)
            });
        if count < 1.0 {
            return Self { intercept: 0.0, slope: 0.0, points: 0.0, middle: 0.0, spread: 0.0 };
        }
        let (middle, mean) = (indices / count, sum / count);
        let (spread, product) = points().fold((0.0, 0.0), |(spread, product), (index, value)| {
            let away = index as f64 - middle;
            (spread + away * away, product + away * (value - mean))
        });
        let slope = if spread > 0.0 { product / spread } else { 0.0 };
        Self { intercept: mean - slope * middle, slope, points: count, middle, spread }
    }

    pub(super) fn at(&self, index: f64) -> f64 {
        self.intercept + self.slope * index
    }

    /// Variance of the line at an index, over that of one error.
    pub(super) fn variance(&self, index: f64) -> f64 {
        let away = index - self.middle;
        1.0 / self.points.max(1.0) + if self.spread > 0.0 { away * away / self.spread } else { 0.0 }
    }
}

/// A line ahead of the last point, which each value moves by a share of its error.
#[derive(Debug, Clone)]
pub(super) struct LineAhead {
    /// The line's value at the next step.
    pub next: f64,
    pub slope: f64,
    /// Share of each error that stays: 0 for a line that was fitted, 1 for a random walk.
    pub share: f64,
    /// What the line was fitted to, and index of the next step.
    pub fitted: Option<(Line, usize)>,
    /// The slope's name and value for explanations.
    pub parameter: (String, f64),
}

impl Engine for LineAhead {
    fn absorb(&mut self, value: f64) -> f64 {
        let error = value - self.next;
        if !value.is_nan() {
            self.next += self.share * error;
        }
        self.next += self.slope;
        if let Some((_, index)) = &mut self.fitted {
            *index += 1;
        }
        error
    }

    fn centre(&self, horizon: usize) -> Vec<f64> {
        (0..horizon).map(|step| self.next + self.slope * step as f64).collect()
    }

    fn response(&self) -> Response {
        Response { level: self.share, ..Response::default() }
    }

    fn estimation_variance(&self, step: usize) -> f64 {
        self.fitted.map_or(0.0, |(line, index)| line.variance((index + step) as f64 - 1.0))
    }

    fn is_regression(&self) -> bool {
        self.fitted.is_some()
    }

    fn parameters(&self) -> Vec<(String, f64)> {
        vec![self.parameter.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against numpy's polyfit of 1, 3, 2, 5 at 0, 1, 3, 4.
    #[test]
    fn a_line_through_points_with_a_gap() {
        let line = Line::through(&[1.0, 3.0, f64::NAN, 2.0, 5.0]);
        assert!((line.slope - 0.7).abs() < 1e-12 && (line.intercept - 1.35).abs() < 1e-12);
        assert_eq!(line.variance(2.0), 0.25);
        assert_eq!(Line::through(&[f64::NAN]).at(3.0), 0.0);
    }
}
