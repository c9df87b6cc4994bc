//! Errors of predictions, and the intervals that they say.

use sizewell::queueing::ClosedLoopMeans;

use crate::points::Point;

/// A point with what was predicted of it.
pub struct Case<'a> {
    pub point: &'a Point,
    pub itl: Outcome,
    pub ttft: Outcome,
}

/// A prediction and what was measured.
#[derive(Clone, Copy)]
pub struct Outcome {
    /// ln(measured ÷ predicted).
    pub log_ratio: f64,
    /// Whether the measurement lies in the prediction's interval.
    pub covered: bool,
}

impl Outcome {
    /// |predicted ÷ measured − 1|.
    pub fn error(self) -> f64 {
        ((-self.log_ratio).exp() - 1.0).abs()
    }
}

/// 90% interval of ln(measured ÷ predicted).
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// From the ratios of points that the prediction had not seen: between their quantiles at 5%
    /// and 95%.
    fn of(ratios: Vec<(f64, f64)>) -> Self {
        let quantile = |level: f64| weighted_quantile(&ratios, level);
        Self { low: quantile(0.05), high: quantile(0.95) }
    }

    fn covers(self, ratio: f64) -> bool {
        (self.low..=self.high).contains(&ratio)
    }
}

/// The value at a level of pairs of value and weight.
pub fn weighted_quantile(pairs: &[(f64, f64)], level: f64) -> f64 {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
    let at = sorted.iter().map(|pair| pair.1).sum::<f64>() * level;
    let mut sum = 0.0;
    for (value, weight) in &sorted {
        sum += weight;
        if sum >= at {
            return *value;
        }
    }
    sorted.last().map_or(f64::NAN, |pair| pair.0)
}

/// Which points share an interval.
pub fn interval_class(point: &Point) -> usize {
    usize::from(point.is_moe())
}

/// Names of the classes of [`interval_class`].
pub const CLASSES: [&str; 2] = ["dense", "mixture of experts"];

/// Points with predictions that were made without the points of the same key, each with the
/// interval that the points of all other keys say.
pub fn cases<'a>(
    points: &'a [Point],
    predictions: &[ClosedLoopMeans],
    key: impl Fn(&Point) -> String,
) -> Vec<Case<'a>> {
    let keys: Vec<String> = points.iter().map(key).collect();
    let ratios: Vec<(f64, f64)> = points
        .iter()
        .zip(predictions)
        .map(|(point, means)| {
            ((point.row.itl_mean_ms / means.itl_ms).ln(), (point.row.ttft_mean_ms / means.ttft_ms).ln())
        })
        .collect();
    let mut known: Vec<((String, usize), (Interval, Interval))> = Vec::new();
    points
        .iter()
        .enumerate()
        .map(|(index, point)| {
            let class = interval_class(point);
            let id = (keys[index].clone(), class);
            let position = known.iter().position(|(other, _)| *other == id).unwrap_or_else(|| {
                let others = |of: fn(&(f64, f64)) -> f64| {
                    (0..points.len())
                        .filter(|other| keys[*other] != id.0 && interval_class(&points[*other]) == class)
                        .map(|other| (of(&ratios[other]), points[other].row.copies))
                        .collect::<Vec<_>>()
                };
                let pair = (Interval::of(others(|pair| pair.0)), Interval::of(others(|pair| pair.1)));
                known.push((id, pair));
                known.len() - 1
            });
            let (itl, ttft) = known[position].1;
            let ratio = ratios[index];
            Case {
                point,
                itl: Outcome { log_ratio: ratio.0, covered: itl.covers(ratio.0) },
                ttft: Outcome { log_ratio: ratio.1, covered: ttft.covers(ratio.1) },
            }
        })
        .collect()
}

/// Intervals from all points, by class: of ITL and of TTFT.
pub fn intervals(cases: &[Case<'_>]) -> [(Interval, Interval); CLASSES.len()] {
    std::array::from_fn(|class| {
        let of = |ratio: fn(&Case<'_>) -> f64| {
            Interval::of(
                cases
                    .iter()
                    .filter(|case| interval_class(case.point) == class)
                    .map(|case| (ratio(case), case.point.row.copies))
                    .collect(),
            )
        };
        (of(|case| case.itl.log_ratio), of(|case| case.ttft.log_ratio))
    })
}

/// Errors of some points, each counted as often as its source has it.
pub struct Summary {
    pub points: f64,
    pub itl_median: f64,
    pub itl_mean: f64,
    pub itl_within_20: f64,
    pub itl_bias: f64,
    pub itl_coverage: f64,
    pub ttft_median: f64,
    pub ttft_bias: f64,
    pub ttft_coverage: f64,
}

impl Summary {
    pub fn of<'a>(cases: impl Iterator<Item = &'a Case<'a>>) -> Option<Self> {
        let cases: Vec<&Case<'_>> = cases.collect();
        let points: f64 = cases.iter().map(|case| case.point.row.copies).sum();
        if points <= 0.0 {
            return None;
        }
        let median = |of: &dyn Fn(&Case<'_>) -> f64| {
            let pairs: Vec<(f64, f64)> = cases.iter().map(|case| (of(case), case.point.row.copies)).collect();
            weighted_quantile(&pairs, 0.5)
        };
        let share = |of: &dyn Fn(&Case<'_>) -> f64| {
            cases.iter().map(|case| of(case) * case.point.row.copies).sum::<f64>() / points
        };
        Some(Self {
            points,
            itl_median: median(&|case| case.itl.error()),
            itl_mean: share(&|case| case.itl.error()),
            itl_within_20: share(&|case| f64::from(case.itl.error() <= 0.2)),
            itl_bias: (-median(&|case| case.itl.log_ratio)).exp() - 1.0,
            itl_coverage: share(&|case| f64::from(case.itl.covered)),
            ttft_median: median(&|case| case.ttft.error()),
            ttft_bias: (-median(&|case| case.ttft.log_ratio)).exp() - 1.0,
            ttft_coverage: share(&|case| f64::from(case.ttft.covered)),
        })
    }
}
