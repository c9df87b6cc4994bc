//! Fitting the coefficients to some of the points.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use sizewell::engine::Coefficients;
use sizewell::engine::least_squares::{Loss, Noise, Options, Parameter, fit_with_jacobian};
use sizewell::queueing::ClosedLoopMeans;

use crate::points::Point;
use crate::statistics::{CLASSES, Interval};

/// Standard deviation of the logarithm of a measured inter-token latency about the model.
const ITL_NOISE: f64 = 0.07;
/// Of a time to first token.
const TTFT_NOISE: f64 = 0.30;
/// Correlation of errors within a campaign: points of one deployment say less than their number.
const CORRELATION: f64 = 0.1;
/// Residuals of more than so many standard deviations count ever less (Cauchy).
const THRESHOLD: f64 = 0.7;
const REWEIGHTINGS: usize = 10;

pub struct Problem<'a> {
    points: &'a [Point],
    weights: Vec<f64>,
}

/// Derivatives of all residuals by all parameters, parameter by parameter.
pub type Jacobian = Vec<Vec<f64>>;

impl<'a> Problem<'a> {
    pub fn new(points: &'a [Point]) -> Self {
        let mut sizes: BTreeMap<String, f64> = BTreeMap::new();
        for point in points {
            *sizes.entry(point.campaign()).or_default() += point.row.copies;
        }
        let weights = points
            .iter()
            .map(|point| {
                let size = sizes.get(&point.campaign()).copied().unwrap_or(1.0);
                (point.row.copies / (1.0 + CORRELATION * (size - 1.0))).sqrt()
            })
            .collect();
        Self { points, weights }
    }

    pub fn predict(&self, coefficients: &Coefficients) -> Vec<ClosedLoopMeans> {
        self.points.iter().map(|point| point.predict(coefficients)).collect()
    }

    /// Residuals in standard deviations: of all inter-token latencies, then of all times to first token.
    fn residuals(&self, coefficients: &Coefficients) -> Vec<f64> {
        let predictions = self.predict(coefficients);
        let pairs = || self.points.iter().zip(&predictions);
        let itl = pairs().map(|(point, means)| (means.itl_ms / point.row.itl_mean_ms).ln() / ITL_NOISE);
        let ttft = pairs().map(|(point, means)| (means.ttft_ms / point.row.ttft_mean_ms).ln() / TTFT_NOISE);
        itl.chain(ttft).collect()
    }

    /// By the logarithm of each coefficient.
    pub fn jacobian(&self, at: &Coefficients) -> Jacobian {
        const STEP: f64 = 1e-4;
        let centre = self.residuals(at);
        let values = at.to_array();
        (0..values.len())
            .map(|index| {
                let mut moved = values;
                moved[index] *= STEP.exp();
                let there = self.residuals(&Coefficients::from_array(&moved));
                there.iter().zip(&centre).map(|(there, here)| (there - here) / STEP).collect()
            })
            .collect()
    }

    /// The coefficients that the chosen points say, from a start.
    pub fn fit(&self, chosen: &[bool], start: &Coefficients) -> anyhow::Result<Coefficients> {
        let mut at = *start;
        for _ in 0..REWEIGHTINGS {
            let jacobian = self.jacobian(&at);
            at = self.refit(chosen, &at, &jacobian, 1)?;
        }
        Ok(at)
    }

    /// The same with derivatives that were had elsewhere.
    fn refit(
        &self,
        chosen: &[bool],
        start: &Coefficients,
        jacobian: &Jacobian,
        reweightings: usize,
    ) -> anyhow::Result<Coefficients> {
        let mut at = start.to_array();
        let (prior, spread) = (Coefficients::PRIOR.to_array(), Coefficients::SPREAD.to_array());
        let count = self.points.len();
        for _ in 0..reweightings {
            let residuals = self.residuals(&Coefficients::from_array(&at));
            let kept: Vec<(usize, f64)> = (0..2 * count)
                .filter(|index| chosen[index % count])
                .map(|index| {
                    let robust = (1.0 + (residuals[index] / THRESHOLD).powi(2)).sqrt().recip();
                    (index, self.weights[index % count] * robust)
                })
                .collect();
            let parameters: Vec<Parameter> = Coefficients::NAMES
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    Parameter::positive(*name, at[index])
                        .known_as(prior[index], spread[index])
                        .between(prior[index] * 1e-3, prior[index] * 1e3)
                })
                .collect();
            let options = Options {
                loss: Loss::Squared,
                noise: Noise::Known(1.0),
                max_iterations: 20,
                tolerance: 0.02,
                undetermined_above: 1.0,
                ..Options::default()
            };
            let fit = fit_with_jacobian(
                &parameters,
                |values, out| {
                    let mut array = at;
                    array.copy_from_slice(values);
                    let residuals = self.residuals(&Coefficients::from_array(&array));
                    for (out, (index, weight)) in out.iter_mut().zip(&kept) {
                        *out = residuals[*index] * weight;
                    }
                },
                |values, out| {
                    let mut out = out.iter_mut();
                    for (column, value) in jacobian.iter().zip(values) {
                        for (index, weight) in &kept {
                            if let Some(out) = out.next() {
                                *out = column[*index] * weight / value;
                            }
                        }
                    }
                },
                kept.len(),
                &options,
            )?;
            at.copy_from_slice(&fit.values);
        }
        Ok(Coefficients::from_array(&at))
    }

    /// Each point as predicted by coefficients that were fitted, from the priors on, to the points
    /// of other keys.
    pub fn leave_out(&self, key: impl Fn(&Point) -> String) -> anyhow::Result<Vec<ClosedLoopMeans>> {
        let keys: Vec<String> = self.points.iter().map(&key).collect();
        let mut folds: Vec<&String> = keys.iter().collect();
        folds.sort();
        folds.dedup();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let next = AtomicUsize::new(0);
        let (next, keys, folds) = (&next, &keys, &folds);
        let parts = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(move || {
                        let mut found = Vec::new();
                        while let Some(fold) = folds.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let chosen: Vec<bool> = keys.iter().map(|key| key != *fold).collect();
                            let without = self.fit(&chosen, &Coefficients::PRIOR)?;
                            for (index, point) in self.points.iter().enumerate() {
                                if !chosen[index] {
                                    found.push((index, point.predict(&without)));
                                }
                            }
                        }
                        Ok(found)
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().map_err(|_| anyhow::anyhow!("a fit failed"))?)
                .collect::<anyhow::Result<Vec<_>>>()
        })?;
        let mut found: Vec<(usize, ClosedLoopMeans)> = parts.into_iter().flatten().collect();
        found.sort_by_key(|(index, _)| *index);
        Ok(found.into_iter().map(|(_, means)| means).collect())
    }
}

pub fn write_residuals(
    path: &Path,
    points: &[Point],
    fitted: &[ClosedLoopMeans],
    held_out: &[ClosedLoopMeans],
) -> anyhow::Result<()> {
    let mut text = String::from(
        "group,precision,version,tp,dp,ep,draft,isl,osl,c,copies,itl,itl_fit,itl_cv,ttft,ttft_fit,ttft_cv\n",
    );
    for ((point, fit), cv) in points.iter().zip(fitted).zip(held_out) {
        let row = &point.row;
        let parallel = point.parallelism;
        writeln!(
            text,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            point.group(),
            point.precision(),
            row.backend_version,
            parallel.tensor_parallel,
            parallel.data_parallel,
            parallel.expert_parallel,
            point.drafts(),
            row.input_tokens,
            row.output_tokens,
            point.concurrency(),
            row.copies,
            row.itl_mean_ms,
            fit.itl_ms,
            cv.itl_ms,
            row.ttft_mean_ms,
            fit.ttft_ms,
            cv.ttft_ms,
        )?;
    }
    Ok(std::fs::write(path, text)?)
}

/// Writes `core/src/engine/roofline/fitted.rs`.
pub fn write_coefficients(
    root: &Path,
    fit: &Coefficients,
    intervals: &[(Interval, Interval); CLASSES.len()],
) -> anyhow::Result<()> {
    let mut text = String::from(
        "//! Written by `cargo xtask accuracy --fit`; see docs/ACCURACY.md.\n\nuse super::{Coefficients, ErrorModel};\n\n\
         impl Coefficients {\n    /// Fitted to the measured points of the catalog.\n    pub const FITTED: Self = Self {\n",
    );
    for (name, value) in Coefficients::NAMES.iter().zip(fit.to_array()) {
        let digits = (4 - value.log10().ceil() as i32).max(1) as usize;
        writeln!(text, "        {name}: {value:.digits$},")?;
    }
    text.push_str("    };\n}\n\nimpl ErrorModel {\n    /// Of a dense model and of a mixture of experts.\n    pub const FITTED: [Self; 2] = [\n");
    for (itl, ttft) in intervals {
        writeln!(
            text,
            "        Self {{ itl_low: {:.4}, itl_high: {:.4}, ttft_low: {:.4}, ttft_high: {:.4} }},",
            itl.low, itl.high, ttft.low, ttft.high
        )?;
    }
    text.push_str("    ];\n}\n");
    Ok(std::fs::write(root.join("core/src/engine/roofline/fitted.rs"), text)?)
}
