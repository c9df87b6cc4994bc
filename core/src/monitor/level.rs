//! Levels that do not flap: each is a latch that is closed and opened only after a condition has
//! held for a while, and the two conditions lie apart.

use serde::{Deserialize, Serialize};

use super::reading::check_time;
use super::threshold::{AlertPolicy, Thresholds};
use crate::error::Result;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    /// Below the warning.
    #[default]
    Normal,
    /// At or above the warning.
    Warning,
    /// At or above what is critical.
    Critical,
}

impl AlertLevel {
    /// Every level, the least bad first.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Warning, Self::Critical];

    /// The stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The level of one value, whatever came before.
    #[must_use]
    pub fn of(value: f64, thresholds: &Thresholds) -> Self {
        if value >= thresholds.critical {
            Self::Critical
        } else if value >= thresholds.warning {
            Self::Warning
        } else {
            Self::Normal
        }
    }
}

/// What should be done about capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ScalingAdvice {
    /// Nothing.
    #[default]
    Hold,
    /// Add some.
    Up,
    /// Some may be taken away.
    Down,
}

impl ScalingAdvice {
    /// The stable spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// Open or closed, and since when the condition for the other has held.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct LevelLatch {
    /// Whether it is closed.
    pub closed: bool,
    /// When it last changed, in seconds since the Unix epoch; none where it never has.
    pub changed_seconds: Option<f64>,
    /// Since when what would change it has held; none where it does not.
    pub pending_seconds: Option<f64>,
}

impl LevelLatch {
    /// Takes in whether, at a time, the condition holds that would change it, and for how long it
    /// must.
    fn step(&mut self, at_seconds: f64, condition: bool, hold_seconds: f64) {
        if !condition {
            self.pending_seconds = None;
            return;
        }
        let since = *self.pending_seconds.get_or_insert(at_seconds);
        if at_seconds - since >= hold_seconds {
            self.closed = !self.closed;
            self.changed_seconds = Some(at_seconds);
            self.pending_seconds = None;
        }
    }
}

/// The latches of one metric of one service.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct LevelLatches {
    /// Closed from the warning on.
    pub warning: LevelLatch,
    /// Closed from what is critical on.
    pub critical: LevelLatch,
    /// Closed while capacity should be added.
    pub scale_up: LevelLatch,
    /// Closed while capacity may be taken away.
    pub scale_down: LevelLatch,
}

impl LevelLatches {
    /// Takes in a value. Times never go back.
    ///
    /// A level that was reached stands until the value has been below its threshold by the margin
    /// for the whole of `clear_after_seconds`; so two changes back to normal are at least that far
    /// apart, whatever the values do. A scale down that was advised falls at once when the value
    /// rises by the margin: keeping capacity is the safe side.
    pub(super) fn step(
        &mut self,
        at_seconds: f64,
        value: f64,
        thresholds: &Thresholds,
        policy: &AlertPolicy,
    ) {
        let rising = |latch: &mut LevelLatch, threshold: f64| {
            if latch.closed {
                let back = value < threshold * (1.0 - policy.margin);
                latch.step(at_seconds, back, policy.clear_after_seconds);
            } else {
                latch.step(at_seconds, value >= threshold, policy.raise_after_seconds);
            }
        };
        rising(&mut self.warning, thresholds.warning);
        rising(&mut self.critical, thresholds.critical);
        match thresholds.scale_up {
            Some(threshold) => rising(&mut self.scale_up, threshold),
            None => self.scale_up = LevelLatch::default(),
        }
        match thresholds.scale_down {
            Some(threshold) if self.scale_down.closed => {
                self.scale_down.step(at_seconds, value > threshold * (1.0 + policy.margin), 0.0);
            }
            Some(threshold) => {
                self.scale_down.step(at_seconds, value <= threshold, policy.clear_after_seconds);
            }
            None => self.scale_down = LevelLatch::default(),
        }
    }

    /// Refuses times that are none.
    pub(super) fn check(&self) -> Result<()> {
        for latch in [self.warning, self.critical, self.scale_up, self.scale_down] {
            for time in [latch.changed_seconds, latch.pending_seconds].into_iter().flatten() {
                check_time("changed_seconds", time)?;
            }
        }
        Ok(())
    }

    /// The level that stands.
    #[must_use]
    pub fn level(&self) -> AlertLevel {
        if self.critical.closed {
            AlertLevel::Critical
        } else if self.warning.closed {
            AlertLevel::Warning
        } else {
            AlertLevel::Normal
        }
    }

    /// When the level that stands was reached; none where it is normal.
    #[must_use]
    pub fn since_seconds(&self) -> Option<f64> {
        match self.level() {
            AlertLevel::Normal => None,
            AlertLevel::Warning => self.warning.changed_seconds,
            AlertLevel::Critical => self.critical.changed_seconds,
        }
    }

    /// What should be done about capacity.
    #[must_use]
    pub fn scaling(&self) -> ScalingAdvice {
        if self.scale_up.closed {
            ScalingAdvice::Up
        } else if self.scale_down.closed {
            ScalingAdvice::Down
        } else {
            ScalingAdvice::Hold
        }
    }
}
