//! Little's law, *L = λW*, each way: it holds for any system in steady state, whatever the
//! arrivals, the service or the order of it.
//!
//! Source: J. D. C. Little, "A Proof for the Queuing Formula: L = λW", Operations Research 9
//! (1961) 383–387.

use crate::{
    error::{Error, Result},
    units::check_range,
};

/// The mean number present, from the rate through the system per second and the mean time in it.
///
/// ```
/// use sizewell::queueing::closed_form::number_present;
/// assert_eq!(number_present(4.0, 2.5)?, 10.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` when a number is negative or not finite, or the answer is beyond `f64`.
pub fn number_present(rate_per_second: f64, time_seconds: f64) -> Result<f64> {
    check_range("rate_per_second", rate_per_second, 0.0, f64::MAX)?;
    check_range("time_seconds", time_seconds, 0.0, f64::MAX)?;
    finite("time_seconds", time_seconds, rate_per_second * time_seconds)
}

/// The mean time in the system, from the mean number present and the rate through the system.
///
/// ```
/// use sizewell::queueing::closed_form::time_present_seconds;
/// assert_eq!(time_present_seconds(10.0, 4.0)?, 2.5);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` when a number is negative or not finite, the rate is 0, or the answer is
/// beyond `f64`.
pub fn time_present_seconds(number: f64, rate_per_second: f64) -> Result<f64> {
    check_range("number", number, 0.0, f64::MAX)?;
    crate::units::check_positive("rate_per_second", rate_per_second, f64::MAX)?;
    finite("rate_per_second", rate_per_second, number / rate_per_second)
}

/// The rate through the system per second, from the mean number present and the mean time in it.
///
/// ```
/// use sizewell::queueing::closed_form::rate_through_per_second;
/// assert_eq!(rate_through_per_second(10.0, 2.5)?, 4.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` when a number is negative or not finite, the time is 0, or the answer is
/// beyond `f64`.
pub fn rate_through_per_second(number: f64, time_seconds: f64) -> Result<f64> {
    check_range("number", number, 0.0, f64::MAX)?;
    crate::units::check_positive("time_seconds", time_seconds, f64::MAX)?;
    finite("time_seconds", time_seconds, number / time_seconds)
}

fn finite(path: &str, given: f64, answer: f64) -> Result<f64> {
    if answer.is_finite() {
        Ok(answer)
    } else {
        Err(Error::invalid(path, given, "a number whose answer is below 1.8e308"))
    }
}
