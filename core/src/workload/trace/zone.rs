//! Local time by offsets from UTC that change: the core knows no time zones, so whoever does gives the
//! changes within the span of the traffic, and hours of the day and days of the week follow the
//! clock on the wall through every change of it.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::units::{HOUR_SECONDS, check_range};

/// The most offsets: ten years of two changes each would be 21, and no zone ever had so many.
const MOST_OFFSETS: usize = 1000;
/// The greatest offset either way, in seconds: 18 hours, as in ISO 8601 libraries.
const MOST_SECONDS: i32 = 64_800;

/// An offset of local time from UTC, and since when it holds.
///
/// A list of them stands for a time zone over the span of some traffic: each holds until the next
/// begins, the first also before it, the last for ever after. For Berlin in 2026:
///
/// ```
/// use sizewell::workload::UtcOffset;
/// let berlin = [
///     UtcOffset { from_seconds: 1_761_440_400.0, offset_seconds: 3600 }, // 26 October 2025, 01:00 UTC
///     UtcOffset { from_seconds: 1_774_746_000.0, offset_seconds: 7200 }, // 29 March 2026, 01:00 UTC
///     UtcOffset { from_seconds: 1_792_890_000.0, offset_seconds: 3600 }, // 25 October 2026, 01:00 UTC
/// ];
/// # assert_eq!(berlin.len(), 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UtcOffset {
    /// When it begins to hold, in seconds since the Unix epoch.
    pub from_seconds: f64,
    /// Local time less UTC, in seconds, −64,800 to 64,800: 7200 for two hours east.
    pub offset_seconds: i32,
}

/// The clock on the wall: seconds since the Unix epoch to local hours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LocalClock {
    /// At least one, ascending.
    first: UtcOffset,
    rest: Vec<UtcOffset>,
}

/// A stretch of time within one local hour, during which the offset stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LocalHour {
    /// Hours since the local epoch.
    pub hour: i64,
    /// When the stretch begins and ends, in seconds since the Unix epoch: an hour, unless the offset
    /// changes within it.
    pub from_seconds: f64,
    pub to_seconds: f64,
}

impl LocalClock {
    /// From a fixed offset, or a list of offsets where one is given.
    ///
    /// # Errors
    ///
    /// `invalid_value` at `utc_offset_minutes` or `utc_offsets[…]` for an offset above 18 hours or
    /// times that don't ascend; `contradiction` where both are given; `too_large` for over a thousand.
    pub(crate) fn new(utc_offset_minutes: i32, utc_offsets: &[UtcOffset]) -> Result<Self> {
        if !(-1080..=1080).contains(&utc_offset_minutes) {
            let allowed = "a whole number from -1080 to 1080";
            return Err(Error::invalid("utc_offset_minutes", utc_offset_minutes, allowed));
        }
        let Some((first, rest)) = utc_offsets.split_first() else {
            let first = UtcOffset { from_seconds: 0.0, offset_seconds: utc_offset_minutes * 60 };
            return Ok(Self { first, rest: Vec::new() });
        };
        if utc_offset_minutes != 0 {
            return Err(Error::new(
                ErrorCode::Contradiction,
                "utc_offsets",
                "are given besides one fixed offset",
            )
            .given(format!("utc_offset_minutes {utc_offset_minutes}"))
            .allowed("either of the two"));
        }
        if utc_offsets.len() > MOST_OFFSETS {
            return Err(Error::new(ErrorCode::TooLarge, "utc_offsets", "has too many offsets")
                .given(utc_offsets.len())
                .allowed(format!("at most {MOST_OFFSETS}")));
        }
        let mut before = f64::NEG_INFINITY;
        for (index, offset) in utc_offsets.iter().enumerate() {
            let path = |field: &str| format!("utc_offsets[{index}].{field}");
            check_range(&path("from_seconds"), offset.from_seconds, -1e12, 1e12)?;
            if offset.from_seconds <= before {
                let allowed = "later than the offset before it";
                return Err(Error::invalid(path("from_seconds"), offset.from_seconds, allowed));
            }
            if !(-MOST_SECONDS..=MOST_SECONDS).contains(&offset.offset_seconds) {
                let allowed = format!("a whole number from -{MOST_SECONDS} to {MOST_SECONDS}");
                return Err(Error::invalid(path("offset_seconds"), offset.offset_seconds, allowed));
            }
            before = offset.from_seconds;
        }
        Ok(Self { first: *first, rest: rest.to_vec() })
    }

    /// Local time less UTC in seconds, since when and until when.
    fn held(&self, time_seconds: f64) -> (i32, f64, f64) {
        let passed = self.rest.partition_point(|offset| offset.from_seconds <= time_seconds);
        let until = self.rest.get(passed).map_or(f64::INFINITY, |offset| offset.from_seconds);
        match passed.checked_sub(1).and_then(|index| self.rest.get(index)) {
            Some(offset) => (offset.offset_seconds, offset.from_seconds, until),
            None => (self.first.offset_seconds, f64::NEG_INFINITY, until),
        }
    }

    /// Local time less UTC at a time, in seconds.
    pub(crate) fn offset_seconds(&self, time_seconds: f64) -> i32 {
        self.held(time_seconds).0
    }

    /// The local hour that holds at a time.
    pub(crate) fn hour(&self, time_seconds: f64) -> LocalHour {
        let (offset, since, until) = self.held(time_seconds);
        let offset = f64::from(offset);
        let hour = ((time_seconds + offset) / HOUR_SECONDS).floor();
        LocalHour {
            hour: hour as i64,
            from_seconds: (hour * HOUR_SECONDS - offset).max(since),
            to_seconds: ((hour + 1.0) * HOUR_SECONDS - offset).min(until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(from_seconds: f64, offset_seconds: i32) -> UtcOffset {
        UtcOffset { from_seconds, offset_seconds }
    }

    #[test]
    fn hours_follow_the_clock_on_the_wall() {
        // Berlin, 29 March 2026: after 01:59:59 comes 03:00:00; the hour from two to three is not there.
        let change = 1_774_746_000.0;
        let clock = LocalClock::new(0, &[offset(0.0, 3600), offset(change, 7200)]).unwrap();
        let (before, after) = (clock.hour(change - 1.0), clock.hour(change));
        assert_eq!((before.hour.rem_euclid(24), after.hour.rem_euclid(24)), (1, 3));
        assert_eq!(
            (before.to_seconds, after.from_seconds, after.to_seconds),
            (change, change, change + 3600.0)
        );
        // Lord Howe Island turns its clock by half an hour: an hour of thirty minutes.
        let half = LocalClock::new(0, &[offset(0.0, 39_600), offset(7200.0 - 1800.0, 37_800)]).unwrap();
        let cut = half.hour(5000.0);
        assert_eq!(cut.to_seconds - cut.from_seconds, 1800.0);
        // The first offset also holds before it begins.
        assert_eq!(half.offset_seconds(-1e9), 39_600);
        assert_eq!(LocalClock::new(-330, &[]).unwrap().offset_seconds(1e9), -19_800);
    }

    #[test]
    fn impossible_offsets_are_refused() {
        let path = |minutes: i32, offsets: &[UtcOffset]| {
            LocalClock::new(minutes, offsets).unwrap_err().path().to_owned()
        };
        assert_eq!(path(1081, &[]), "utc_offset_minutes");
        assert_eq!(path(60, &[offset(0.0, 0)]), "utc_offsets");
        assert_eq!(path(0, &[offset(5.0, 0), offset(5.0, 1)]), "utc_offsets[1].from_seconds");
        assert_eq!(path(0, &[offset(f64::NAN, 0)]), "utc_offsets[0].from_seconds");
        assert_eq!(path(0, &[offset(0.0, 70_000)]), "utc_offsets[0].offset_seconds");
        let many: Vec<UtcOffset> = (0..1001).map(|index| offset(f64::from(index), 0)).collect();
        assert_eq!(path(0, &many), "utc_offsets");
    }
}
