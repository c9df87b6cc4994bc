//! When requests come: a rate, how it varies over the day, and how bursty arrivals are around it.

use serde::{Deserialize, Serialize};

use super::{MAX_QPS, MIN_QPS};
use crate::error::{Error, ErrorCode, Result};
use crate::units::check_range;

/// The largest index of dispersion that is accepted.
pub const MAX_DISPERSION: f64 = 100.0;
/// The most slices that a day may be cut into.
pub const MAX_SLICES: usize = 96;

/// Arrivals of requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ArrivalProcess {
    /// Mean rate, per second.
    pub requests_per_second: f64,
    /// Variance over mean of the number of requests in long intervals: 1 for Poisson arrivals,
    /// above 1 for bursts, at most 100. Above 1 the times between arrivals are independent and
    /// gamma distributed with this squared coefficient of variation, the process of vLLM's
    /// `--burstiness` (its value is one over this) and of BurstGPT.
    #[serde(default = "poisson")]
    pub dispersion: f64,
    /// How the rate varies over the day (or any other period) in slices, each long enough for a
    /// steady state; empty for a constant rate. What is predicted is the mixture over requests.
    #[serde(default)]
    pub slices: Vec<RateSlice>,
}

/// A part of the day with a rate of its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RateSlice {
    /// Length of the slice relative to the others; any positive number.
    pub duration_weight: f64,
    /// Rate in the slice relative to the others. Rates are scaled so that the mean over the day is
    /// `requests_per_second`.
    pub rate_weight: f64,
}

fn poisson() -> f64 {
    1.0
}

impl ArrivalProcess {
    /// Poisson arrivals at a constant rate.
    #[must_use]
    pub fn poisson(requests_per_second: f64) -> Self {
        Self { requests_per_second, dispersion: 1.0, slices: Vec::new() }
    }

    /// Bursty arrivals at a constant rate.
    #[must_use]
    pub fn bursty(requests_per_second: f64, dispersion: f64) -> Self {
        Self { requests_per_second, dispersion, slices: Vec::new() }
    }

    /// Checks every value.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a rate not from [`MIN_QPS`] to [`MAX_QPS`] per second, a dispersion not
    /// from 1 to 100, weights of slices that are negative, not finite or all zero; `too_large` for
    /// more than 96 slices.
    pub fn check(&self) -> Result<()> {
        check_range("requests_per_second", self.requests_per_second, MIN_QPS, MAX_QPS)?;
        check_range("dispersion", self.dispersion, 1.0, MAX_DISPERSION)?;
        if self.slices.len() > MAX_SLICES {
            return Err(Error::new(ErrorCode::TooLarge, "slices", "has too many slices")
                .given(self.slices.len())
                .allowed(format!("at most {MAX_SLICES}")));
        }
        for (index, slice) in self.slices.iter().enumerate() {
            check_range(&format!("slices[{index}].duration_weight"), slice.duration_weight, 1e-9, 1e9)?;
            check_range(&format!("slices[{index}].rate_weight"), slice.rate_weight, 0.0, 1e9)?;
        }
        if !self.slices.is_empty() && self.slices.iter().all(|slice| slice.rate_weight == 0.0) {
            return Err(Error::invalid("slices", 0, "at least one slice with a rate above 0"));
        }
        Ok(())
    }

    /// The rate of each slice, per second, with the share of all requests that come in it; one
    /// entry for a constant rate, none for slices without requests.
    pub fn rates(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let duration: f64 = self.slices.iter().map(|slice| slice.duration_weight).sum();
        let requests: f64 = self.slices.iter().map(|slice| slice.duration_weight * slice.rate_weight).sum();
        let constant = self.slices.is_empty().then_some((self.requests_per_second, 1.0));
        let slices = self.slices.iter().filter(|slice| slice.rate_weight > 0.0).map(move |slice| {
            let share = slice.duration_weight * slice.rate_weight / requests;
            (self.requests_per_second * share * duration / slice.duration_weight, share)
        });
        constant.into_iter().chain(slices)
    }
}
