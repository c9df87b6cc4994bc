//! How long requests are: token lengths as distributions, and the mix of request classes that ties
//! prompts and answers together.

use serde::{Deserialize, Serialize};

use super::{MAX_TOKENS, Trace};
use crate::error::{Error, ErrorCode, Result};
use crate::units::{check_count, check_positive, check_range, exp, ln, normal_cdf, normal_quantile, sqrt};

/// The most values that an empirical distribution may have.
pub const MAX_EMPIRICAL_VALUES: usize = 1_000_000;
/// The most classes that a mix may have.
pub const MAX_CLASSES: usize = 256;

/// Tokens of a prompt or an answer, as a distribution over requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TokenDistribution {
    /// Every request alike: what benchmark tools send by default.
    Constant {
        /// Tokens, from 1.
        tokens: u32,
    },
    /// Lognormal: the usual shape of chat traffic.
    Lognormal {
        /// Mean before the cut at `max_tokens`, from 1.
        mean_tokens: f64,
        /// Standard deviation over mean, 0 to 10. See [`TokenDistribution::lognormal_with_p95`].
        cv: f64,
        /// Longer values are cut to this many tokens, as an engine cuts answers and a gateway
        /// prompts; `None` for ten million.
        #[serde(default)]
        max_tokens: Option<u32>,
    },
    /// Values that were seen, or a histogram of them.
    Empirical {
        /// The values, each from 1, in any order.
        tokens: Vec<u32>,
        /// How often each was seen; empty for once each.
        #[serde(default)]
        weights: Vec<f64>,
    },
}

impl TokenDistribution {
    /// A lognormal distribution with the given mean and 95th percentile.
    ///
    /// With `σ` the standard deviation of the logarithm, `ln(p95 / mean) = 1.645 σ − σ² / 2`; of
    /// the two solutions the one with the smaller `σ` is meant.
    ///
    /// ```
    /// use sizewell::workload::TokenDistribution;
    /// let lengths = TokenDistribution::lognormal_with_p95(500.0, 1200.0)?;
    /// assert!((lengths.quantiles()?.at(0.95) / 1200.0 - 1.0).abs() < 1e-6);
    /// # Ok::<(), sizewell::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid_value` where the mean is not from 1 to ten million, or the percentile not from the
    /// mean to 3.86 times the mean, above which no lognormal distribution has it.
    pub fn lognormal_with_p95(mean_tokens: f64, p95_tokens: f64) -> Result<Self> {
        check_range("mean_tokens", mean_tokens, 1.0, f64::from(MAX_TOKENS))?;
        let z = normal_quantile(0.95);
        check_range("p95_tokens", p95_tokens, mean_tokens, mean_tokens * 3.86)?;
        let sigma = z - sqrt((z * z - 2.0 * ln(p95_tokens / mean_tokens)).max(0.0));
        Ok(Self::Lognormal { mean_tokens, cv: sqrt(exp(sigma * sigma) - 1.0), max_tokens: None })
    }

    /// Checks every value.
    ///
    /// # Errors
    ///
    /// `invalid_value` for lengths that are not from 1 to ten million tokens, a `cv` not from 0 to
    /// 10, weights that are negative, not finite or all zero; `empty` for no values; `too_large`
    /// for more than a million; `contradiction` for weights that are not as many as the values.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Constant { tokens } => check_count("tokens", (*tokens).into(), 1, MAX_TOKENS.into()),
            Self::Lognormal { mean_tokens, cv, max_tokens } => {
                check_range("mean_tokens", *mean_tokens, 1.0, f64::from(MAX_TOKENS))?;
                check_range("cv", *cv, 0.0, 10.0)?;
                max_tokens.map_or(Ok(()), |most| check_count("max_tokens", most.into(), 1, MAX_TOKENS.into()))
            }
            Self::Empirical { tokens, weights } => check_values(tokens, weights),
        }
    }

    /// The distribution made ready to be asked for quantiles.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn quantiles(&self) -> Result<TokenQuantiles> {
        self.check()?;
        Ok(TokenQuantiles(match self {
            Self::Constant { tokens } => Form::Values(vec![(f64::from(*tokens), 1.0)]),
            Self::Lognormal { mean_tokens, cv, max_tokens } => {
                let variance = ln(1.0 + cv * cv);
                Form::Lognormal {
                    mu: ln(*mean_tokens) - variance / 2.0,
                    sigma: sqrt(variance),
                    most: f64::from(max_tokens.unwrap_or(MAX_TOKENS)),
                }
            }
            Self::Empirical { tokens, weights } => Form::Values(merged(tokens, weights)),
        }))
    }
}

fn check_values(tokens: &[u32], weights: &[f64]) -> Result<()> {
    if tokens.is_empty() {
        return Err(Error::new(ErrorCode::Empty, "tokens", "has no values"));
    }
    if tokens.len() > MAX_EMPIRICAL_VALUES {
        return Err(Error::new(ErrorCode::TooLarge, "tokens", "has too many values")
            .given(tokens.len())
            .allowed(format!("at most {MAX_EMPIRICAL_VALUES}")));
    }
    if !weights.is_empty() && weights.len() != tokens.len() {
        return Err(Error::new(ErrorCode::Contradiction, "weights", "are not as many as the values")
            .given(weights.len())
            .allowed(format!("none, or {}", tokens.len())));
    }
    for (index, value) in tokens.iter().enumerate() {
        check_count(&format!("tokens[{index}]"), (*value).into(), 1, MAX_TOKENS.into())?;
    }
    for (index, weight) in weights.iter().enumerate() {
        check_range(&format!("weights[{index}]"), *weight, 0.0, 1e12)?;
    }
    if !weights.is_empty() {
        check_positive("weights", weights.iter().sum(), 1e18)?;
    }
    Ok(())
}

/// The distinct values in ascending order with their shares.
fn merged(tokens: &[u32], weights: &[f64]) -> Vec<(f64, f64)> {
    let mut pairs: Vec<(u32, f64)> = if weights.is_empty() {
        tokens.iter().map(|value| (*value, 1.0)).collect()
    } else {
        tokens.iter().copied().zip(weights.iter().copied()).collect()
    };
    pairs.sort_by_key(|pair| pair.0);
    let total: f64 = pairs.iter().map(|pair| pair.1).sum();
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (value, weight) in pairs.into_iter().filter(|pair| pair.1 > 0.0) {
        match merged.last_mut() {
            Some(last) if last.0 == f64::from(value) => last.1 += weight / total,
            _ => merged.push((f64::from(value), weight / total)),
        }
    }
    merged
}

/// A [`TokenDistribution`] that answers for quantiles; from [`TokenDistribution::quantiles`].
#[derive(Debug, Clone, PartialEq)]
pub struct TokenQuantiles(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Values(Vec<(f64, f64)>),
    Lognormal { mu: f64, sigma: f64, most: f64 },
}

impl TokenQuantiles {
    /// The length that a share `probability` of requests does not exceed, at least 1; a fraction
    /// of a token where the distribution is continuous.
    #[must_use]
    pub fn at(&self, probability: f64) -> f64 {
        match &self.0 {
            Form::Values(values) => {
                let mut reached = 0.0;
                let found = values.iter().find(|(_, weight)| {
                    reached += weight;
                    reached >= probability
                });
                found.or(values.last()).map_or(1.0, |pair| pair.0)
            }
            Form::Lognormal { mu, sigma, most } => {
                exp(mu + sigma * normal_quantile(probability.clamp(1e-12, 1.0 - 1e-12))).clamp(1.0, *most)
            }
        }
    }

    /// Values with shares that sum to 1, in ascending order: the distribution itself where it is
    /// discrete, else a quadrature that is equidistant in the logarithm over ±5 standard
    /// deviations (the trapezoidal rule, which converges exponentially for a normal density).
    #[must_use]
    pub fn discrete(&self) -> Vec<(f64, f64)> {
        const NODES: u32 = 200;
        const REACH: f64 = 5.0;
        match &self.0 {
            Form::Values(values) => values.clone(),
            Form::Lognormal { mu, sigma, most } => {
                let step = 2.0 * REACH / f64::from(NODES);
                let total = 1.0 - 2.0 * normal_cdf(-REACH);
                (0..NODES)
                    .map(|index| {
                        let low = -REACH + step * f64::from(index);
                        let weight = (normal_cdf(low + step) - normal_cdf(low)) / total;
                        (exp(mu + sigma * (low + step / 2.0)).clamp(1.0, *most), weight)
                    })
                    .collect()
            }
        }
    }
}

/// Requests of one kind: prompt and answer vary independently of one another within it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestClass {
    /// How often the class comes relative to the others; any positive number.
    #[serde(default = "one")]
    pub weight: f64,
    /// Tokens of the prompt.
    pub input: TokenDistribution,
    /// Tokens of the answer.
    pub output: TokenDistribution,
}

fn one() -> f64 {
    1.0
}

/// All requests: a mixture of classes, through which prompts and answers may go together (long
/// prompts with short answers, say).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestMix {
    /// The classes, at least one.
    pub classes: Vec<RequestClass>,
    /// Share of each prompt's tokens that is found in the prefix cache, 0 to 1: they count as
    /// context, not as work. At least one token of a prompt is always work.
    #[serde(default)]
    pub prefix_hit_fraction: f64,
}

impl RequestMix {
    /// Requests that are all alike.
    #[must_use]
    pub fn constant(input_tokens: u32, output_tokens: u32) -> Self {
        Self::single(
            TokenDistribution::Constant { tokens: input_tokens },
            TokenDistribution::Constant { tokens: output_tokens },
        )
    }

    /// Requests of one class.
    #[must_use]
    pub fn single(input: TokenDistribution, output: TokenDistribution) -> Self {
        Self { classes: vec![RequestClass { weight: 1.0, input, output }], prefix_hit_fraction: 0.0 }
    }

    /// The lengths of a trace: eight classes by the length of the answer, each with the prompts and
    /// answers that were seen in it, so that their correlation is kept.
    ///
    /// # Errors
    ///
    /// `empty` for a trace without requests; `contradiction` for columns of different lengths;
    /// `invalid_value` for lengths that are not from 1 to ten million tokens.
    pub fn from_trace(trace: &Trace) -> Result<Self> {
        const GROUPS: usize = 8;
        if trace.input_tokens.len() != trace.output_tokens.len() {
            return Err(Error::new(
                ErrorCode::Contradiction,
                "output_tokens",
                "is not as long as the prompts",
            )
            .given(trace.output_tokens.len())
            .allowed(trace.input_tokens.len().to_string()));
        }
        let mut pairs: Vec<(u32, u32)> =
            trace.output_tokens.iter().copied().zip(trace.input_tokens.iter().copied()).collect();
        pairs.sort_unstable();
        let empirical = |tokens: Vec<u32>| TokenDistribution::Empirical { tokens, weights: Vec::new() };
        let classes = pairs
            .chunks(pairs.len().div_ceil(GROUPS).max(1))
            .map(|chunk| RequestClass {
                weight: chunk.len() as f64,
                input: empirical(chunk.iter().map(|pair| pair.1).collect()),
                output: empirical(chunk.iter().map(|pair| pair.0).collect()),
            })
            .collect();
        let mix = Self { classes, prefix_hit_fraction: 0.0 };
        mix.check()?;
        Ok(mix)
    }

    /// Checks every value.
    ///
    /// # Errors
    ///
    /// `empty` for no classes, `too_large` for more than 256, `invalid_value` for a weight that is
    /// not positive or a hit rate not from 0 to 1, and what [`TokenDistribution::check`] finds.
    pub fn check(&self) -> Result<()> {
        if self.classes.is_empty() {
            return Err(Error::new(ErrorCode::Empty, "classes", "has no classes"));
        }
        if self.classes.len() > MAX_CLASSES {
            return Err(Error::new(ErrorCode::TooLarge, "classes", "has too many classes")
                .given(self.classes.len())
                .allowed(format!("at most {MAX_CLASSES}")));
        }
        check_range("prefix_hit_fraction", self.prefix_hit_fraction, 0.0, 1.0)?;
        for (index, class) in self.classes.iter().enumerate() {
            let path = |field: &str| format!("classes[{index}].{field}");
            check_positive(&path("weight"), class.weight, 1e12)?;
            class.input.check().map_err(|error| error.within(&path("input")))?;
            class.output.check().map_err(|error| error.within(&path("output")))?;
        }
        Ok(())
    }
}
