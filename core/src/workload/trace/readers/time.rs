//! Times as logs write them.

use serde::{Deserialize, Serialize};

use super::rows::Clock;
use crate::error::{Error, Result};

/// How a log writes when a request arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// Date and time as in ISO 8601 and RFC 3339, with a `T` or a space between them; UTC where no
    /// offset is written.
    #[default]
    Iso,
    /// Seconds since the Unix epoch, with or without a fraction.
    UnixSeconds,
    /// Milliseconds since the Unix epoch.
    UnixMilliseconds,
    /// Nanoseconds since the Unix epoch.
    UnixNanoseconds,
    /// Seconds since the log's zero.
    Seconds,
    /// Milliseconds since the log's zero.
    Milliseconds,
}

impl TimeFormat {
    pub(super) fn clock(self) -> Clock {
        match self {
            Self::Iso | Self::UnixSeconds | Self::UnixMilliseconds | Self::UnixNanoseconds => Clock::Unix,
            Self::Seconds | Self::Milliseconds => Clock::Log,
        }
    }

    /// Nanoseconds since the epoch or the log's zero.
    pub(super) fn nanoseconds(self, path: impl Fn() -> String, text: &str) -> Result<i64> {
        let text = text.trim();
        let found = match self {
            Self::Iso => iso(text),
            Self::UnixNanoseconds => text.parse::<i64>().ok(),
            Self::UnixSeconds | Self::Seconds => text.parse().ok().and_then(|seconds| scaled(seconds, 1e9)),
            Self::UnixMilliseconds | Self::Milliseconds => {
                text.parse().ok().and_then(|milliseconds| scaled(milliseconds, 1e6))
            }
        };
        let earliest = if self.clock() == Clock::Log { 0 } else { i64::MIN };
        found.filter(|at| *at >= earliest).ok_or_else(|| {
            let allowed = match self {
                Self::Iso => "a time such as 2023-11-16 18:17:03.98 or 2023-11-16T18:17:03Z",
                Self::UnixSeconds => "seconds since 1970",
                Self::UnixMilliseconds => "milliseconds since 1970",
                Self::UnixNanoseconds => "nanoseconds since 1970",
                Self::Seconds => "seconds from 0",
                Self::Milliseconds => "milliseconds from 0",
            };
            Error::invalid(path(), text, allowed)
        })
    }
}

/// Whole nanoseconds, within ±290 years; the fraction is scaled on its own, since nanoseconds since
/// the epoch have more digits than a float.
pub(super) fn scaled(number: f64, nanoseconds: f64) -> Option<i64> {
    let (whole, rest) = (number.trunc() * nanoseconds, (number.fract() * nanoseconds).round());
    ((whole + rest).abs() < 9.2e18).then(|| whole as i64 + rest as i64)
}

fn iso(text: &str) -> Option<i64> {
    let at = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        jiff::tz::Offset::UTC.to_timestamp(civil).ok()
    })?;
    i64::try_from(at.as_nanosecond()).ok()
}
