//! What a number means: quantiles, dates, and the checks that every quantity at a boundary passes.
//!
//! Units are in the names of fields (`ttft_ms`, `usd_per_hour`, `memory_gib`); the functions here
//! hold their ranges. Transcendental functions go through [`log2`] and friends, never through the
//! platform's, so that every platform returns the same bits.

mod random;
mod student;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorCode, Result};
pub(crate) use random::Random;
pub(crate) use student::{t_quantile, t_two_sided};

/// Hours in a month, as cloud price lists count them (365 × 24 ÷ 12).
pub const HOURS_PER_MONTH: f64 = 730.0;

/// Seconds in an hour.
pub(crate) const HOUR_SECONDS: f64 = 3600.0;

/// Seconds in a day.
pub(crate) const DAY_SECONDS: f64 = 86_400.0;

/// Bytes in a GiB.
pub const BYTES_PER_GIB: f64 = 1_073_741_824.0;

/// Which statistic of a latency a target or a figure is about.
///
/// Read from `"p95"`, `"P95"`, `"95"`, `95` or `0.95` alike; written as `"p95"`. `"mean"` is there
/// for measurements that report nothing but means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Quantile {
    /// The arithmetic mean, which is no quantile: for data that has nothing else.
    Mean,
    /// The median.
    P50,
    /// The 90th percentile.
    P90,
    /// The 95th percentile: the default of every target.
    #[default]
    P95,
    /// The 99th percentile.
    P99,
}

impl Quantile {
    /// All values, the mean first, then ascending.
    pub const ALL: [Self; 5] = [Self::Mean, Self::P50, Self::P90, Self::P95, Self::P99];

    /// The stable spelling: `mean`, `p50`, `p90`, `p95` or `p99`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    /// Reads a quantile from any of its spellings.
    ///
    /// # Errors
    ///
    /// `invalid_value` when the text is none of the five.
    pub fn parse(text: &str) -> Result<Self> {
        let lower = text.trim().to_ascii_lowercase();
        match lower.as_str() {
            "mean" | "average" | "avg" => return Ok(Self::Mean),
            "median" => return Ok(Self::P50),
            _ => {}
        }
        let number = lower.strip_prefix('p').unwrap_or(&lower).trim_end_matches('%').parse::<f64>().ok();
        let percent = number.map(|number| if number < 1.0 { number * 100.0 } else { number });
        let is_level = |level: f64| percent.is_some_and(|percent| (percent - level).abs() < 1e-9);
        [(50.0, Self::P50), (90.0, Self::P90), (95.0, Self::P95), (99.0, Self::P99)]
            .into_iter()
            .find(|(level, _)| is_level(*level))
            .map(|(_, quantile)| quantile)
            .ok_or_else(|| Error::invalid("percentile", text, "p50, p90, p95, p99 or mean"))
    }
}

impl fmt::Display for Quantile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for Quantile {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Quantile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Quantile;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("one of `p50`, `p90`, `p95`, `p99`, `mean`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Quantile, E> {
                Quantile::parse(text).map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> std::result::Result<Quantile, E> {
                Quantile::parse(&number.to_string())
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Float(number), &self))
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> std::result::Result<Quantile, E> {
                Quantile::parse(&number.to_string())
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self))
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> std::result::Result<Quantile, E> {
                Quantile::parse(&number.to_string())
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(number), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Quantile {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantile".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Which statistic of a latency a target or a figure is about. Also read from `95` and `0.95`; always written as `p95`.",
            "enum": ["mean", "p50", "p90", "p95", "p99"],
        })
    }
}

/// A calendar date, written `2026-11-20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// Reads an ISO 8601 calendar date.
    ///
    /// # Errors
    ///
    /// `invalid_value` when the text is not of the form `YYYY-MM-DD` or no such day exists.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = || Error::invalid("", text, "a date of the form 2026-11-20");
        if text.len() != 10 {
            return Err(refuse());
        }
        text.parse::<jiff::civil::Date>().map(Self).map_err(|_| refuse())
    }

    /// The day in UTC of a time in seconds since the Unix epoch; `None` outside the years −9999 to 9999.
    #[must_use]
    pub fn from_unix_seconds(seconds: f64) -> Option<Self> {
        let days = (seconds / DAY_SECONDS).floor();
        if !(-4e6..=4e6).contains(&days) {
            return None;
        }
        let epoch = jiff::civil::date(1970, 1, 1);
        epoch.checked_add(jiff::Span::new().try_days(days as i64).ok()?).ok().map(Self)
    }

    /// Days from `earlier` to this date; negative when this date is before it.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i32 {
        self.0.duration_since(earlier.0).as_hours().div_euclid(24).try_into().unwrap_or(i32::MAX)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| {
            serde::de::Error::invalid_value(
                serde::de::Unexpected::Str(&text),
                &"a date of the form 2026-11-20",
            )
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Date {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CalendarDate".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A calendar date, written `2026-11-20`.",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        })
    }
}

/// Checks that `value` is a finite number above 0 and at most `most`.
///
/// # Errors
///
/// `invalid_value` with the given path otherwise.
pub fn check_positive(path: &str, value: f64, most: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 && value <= most {
        Ok(())
    } else {
        Err(Error::invalid(path, value, format!("a number above 0, at most {most}")))
    }
}

/// Checks that `value` is a finite number from `least` to `most`.
///
/// # Errors
///
/// `invalid_value` with the given path otherwise.
pub fn check_range(path: &str, value: f64, least: f64, most: f64) -> Result<()> {
    if value.is_finite() && value >= least && value <= most {
        Ok(())
    } else {
        Err(Error::invalid(path, value, format!("a number from {least} to {most}")))
    }
}

/// Checks that `value` lies from `least` to `most`.
///
/// # Errors
///
/// `invalid_value` with the given path otherwise.
pub fn check_count(path: &str, value: u64, least: u64, most: u64) -> Result<()> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(Error::invalid(path, value, format!("a whole number from {least} to {most}")))
    }
}

/// Checks that a text is not empty and no longer than `most` bytes.
///
/// # Errors
///
/// `empty` or `too_large` with the given path.
pub fn check_text(path: &str, text: &str, most: usize) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::new(ErrorCode::Empty, path, "is empty"));
    }
    if text.len() > most {
        return Err(Error::new(ErrorCode::TooLarge, path, "is too long")
            .given(format!("{} bytes", text.len()))
            .allowed(format!("at most {most} bytes")));
    }
    Ok(())
}

/// Checks that a name is not empty, no longer than `most` bytes and without control characters.
///
/// # Errors
///
/// `empty`, `too_large` or `invalid_value` with the given path.
pub fn check_name(path: &str, name: &str, most: usize) -> Result<()> {
    check_text(path, name, most)?;
    if name.chars().any(char::is_control) {
        return Err(Error::invalid(path, name, "text without control characters"));
    }
    Ok(())
}

/// The binary logarithm, the same on every platform.
#[must_use]
pub fn log2(value: f64) -> f64 {
    libm::log2(value)
}

/// The exponential function, the same on every platform.
#[must_use]
pub fn exp(value: f64) -> f64 {
    libm::exp(value)
}

/// The natural logarithm, the same on every platform.
#[must_use]
pub fn ln(value: f64) -> f64 {
    libm::log(value)
}

/// The square root, the same on every platform.
#[must_use]
pub fn sqrt(value: f64) -> f64 {
    libm::sqrt(value)
}

/// The cube root, the same on every platform.
#[must_use]
pub fn cbrt(value: f64) -> f64 {
    libm::cbrt(value)
}

/// `base` to the power `exponent`, the same on every platform.
#[must_use]
pub fn powf(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

/// The complementary error function, the same on every platform.
#[must_use]
pub fn erfc(value: f64) -> f64 {
    libm::erfc(value)
}

/// The natural logarithm of 1 + `value`, precise for small values, the same on every platform.
#[must_use]
pub fn ln_1p(value: f64) -> f64 {
    libm::log1p(value)
}

/// e to the power of `value`, less 1, precise for small values, the same on every platform.
#[must_use]
pub fn exp_m1(value: f64) -> f64 {
    libm::expm1(value)
}

/// The sine of an angle in radians, the same on every platform.
#[must_use]
pub fn sin(value: f64) -> f64 {
    libm::sin(value)
}

/// The cosine of an angle in radians, the same on every platform.
#[must_use]
pub fn cos(value: f64) -> f64 {
    libm::cos(value)
}

/// The angle in radians of the point (`x`, `y`), from −π to π, the same on every platform.
#[must_use]
pub fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}

/// The logarithm of the absolute value of the gamma function, the same on every platform.
#[must_use]
pub fn ln_gamma(value: f64) -> f64 {
    libm::lgamma(value)
}

/// `factor` × `other` + `summand`, rounded once, the same on every platform.
#[must_use]
pub fn mul_add(factor: f64, other: f64, summand: f64) -> f64 {
    libm::fma(factor, other, summand)
}

/// The standard normal distribution function.
#[must_use]
pub fn normal_cdf(value: f64) -> f64 {
    erfc(-value * std::f64::consts::FRAC_1_SQRT_2) / 2.0
}

/// The quantile of the standard normal distribution at `probability`, clamped to ±38: found by
/// halving on [`normal_cdf`] to the last bit but a few, so neither fast nor approximate.
#[must_use]
pub fn normal_quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (-38.0, 38.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if normal_cdf(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// The smallest whole number that is at least `value`, forgiving one part in 10¹² of rounding, so
/// that 1.1 × 3 ÷ 1.1 is 3 and not 4.
#[must_use]
pub fn ceil_forgiving(value: f64) -> f64 {
    libm::ceil(value - value.abs() * 1e-12)
}

/// A text with its first letter in upper case.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_read_every_spelling() {
        for text in ["\"p95\"", "\"P95\"", "95", "0.95", "\"95\""] {
            assert_eq!(serde_json::from_str::<Quantile>(text).unwrap(), Quantile::P95, "{text}");
        }
        assert_eq!(serde_json::to_string(&Quantile::P99).unwrap(), "\"p99\"");
        for text in ["42", "\"p100\"", "-95", "\"\"", "null", "[]"] {
            assert!(serde_json::from_str::<Quantile>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_count_days() {
        let day = |text| Date::parse(text).unwrap();
        assert_eq!(day("2025-01-11").days_since(day("2024-11-27")), 45);
        assert_eq!(day("2024-11-27").days_since(day("2025-01-11")), -45);
        for text in ["2025-02-30", "20250211", "2025-2-1", "", "2025-02-10T00:00"] {
            assert!(Date::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ceiling_forgives_rounding() {
        assert_eq!(ceil_forgiving(1.1 * 3.0 / 1.1), 3.0);
        assert_eq!(ceil_forgiving(3.0001), 4.0);
        assert_eq!(ceil_forgiving(12.0 / 4.0), 3.0);
    }
}
