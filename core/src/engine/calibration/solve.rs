//! The fit itself: factors and percentile ratios against logarithms of measurements, outliers by
//! iterative reweighting.
//!
//! Each measurement scatters about the model with the noise of its kind, which is estimated from
//! the residuals; weights are those of Student's t with four degrees of freedom (Lange, Little and
//! Taylor, "Robust statistical modeling using the t distribution", 1989).

use super::factors::{BOUNDS, COUNT, FACTORS, Factor, apply};
use super::{
    CalibratedFactor, Calibration, CalibrationNoise, CalibrationOptions, CalibrationResidual, FittedFactors,
    PercentileRatio,
};
use crate::engine::least_squares::{Fit, Loss, Noise, Options, Parameter, fit_with_jacobian};
use crate::engine::roofline::{Coefficients, ErrorModel};
use crate::error::{Error, ErrorCode, Result};
use crate::units::{Quantile, ln, sqrt};

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Inter-token latency of a benchmark point.
    Itl,
    /// Time to first token of a benchmark point.
    Ttft,
    /// Tokens per second of a benchmark point.
    Throughput,
    /// Inter-token latency of one request of a log.
    LoggedItl,
    /// Time that one request's prompt took, of a log.
    LoggedPrompt,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Itl, Self::Ttft, Self::Throughput, Self::LoggedItl, Self::LoggedPrompt];

    /// Noise that is assumed until there are enough measurements: of the fit to public points
    /// (benches, `accuracy`), and of the two public logs for logs.
    fn assumed_noise(self) -> f64 {
        match self {
            Self::Itl | Self::Throughput | Self::LoggedItl => 0.1,
            Self::Ttft | Self::LoggedPrompt => 0.35,
        }
    }

    /// ln(percentile ÷ mean) where no prediction says it: about normal means of inter-token
    /// latencies with a coefficient of variation of a sixth, and times to first token with a tail
    /// between that of an exponential and of a constant. And the standard deviation of a measured
    /// percentile about one that is predicted.
    fn ratio(self, quantile: Quantile) -> (f64, f64) {
        let (p50, p90, p95, p99) = match self {
            Self::Ttft | Self::LoggedPrompt => ((-0.15, 0.3), (0.6, 0.4), (0.8, 0.5), (1.1, 0.6)),
            _ => ((0.0, 0.05), (0.19, 0.1), (0.24, 0.12), (0.33, 0.2)),
        };
        match quantile {
            Quantile::Mean => (0.0, 0.0),
            Quantile::P50 => p50,
            Quantile::P90 => p90,
            Quantile::P95 => p95,
            Quantile::P99 => p99,
        }
    }

    /// Percentile ÷ mean where no prediction says it.
    pub(crate) fn usual_shape(self, quantile: Quantile) -> f64 {
        crate::units::exp(self.ratio(quantile).0)
    }

    fn is_itl(self) -> bool {
        matches!(self, Self::Itl | Self::LoggedItl)
    }
}

/// One measured figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) quantile: Quantile,
    pub(crate) measured: f64,
    /// Share of an independent measurement that it is.
    pub(crate) share: f64,
}

/// Fewest figures of a kind from which its noise is estimated.
const FEWEST_FOR_NOISE: usize = 5;
/// Degrees of freedom of the noise.
const FREEDOM: f64 = 4.0;
/// Median residual that no deployment has, but a wrong unit does: a factor of 8.
const WRONG_UNIT: f64 = 2.08;
/// Rounds after which percentiles over means stay as they are.
const MOST_SHAPES: u32 = 2;
/// Step of the differences, in the logarithm of a factor.
const STEP: f64 = 1e-5;
/// Change of every factor's logarithm, in prior standard deviations, that ends the rounds.
const SETTLED: f64 = 0.02;

/// Something of all figures with some coefficients.
type OfFigures<'a> = &'a dyn Fn(&Coefficients, &mut [f64]);

/// What is predicted of figures.
pub(crate) struct Predictions<'a> {
    /// Means, which are cheap, and of which derivatives are taken.
    pub(crate) means: OfFigures<'a>,
    /// The asked statistic over that mean, which is dear, and taken as constant while factors move
    /// a little: once for each round.
    pub(crate) shapes: OfFigures<'a>,
}

struct Problem<'a, 'b> {
    figures: &'a [Figure],
    predictions: &'b Predictions<'b>,
    shapes: Vec<f64>,
    ratios: Vec<(Kind, Quantile)>,
    /// Of each figure, the place of its ratio among the parameters.
    ratio_of: Vec<Option<usize>>,
    options: &'a CalibrationOptions,
    scratch: Vec<f64>,
}

pub(crate) fn solve(
    figures: &[Figure],
    predictions: &Predictions<'_>,
    has_experts: bool,
    options: &CalibrationOptions,
) -> Result<Calibration> {
    options.check()?;
    let mut ratios: Vec<(Kind, Quantile)> = Vec::new();
    let ratio_of = figures
        .iter()
        .map(|figure| {
            let wanted = (figure.kind, figure.quantile);
            (figure.quantile != Quantile::Mean).then(|| {
                let known = ratios.iter().position(|one| *one == wanted);
                COUNT
                    + known.unwrap_or_else(|| {
                        ratios.push(wanted);
                        ratios.len() - 1
                    })
            })
        })
        .collect();
    let scratch = vec![0.0; figures.len()];
    let shapes = vec![1.0; figures.len()];
    Problem { figures, predictions, shapes, ratios, ratio_of, options, scratch }.solve(has_experts)
}

/// The noise of each kind.
type NoiseByKind = [f64; Kind::ALL.len()];

fn noise_of(noise: &NoiseByKind, kind: Kind) -> f64 {
    Kind::ALL
        .iter()
        .zip(noise)
        .find(|(one, _)| **one == kind)
        .map_or_else(|| kind.assumed_noise(), |(_, noise)| *noise)
}

impl Problem<'_, '_> {
    /// ln(predicted ÷ measured) of every figure.
    fn residuals(&mut self, values: &[f64], out: &mut [f64]) {
        let factors = values.get(..COUNT).unwrap_or(values);
        (self.predictions.means)(&apply(factors), &mut self.scratch);
        let rows = self.figures.iter().zip(&self.scratch).zip(self.shapes.iter().zip(&self.ratio_of));
        for (out, ((figure, mean), (shape, ratio))) in out.iter_mut().zip(rows) {
            let ratio = ratio.and_then(|place| values.get(place)).copied().unwrap_or(1.0);
            *out = ln((mean * shape * ratio).max(f64::MIN_POSITIVE) / figure.measured);
        }
    }

    fn reshape(&mut self, values: &[f64]) {
        (self.predictions.shapes)(&apply(values.get(..COUNT).unwrap_or(values)), &mut self.shapes);
    }

    fn parameters(&self, at: &[f64]) -> Vec<Parameter> {
        let (lower, upper) = BOUNDS;
        let factors = FACTORS.iter().map(|factor| (factor.name.to_owned(), 1.0, factor.spread));
        let ratios = self
            .ratios
            .iter()
            .map(|(kind, quantile)| (format!("{kind:?} {quantile}"), 1.0, kind.ratio(*quantile).1));
        factors
            .chain(ratios)
            .zip(at)
            .map(|((name, mean, spread), at)| {
                Parameter::positive(name, *at).known_as(mean, spread).between(lower, upper)
            })
            .collect()
    }

    fn solve(mut self, has_experts: bool) -> Result<Calibration> {
        let mut at: Vec<f64> = vec![1.0; COUNT + self.ratios.len()];
        let count = self.figures.len();
        let mut residuals = vec![0.0; count];
        self.reshape(&at);
        self.residuals(&at, &mut residuals);
        self.refuse_wrong_units(&residuals)?;
        let mut noise = self.first_noise(&residuals);
        let mut weights = self.weights(&self.centred(&residuals), &noise);
        let mut round = 0;
        let (fit, converged) = loop {
            let fit = self.round(&at, &residuals, &weights, &noise)?;
            let settled =
                self.parameters(&at).iter().zip(&at).zip(&fit.values).all(|((known, before), now)| {
                    let spread = known.prior.map_or(1.0, |prior| prior.standard_deviation);
                    ln(now / before).abs() < SETTLED * spread
                });
            at.clone_from(&fit.values);
            if round < MOST_SHAPES {
                self.reshape(&at);
            }
            self.residuals(&at, &mut residuals);
            noise = self.noise(&residuals, fit.degrees_of_freedom / count as f64);
            weights = self.weights(&residuals, &noise);
            round += 1;
            if (settled && round > 1) || round >= self.options.max_rounds {
                break (fit, settled);
            }
        };
        Ok(self.result(&fit, &residuals, &weights, &noise, converged, has_experts))
    }

    /// One fit with given weights, the derivatives taken once at its start.
    fn round(&mut self, at: &[f64], here: &[f64], weights: &[f64], noise: &NoiseByKind) -> Result<Fit> {
        let count = self.figures.len();
        let mut jacobian = vec![0.0; at.len() * count];
        let mut there = vec![0.0; count];
        for (index, column) in jacobian.chunks_exact_mut(count.max(1)).enumerate() {
            let mut moved = at.to_vec();
            if let Some(value) = moved.get_mut(index) {
                *value *= 1.0 + STEP;
            }
            self.residuals(&moved, &mut there);
            for ((out, there), here) in column.iter_mut().zip(&there).zip(here) {
                *out = (there - here) / STEP;
            }
        }
        let scale: Vec<f64> = self
            .figures
            .iter()
            .zip(weights)
            .map(|(figure, weight)| sqrt(weight * figure.share) / noise_of(noise, figure.kind))
            .collect();
        let options = Options {
            loss: Loss::Squared,
            noise: Noise::Known(1.0),
            max_iterations: 10,
            tolerance: 0.02,
            undetermined_above: self.options.undetermined_above,
            ..Options::default()
        };
        let parameters = self.parameters(at);
        let scaled = |column: &[f64], out: &mut [f64], by: f64| {
            for ((out, value), scale) in out.iter_mut().zip(column).zip(&scale) {
                *out = value * scale / by;
            }
        };
        let mut raw = vec![0.0; count];
        let fit = fit_with_jacobian(
            &parameters,
            |values, out| {
                self.residuals(values, &mut raw);
                scaled(&raw, out, 1.0);
            },
            |values, out| {
                let columns = jacobian.chunks_exact(count.max(1)).zip(out.chunks_exact_mut(count.max(1)));
                for ((column, out), value) in columns.zip(values) {
                    scaled(column, out, *value);
                }
            },
            count,
            &options,
        );
        fit.map_err(|error| error.at("deployments"))
    }

    fn of_kind<'a>(&'a self, kind: Kind, values: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.figures
            .iter()
            .zip(values)
            .filter(move |(figure, _)| figure.kind == kind)
            .map(|(_, value)| *value)
    }

    fn refuse_wrong_units(&self, residuals: &[f64]) -> Result<()> {
        for kind in Kind::ALL {
            let median = median(self.of_kind(kind, residuals).collect());
            if median.abs() > WRONG_UNIT {
                let path = self.figures.iter().find(|figure| figure.kind == kind);
                let given = format!("{:.3} times what any such deployment does", crate::units::exp(-median));
                return Err(Error::new(
                    ErrorCode::InvalidValue,
                    path.map_or("deployments", |figure| figure.path.as_str()),
                    "and those like it cannot be of this model on this GPU",
                )
                .given(given)
                .help("give milliseconds and tokens per second of one replica; check model, GPU and parallelism"));
            }
        }
        Ok(())
    }

    /// Residuals less the median of their kind: what all have in common is for the factors to
    /// explain, and makes no outliers.
    fn centred(&self, residuals: &[f64]) -> Vec<f64> {
        let medians = Kind::ALL.map(|kind| median(self.of_kind(kind, residuals).collect()));
        self.figures
            .iter()
            .zip(residuals)
            .map(|(figure, residual)| {
                let kinds = Kind::ALL.iter().zip(medians);
                residual
                    - kinds.filter(|(kind, _)| **kind == figure.kind).map(|(_, median)| median).sum::<f64>()
            })
            .collect()
    }

    /// The noise before anything is fitted: as assumed, or more where measurements scatter more.
    fn first_noise(&self, residuals: &[f64]) -> NoiseByKind {
        let centred = self.centred(residuals);
        Kind::ALL.map(|kind| {
            let sizes: Vec<f64> = self.of_kind(kind, &centred).map(f64::abs).collect();
            kind.assumed_noise().max(1.4826 * median(sizes))
        })
    }

    /// 1.4826 × the median absolute residual of each kind, over the root of the share of the
    /// degrees of freedom that the fit left.
    fn noise(&self, residuals: &[f64], free: f64) -> NoiseByKind {
        Kind::ALL.map(|kind| {
            let sizes: Vec<f64> = self.of_kind(kind, residuals).map(f64::abs).collect();
            if sizes.len() < FEWEST_FOR_NOISE {
                return kind.assumed_noise();
            }
            (1.4826 * median(sizes) / sqrt(free.clamp(0.25, 1.0))).max(self.options.least_noise)
        })
    }

    /// How much each figure counts, at most 1.
    fn weights(&self, residuals: &[f64], noise: &NoiseByKind) -> Vec<f64> {
        self.figures
            .iter()
            .zip(residuals)
            .map(|(figure, residual)| {
                let size = residual / noise_of(noise, figure.kind);
                FREEDOM / (FREEDOM + size * size)
            })
            .collect()
    }

    fn result(
        &self,
        fit: &Fit,
        residuals: &[f64],
        weights: &[f64],
        noise: &NoiseByKind,
        converged: bool,
        has_experts: bool,
    ) -> Calibration {
        let count = self.figures.len();
        let known = |kind: Kind| {
            let enough = self.figures.iter().filter(|figure| figure.kind == kind).count() >= FEWEST_FOR_NOISE;
            enough.then(|| noise_of(noise, kind))
        };
        let of = |names: &[String]| -> Vec<String> {
            let is_factor = |name: &&String| FACTORS.iter().any(|factor| factor.name == name.as_str());
            names.iter().filter(is_factor).cloned().collect()
        };
        let noise = CalibrationNoise {
            itl: known(Kind::Itl).or(known(Kind::LoggedItl)),
            ttft: known(Kind::Ttft).or(known(Kind::LoggedPrompt)),
            throughput: known(Kind::Throughput),
        };
        let ratios = self.ratios.iter().zip(fit.values.iter().skip(COUNT));
        let outliers = weights.iter().filter(|weight| **weight < 1.0 / 3.0).count();
        let errors = errors(&noise, fit.degrees_of_freedom, count, has_experts);
        let value =
            |(factor, value): (&Factor, &f64)| (factor.name.to_owned(), value.clamp(BOUNDS.0, BOUNDS.1));
        Calibration {
            fitted: FittedFactors {
                factors: FACTORS.iter().zip(&fit.values).map(value).collect(),
                errors: Some(errors),
            },
            factors: FACTORS
                .iter()
                .zip(fit.values.iter().zip(&fit.standard_errors))
                .map(|(factor, (value, standard_error))| CalibratedFactor {
                    name: factor.name.to_owned(),
                    value: *value,
                    standard_error: *standard_error,
                    prior_spread: factor.spread,
                })
                .collect(),
            undetermined: of(&fit.undetermined),
            at_bound: of(&fit.at_bound),
            percentile_ratios: ratios
                .map(|((kind, quantile), value)| PercentileRatio {
                    latency: if kind.is_itl() { "itl" } else { "ttft" }.to_owned(),
                    quantile: *quantile,
                    value: *value,
                })
                .collect(),
            errors,
            noise,
            residuals: self
                .figures
                .iter()
                .zip(residuals.iter().zip(weights))
                .map(|(figure, (residual, weight))| CalibrationResidual {
                    path: figure.path.clone(),
                    measured: figure.measured,
                    predicted: figure.measured * crate::units::exp(*residual),
                    log_residual: *residual,
                    weight: *weight,
                })
                .collect(),
            measurements: count as u64,
            outliers: outliers as u64,
            converged,
        }
    }
}

/// 90% intervals: the scatter, wider by what fitted factors leave open: on average over the
/// measurements their variance is the noise's times factors ÷ measurements.
fn errors(noise: &CalibrationNoise, freedom: f64, count: usize, has_experts: bool) -> ErrorModel {
    const NORMAL_95: f64 = 1.644_853_626_951_472_7;
    let fitted = ErrorModel::fitted(has_experts);
    let determined = (count as f64 - freedom).max(0.0);
    let half = |noise: f64| NORMAL_95 * noise * sqrt(1.0 + determined / (count.max(1)) as f64);
    let (itl, ttft) = (noise.itl.map(half), noise.ttft.map(half));
    ErrorModel {
        itl_low: itl.map_or(fitted.itl_low, |half| -half),
        itl_high: itl.unwrap_or(fitted.itl_high),
        ttft_low: ttft.map_or(fitted.ttft_low, |half| -half),
        ttft_high: ttft.unwrap_or(fitted.ttft_high),
    }
}

/// The median; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    let (_, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    *upper
}
