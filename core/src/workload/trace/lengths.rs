//! Token lengths: moments, percentiles, a lognormal distribution fitted to them and how well it
//! fits, and a sketch of what was seen.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use crate::units::{exp, ln, normal_cdf, sqrt};
use crate::workload::{MAX_TOKENS, TokenDistribution};

/// Token lengths of a trace. Percentiles are nearest-rank, exact up to 1,023 tokens and within one
/// part in 1,024 above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LengthSummary {
    /// Requests that count: those that were completed.
    pub requests: u64,
    /// Mean tokens.
    pub mean_tokens: f64,
    /// Standard deviation over mean; 0 where the mean is.
    pub cv: f64,
    /// Fewest tokens.
    pub min_tokens: u64,
    /// Median tokens.
    pub p50_tokens: u64,
    /// 90th percentile.
    pub p90_tokens: u64,
    /// 95th percentile.
    pub p95_tokens: u64,
    /// 99th percentile.
    pub p99_tokens: u64,
    /// Most tokens.
    pub max_tokens: u64,
    /// Share of requests without a token.
    pub zero_fraction: f64,
    /// The lognormal distribution of the lengths above 0; `None` where they are all alike, too few
    /// (under 10) or spread beyond any lognormal that is accepted.
    pub lognormal: Option<LognormalFit>,
    /// What was seen, as at most the asked number of values with their counts, finer towards both
    /// ends; lengths of 0 count as 1. `None` without requests.
    pub distribution: Option<TokenDistribution>,
}

/// A lognormal distribution fitted by maximum likelihood: mean and deviation of the logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LognormalFit {
    /// Mean of the fitted distribution, in tokens.
    pub mean_tokens: f64,
    /// Standard deviation over mean of the fitted distribution.
    pub cv: f64,
    /// Greatest distance between the fitted and the seen distribution function, 0 to 1
    /// (Kolmogorov–Smirnov): below 0.05 the fit is good, above 0.1 use what was seen.
    pub ks_distance: f64,
}

impl LognormalFit {
    /// The fit as a distribution, cut at so many tokens.
    #[must_use]
    pub fn distribution(&self, max_tokens: u32) -> TokenDistribution {
        TokenDistribution::Lognormal {
            mean_tokens: self.mean_tokens,
            cv: self.cv,
            max_tokens: Some(max_tokens),
        }
    }
}

pub(super) fn summary(lengths: &Histogram, points: u32) -> LengthSummary {
    let mean = lengths.mean();
    let zeros =
        if lengths.least() == 0 { lengths.buckets().next().map_or(0, |first| first.count) } else { 0 };
    LengthSummary {
        requests: lengths.total(),
        mean_tokens: mean,
        cv: if mean > 0.0 { sqrt(lengths.variance()) / mean } else { 0.0 },
        min_tokens: lengths.least(),
        p50_tokens: lengths.quantile(0.5),
        p90_tokens: lengths.quantile(0.9),
        p95_tokens: lengths.quantile(0.95),
        p99_tokens: lengths.quantile(0.99),
        max_tokens: lengths.most(),
        zero_fraction: zeros as f64 / lengths.total().max(1) as f64,
        lognormal: lognormal(lengths),
        distribution: sketch(lengths, points),
    }
}

fn lognormal(lengths: &Histogram) -> Option<LognormalFit> {
    let seen = || lengths.buckets().filter(|bucket| bucket.most > 0);
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for bucket in seen() {
        let (log, times) = (ln(bucket.middle().max(1.0)), bucket.count as f64);
        (count, sum, squares) = (count + times, sum + times * log, squares + times * log * log);
    }
    if count < 10.0 {
        return None;
    }
    let mu = sum / count;
    let variance = squares / count - mu * mu;
    let (mean_tokens, cv) = (exp(mu + variance / 2.0), sqrt((exp(variance) - 1.0).max(0.0)));
    if variance <= 1e-9 || cv > 10.0 || !(1.0..=f64::from(MAX_TOKENS)).contains(&mean_tokens) {
        return None;
    }
    let sigma = sqrt(variance);
    let mut below = 0.0;
    let mut distance: f64 = 0.0;
    for bucket in seen() {
        // Whole tokens stand for the half on either side of them.
        let fitted = |tokens: f64| normal_cdf((ln(tokens) - mu) / sigma);
        distance = distance.max((fitted(bucket.least as f64 - 0.5) - below / count).abs());
        below += bucket.count as f64;
        distance = distance.max((fitted(bucket.most as f64 + 0.5) - below / count).abs());
    }
    Some(LognormalFit { mean_tokens, cv, ks_distance: distance })
}

/// At most `points` values with their counts, each the mean of a group of neighbours; groups are cut
/// at equal steps of the normal score from −3 to 3, so that the tails keep values of their own.
pub(in crate::workload) fn sketch(lengths: &Histogram, points: u32) -> Option<TokenDistribution> {
    if lengths.total() == 0 {
        return None;
    }
    let every = lengths.buckets().count() <= points as usize;
    let total = lengths.total() as f64;
    let edge = |group: u32| {
        let score = -3.0 + 6.0 * f64::from(group) / f64::from(points);
        if group >= points { 1.0 } else { normal_cdf(score) }
    };
    let (mut tokens, mut weights) = (Vec::new(), Vec::new());
    let (mut sum, mut count, mut reached, mut group) = (0.0, 0.0, 0.0, 1);
    for bucket in lengths.buckets() {
        let times = bucket.count as f64;
        (sum, count, reached) = (sum + times * bucket.middle(), count + times, reached + times);
        if every || reached / total >= edge(group) {
            tokens.push(((sum / count).round() as u32).clamp(1, MAX_TOKENS));
            weights.push(count);
            (sum, count) = (0.0, 0.0);
            while group < points && reached / total >= edge(group) {
                group += 1;
            }
        }
    }
    if count > 0.0 {
        tokens.push(((sum / count).round() as u32).clamp(1, MAX_TOKENS));
        weights.push(count);
    }
    Some(TokenDistribution::Empirical { tokens, weights })
}
