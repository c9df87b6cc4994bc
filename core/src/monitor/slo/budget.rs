//! The error budget: how many bad events an objective allows, and how many there were.

use serde::{Deserialize, Serialize};

use super::burn::{BurnAlert, BurnRate, BurnRule, burn_rate, judge};
use crate::error::{Error, ErrorCode, Result};
use crate::monitor::reading::{check_past, check_time};
use crate::monitor::review::{check_counts, wilson};
use crate::units::{DAY_SECONDS, check_positive, check_range};

/// Most rules of one request.
const MOST_RULES: usize = 100;
/// Window over which the present burn rate is told, as in the second rule of the workbook.
const PRESENT_SECONDS: f64 = 6.0 * 3600.0;

/// Events counted over stretches of equal length. Stretches without events may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EventColumns {
    /// Length of a stretch, in seconds; up to the least short window of the rules, for these to be
    /// told.
    pub bucket_seconds: f64,
    /// When each stretch began, in seconds since the Unix epoch, ascending.
    pub at_seconds: Vec<f64>,
    /// Events in it, such as requests.
    pub events: Vec<f64>,
    /// Of these, bad ones: failed, or slower than promised.
    pub bad: Vec<f64>,
}

impl EventColumns {
    fn check(&self, now_seconds: f64) -> Result<()> {
        check_positive("bucket_seconds", self.bucket_seconds, 366.0 * DAY_SECONDS)?;
        if self.at_seconds.is_empty() {
            return Err(Error::new(ErrorCode::Empty, "at_seconds", "has no events"));
        }
        check_counts(&self.at_seconds, &[("events", &self.events), ("bad", &self.bad)])?;
        if let Some(index) = self.bad.iter().zip(&self.events).position(|(bad, events)| bad > events) {
            return Err(Error::new(
                ErrorCode::Contradiction,
                format!("bad[{index}]"),
                "are more than the events",
            ));
        }
        check_past("at_seconds", &self.at_seconds, Some(now_seconds))?;
        let mut pairs = self.at_seconds.iter().zip(self.at_seconds.iter().skip(1)).enumerate();
        let overlap =
            pairs.find(|(_, (before, after))| *after - *before < self.bucket_seconds * (1.0 - 1e-6));
        match overlap {
            None => Ok(()),
            Some((index, (before, after))) => {
                let allowed = format!("{} s or more after {before}", self.bucket_seconds);
                Err(Error::invalid(format!("at_seconds[{}]", index + 1), after, allowed))
            }
        }
    }

    /// Events and bad ones of the stretches that begin within a window up to the present. The
    /// stretch that is not over counts with what it has.
    pub(super) fn since(&self, now_seconds: f64, window_seconds: f64) -> (f64, f64) {
        let from = now_seconds - window_seconds;
        let start = self.at_seconds.partition_point(|at| *at < from);
        // A sum of nothing would be −0.
        let sum = |values: &[f64]| values.iter().skip(start).fold(0.0, |sum, value| sum + value);
        (sum(&self.events), sum(&self.bad))
    }
}

/// An objective, and events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ErrorBudgetRequest {
    /// Share of events that are to be good, such as 0.999: 0.5 to 0.999999.
    pub objective: f64,
    /// Over how long, in seconds, up to the present. Default: 30 days.
    #[serde(default = "thirty_days")]
    pub period_seconds: f64,
    /// The present, in seconds since the Unix epoch.
    pub now_seconds: f64,
    /// The events.
    pub counts: EventColumns,
    /// When to tell. Default: the three rules of the workbook.
    #[serde(default = "usual_rules")]
    pub rules: Vec<BurnRule>,
}

fn thirty_days() -> f64 {
    30.0 * DAY_SECONDS
}

fn usual_rules() -> Vec<BurnRule> {
    BurnRule::usual().to_vec()
}

impl ErrorBudgetRequest {
    /// An objective over 30 days with the usual rules.
    #[must_use]
    pub fn new(objective: f64, now_seconds: f64, counts: EventColumns) -> Self {
        Self { objective, period_seconds: thirty_days(), now_seconds, counts, rules: usual_rules() }
    }
}

/// How an objective stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ErrorBudget {
    /// Events of the period.
    pub events: f64,
    /// Of these, bad ones.
    pub bad: f64,
    /// Share of good ones; none without events.
    pub compliance: Option<f64>,
    /// Lower end of its 95% interval (Wilson), were events independent.
    pub compliance_low: Option<f64>,
    /// Upper end of it.
    pub compliance_high: Option<f64>,
    /// Whether it is at least the objective; none without events.
    pub met: Option<bool>,
    /// Bad events that the objective allows among as many.
    pub budget_events: f64,
    /// Share of the budget that is spent; above 1 when the objective is missed.
    pub spent_fraction: Option<f64>,
    /// How fast it burns now, over six hours, or the period where that is shorter.
    pub present: BurnRate,
    /// In how many seconds the rest is spent if it goes on so, while older failures leave the period;
    /// 0 where it is; none where it lasts for the period.
    pub exhausted_in_seconds: Option<f64>,
    /// Every rule, and whether it fires.
    pub alerts: Vec<BurnAlert>,
    /// Days of the period that the counts cover, 0 to its length.
    pub covered_days: f64,
}

/// How an objective stands: what is left of its error budget, how fast it burns, and whom to tell.
///
/// ```
/// use sizewell::monitor::{ErrorBudgetRequest, EventColumns, error_budget};
/// let minutes = 30 * 24 * 60;
/// let counts = EventColumns {
///     bucket_seconds: 60.0,
///     at_seconds: (0..minutes).map(|minute| 60.0 * f64::from(minute)).collect(),
///     events: vec![100.0; minutes as usize],
///     // The last hour fails 2 of 100: 20 times what 99.9% allows.
///     bad: (0..minutes).map(|minute| if minute >= minutes - 60 { 2.0 } else { 0.0 }).collect(),
/// };
/// let budget = error_budget(&ErrorBudgetRequest::new(0.999, 60.0 * f64::from(minutes), counts))?;
/// assert!(budget.alerts[0].firing && (budget.alerts[0].long.burn_rate.unwrap() - 20.0).abs() < 1e-9);
/// assert!((budget.spent_fraction.unwrap() - 120.0 / 4320.0).abs() < 1e-9);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` at `objective`, `period_seconds`, `now_seconds`, at a rule, or for counts that
/// are negative, not finite, overlapping, out of order or after the present; `contradiction` for
/// columns of different lengths and more bad events than events; `empty` at `counts.at_seconds`;
/// `too_large` at `rules` for over 100.
pub fn error_budget(request: &ErrorBudgetRequest) -> Result<ErrorBudget> {
    request.check()?;
    let counts = &request.counts;
    let (now, period) = (request.now_seconds, request.period_seconds);
    let allowed = 1.0 - request.objective;
    let whole = burn_rate(counts, now, period, allowed);
    let present = burn_rate(counts, now, PRESENT_SECONDS.min(period), allowed);
    let alerts = request.rules.iter().map(|rule| judge(rule, counts, now, period, allowed)).collect();
    let share = whole.burn_rate.map(|_| 1.0 - whole.bad / whole.events);
    let interval = share.map(|_| wilson(whole.events - whole.bad, whole.events));
    let first = counts.at_seconds.first().copied().unwrap_or(now);
    Ok(ErrorBudget {
        events: whole.events,
        bad: whole.bad,
        compliance: share,
        compliance_low: interval.map(|ends| ends.0),
        compliance_high: interval.map(|ends| ends.1),
        met: share.map(|share| share >= request.objective),
        budget_events: allowed * whole.events,
        // Over the period, the burn rate is the share of the budget.
        spent_fraction: whole.burn_rate,
        exhausted_in_seconds: exhausted_in(counts, now, period, allowed, &present),
        present,
        alerts,
        covered_days: (now - first).clamp(0.0, period) / DAY_SECONDS,
    })
}

/// When the rest is spent if events go on coming and failing as at present, while what leaves the
/// period takes its events and its failures with it: a burn rate of 2 after a spotless period has
/// spent the budget in half a period (the workbook, chapter 5, table 5-4).
fn exhausted_in(
    counts: &EventColumns,
    now_seconds: f64,
    period_seconds: f64,
    allowed: f64,
    present: &BurnRate,
) -> Option<f64> {
    let (events, bad) = counts.since(now_seconds, period_seconds);
    let least = 1e-9 * allowed * events;
    let mut spare = allowed * events - bad;
    if events > 0.0 && spare <= least {
        return Some(0.0);
    }
    present.burn_rate?;
    let known = now_seconds - counts.at_seconds.first()?;
    let over = known.clamp(counts.bucket_seconds.min(present.window_seconds), present.window_seconds);
    let gained = (allowed * present.events - present.bad) / over;
    let from = now_seconds - period_seconds;
    let start = counts.at_seconds.partition_point(|at| *at < from);
    let columns = counts.at_seconds.iter().zip(counts.events.iter().zip(&counts.bad)).skip(start);
    let mut before = 0.0;
    for (at, (events, bad)) in columns {
        let leaves = at - from;
        let then = spare + gained * (leaves - before);
        if then <= least {
            return Some(before + (spare / -gained).clamp(0.0, leaves - before));
        }
        spare = then - (allowed * events - bad);
        if spare <= least {
            return Some(leaves);
        }
        before = leaves;
    }
    let last = spare + gained * (period_seconds - before);
    (last <= least).then(|| before + (spare / -gained).clamp(0.0, period_seconds - before))
}

impl ErrorBudgetRequest {
    fn check(&self) -> Result<()> {
        check_range("objective", self.objective, 0.5, 0.999_999)?;
        check_range("period_seconds", self.period_seconds, 60.0, 366.0 * DAY_SECONDS)?;
        check_time("now_seconds", self.now_seconds)?;
        self.counts.check(self.now_seconds).map_err(|error| error.within("counts"))?;
        if self.rules.len() > MOST_RULES {
            let error = Error::new(ErrorCode::TooLarge, "rules", "are too many");
            return Err(error.given(self.rules.len()).allowed(format!("at most {MOST_RULES}")));
        }
        for (index, rule) in self.rules.iter().enumerate() {
            rule.check(self.period_seconds).map_err(|error| error.within(&format!("rules[{index}]")))?;
        }
        Ok(())
    }
}
