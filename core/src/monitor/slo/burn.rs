//! How fast an error budget burns, over several windows at once.
//!
//! Windows, factors and the rule that a short window must agree with a long one are those of *The
//! Site Reliability Workbook* (B. Beyer et al., O'Reilly 2018), chapter 5, "Alerting on SLOs",
//! section "Multiwindow, Multi-Burn-Rate Alerts": a page at 14.4 over 1 hour and 5 minutes (2% of a
//! 30-day budget) or at 6 over 6 hours and 30 minutes (5%), a ticket at 1 over 3 days and 6 hours
//! (10%).

use serde::{Deserialize, Serialize};

use super::budget::EventColumns;
use crate::error::{Error, ErrorCode, Result};
use crate::units::{HOUR_SECONDS, check_positive, check_range};

/// Who is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BurnSeverity {
    /// Somebody on call, at once.
    Page,
    /// Somebody, within days.
    Ticket,
}

/// When to tell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BurnRule {
    /// Whom.
    pub severity: BurnSeverity,
    /// Share of the period's budget that is spent over the long window when the rule fires, above 0,
    /// at most 1. The burn rate to be reached is this × period ÷ window.
    pub budget_fraction: f64,
    /// The long window, in seconds: what is said is of some weight.
    pub long_seconds: f64,
    /// The short window, in seconds: it is still so.
    pub short_seconds: f64,
    /// Fewest events in the long window of which anything is said: with few requests, one failure
    /// burns fast. Default: 10.
    #[serde(default = "ten")]
    pub least_events: f64,
}

fn ten() -> f64 {
    10.0
}

impl BurnRule {
    /// The three of the workbook.
    #[must_use]
    pub const fn usual() -> [Self; 3] {
        [
            Self::of(BurnSeverity::Page, 0.02, HOUR_SECONDS, 300.0),
            Self::of(BurnSeverity::Page, 0.05, 6.0 * HOUR_SECONDS, 1800.0),
            Self::of(BurnSeverity::Ticket, 0.10, 72.0 * HOUR_SECONDS, 6.0 * HOUR_SECONDS),
        ]
    }

    const fn of(severity: BurnSeverity, budget_fraction: f64, long_seconds: f64, short_seconds: f64) -> Self {
        Self { severity, budget_fraction, long_seconds, short_seconds, least_events: 10.0 }
    }

    pub(super) fn check(&self, period_seconds: f64) -> Result<()> {
        check_range("budget_fraction", self.budget_fraction, 1e-6, 1.0)?;
        check_positive("long_seconds", self.long_seconds, period_seconds)?;
        check_range("least_events", self.least_events, 0.0, 1e15)?;
        if self.short_seconds > 0.0 && self.short_seconds <= self.long_seconds {
            return Ok(());
        }
        let error = Error::new(ErrorCode::InvalidValue, "short_seconds", "is not an allowed value");
        Err(error.given(self.short_seconds).allowed(format!("above 0, at most {}", self.long_seconds)))
    }
}

/// How fast the budget burned over a window: 1 spends it in exactly the period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BurnRate {
    /// The window, in seconds, up to the present.
    pub window_seconds: f64,
    /// Events in it.
    pub events: f64,
    /// Of these, bad ones.
    pub bad: f64,
    /// The share of bad ones over the share that the objective allows; none without events.
    pub burn_rate: Option<f64>,
}

/// A rule, and whether it fires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BurnAlert {
    /// The rule.
    pub rule: BurnRule,
    /// The burn rate from which on it fires.
    pub threshold: f64,
    /// Over the long window.
    pub long: BurnRate,
    /// Over the short window.
    pub short: BurnRate,
    /// Whether it fires.
    pub firing: bool,
    /// Why it can't be told, where it can't: too few events, or counts over longer stretches than
    /// the short window.
    pub reason: Option<String>,
}

/// The burn rate over a window up to the present.
pub(super) fn burn_rate(
    events: &EventColumns,
    now_seconds: f64,
    window_seconds: f64,
    allowed: f64,
) -> BurnRate {
    let (total, bad) = events.since(now_seconds, window_seconds);
    BurnRate { window_seconds, events: total, bad, burn_rate: (total > 0.0).then(|| bad / total / allowed) }
}

/// Whether a rule fires.
pub(super) fn judge(
    rule: &BurnRule,
    events: &EventColumns,
    now_seconds: f64,
    period_seconds: f64,
    allowed: f64,
) -> BurnAlert {
    let long = burn_rate(events, now_seconds, rule.long_seconds, allowed);
    let short = burn_rate(events, now_seconds, rule.short_seconds, allowed);
    let threshold = rule.budget_fraction * period_seconds / rule.long_seconds;
    let reason = if events.bucket_seconds > rule.short_seconds {
        Some(format!("counts over {} s tell nothing of {} s", events.bucket_seconds, rule.short_seconds))
    } else if long.events < rule.least_events {
        Some(format!("{} events in the long window, {} are needed", long.events, rule.least_events))
    } else {
        None
    };
    // Factors are given in round shares of the budget: forgive the rounding.
    let reached = |rate: &BurnRate| rate.burn_rate.is_some_and(|rate| rate >= threshold * (1.0 - 1e-12));
    let firing = reason.is_none() && reached(&long) && reached(&short);
    BurnAlert { rule: *rule, threshold, long, short, firing, reason }
}
