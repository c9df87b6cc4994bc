//! Error budgets, burn rates and compliance with targets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use proptest::prelude::*;
use sizewell::ErrorCode;
use sizewell::monitor::{
    BurnRule, BurnSeverity, ErrorBudgetRequest, EventColumns, LatencyColumns, SloComplianceRequest,
    TrendDirection, error_budget, slo_compliance,
};

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
const MINUTES: usize = 30 * 24 * 60;
const NOW: f64 = 1_760_000_400.0 + 60.0 * MINUTES as f64;

/// 100 events a minute over 30 days; `bad` says how many of each minute, counted back from the
/// present, are bad.
fn counts(bad: impl Fn(usize) -> f64) -> EventColumns {
    EventColumns {
        bucket_seconds: MINUTE,
        at_seconds: (0..MINUTES).map(|index| NOW - MINUTE * (MINUTES - index) as f64).collect(),
        events: vec![100.0; MINUTES],
        bad: (0..MINUTES).map(|index| bad(MINUTES - index)).collect(),
    }
}

fn request(bad: impl Fn(usize) -> f64) -> ErrorBudgetRequest {
    ErrorBudgetRequest::new(0.999, NOW, counts(bad))
}

/// The factors of the workbook's table follow from the shares of the budget: 14.4, 6 and 1.
#[test]
fn factors_are_the_workbooks() {
    let budget = error_budget(&request(|_| 0.0)).unwrap();
    let found: Vec<(BurnSeverity, f64)> =
        budget.alerts.iter().map(|alert| (alert.rule.severity, alert.threshold)).collect();
    for ((severity, threshold), (expected, factor)) in
        found.iter().zip([(BurnSeverity::Page, 14.4), (BurnSeverity::Page, 6.0), (BurnSeverity::Ticket, 1.0)])
    {
        assert_eq!(*severity, expected);
        assert!((threshold - factor).abs() < 1e-9);
    }
    assert_eq!((budget.compliance, budget.met, budget.spent_fraction), (Some(1.0), Some(true), Some(0.0)));
    assert!(budget.alerts.iter().all(|alert| !alert.firing));
    assert_eq!(budget.exhausted_in_seconds, None);
    assert!((budget.covered_days - 30.0).abs() < 1e-9);
}

/// Whole outages, by how long they are: each rule fires from the length on at which it has spent its
/// share of the budget, and no rule fires once it is over for longer than its short window.
#[test]
fn rules_fire_when_their_share_is_spent() {
    let firing = |from: usize, to: usize| -> Vec<bool> {
        let found =
            error_budget(&request(|ago| if (from..=to).contains(&ago) { 100.0 } else { 0.0 })).unwrap();
        found.alerts.iter().map(|alert| alert.firing).collect()
    };
    // 2% of a budget of 43.2 minutes are 52 seconds: a minute of failure is 0.9 of that in the hour.
    assert_eq!(firing(1, 1), [true, false, false]);
    assert_eq!(firing(1, 3), [true, true, false]);
    assert_eq!(firing(1, 5), [true, true, true]);
    // Ten minutes ago: the short window of five minutes is clean again.
    assert_eq!(firing(10, 14), [false, true, true]);
    assert_eq!(firing(60, 64), [false, false, true]);
    assert_eq!(firing(400, 404), [false, false, false]);
}

#[test]
fn the_rest_of_a_budget_has_a_date() {
    // Twice what is allowed for the last six hours, nothing before.
    let found = error_budget(&request(|ago| if ago <= 360 { 0.2 } else { 0.0 })).unwrap();
    let spent = 360.0 * 0.2 / (MINUTES as f64 * 0.1);
    assert!((found.spent_fraction.unwrap() - spent).abs() < 1e-9);
    assert!((found.present.burn_rate.unwrap() - 2.0).abs() < 1e-9);
    // Nothing bad leaves the period meanwhile: at twice the pace half a period, less what is spent.
    let expected = (1.0 - spent) / 2.0 * 30.0 * DAY;
    assert!((found.exhausted_in_seconds.unwrap() - expected).abs() < 60.0, "{found:?}");
    // The workbook's table 5-4: a spotless period, and a burn rate of 10 from now on, are gone in three
    // days, of 1000 in 43 minutes; here the window of the present has spent its part before.
    let fast = error_budget(&request(|ago| if ago <= 360 { 1.0 } else { 0.0 })).unwrap();
    let expected = (1.0 - 10.0 * 360.0 / MINUTES as f64) * 3.0 * DAY;
    assert!((fast.exhausted_in_seconds.unwrap() - expected).abs() < 60.0, "{fast:?}");
    // Half the allowed for a month, then twice: one and a half times what leaves comes in.
    let worse = error_budget(&request(|ago| if ago <= 360 { 0.2 } else { 0.05 })).unwrap();
    let left = 1.0 - worse.spent_fraction.unwrap();
    let expected = left / 1.5 * 30.0 * DAY;
    assert!((worse.exhausted_in_seconds.unwrap() - expected).abs() < 60.0, "{worse:?}");
    // Half the allowed, always: what leaves makes room for what comes.
    let steady = error_budget(&request(|_| 0.05)).unwrap();
    assert_eq!((steady.exhausted_in_seconds, steady.met), (None, Some(true)));
    // Exactly the allowed after a spotless period lasts for it.
    let even = error_budget(&request(|ago| if ago <= 360 { 0.1 } else { 0.0 })).unwrap();
    let seconds = even.exhausted_in_seconds.unwrap();
    assert!((seconds - (30.0 * DAY - 360.0 * 60.0)).abs() < 61.0, "{seconds}");
    let gone = error_budget(&request(|_| 0.2)).unwrap();
    assert_eq!((gone.exhausted_in_seconds, gone.met), (Some(0.0), Some(false)));
    assert!((gone.spent_fraction.unwrap() - 2.0).abs() < 1e-9);
    assert!(gone.compliance_low.unwrap() < 0.998 && gone.compliance_high.unwrap() > 0.998);
}

#[test]
fn little_is_told_of_little() {
    let mut few = request(|_| 0.0);
    few.counts = EventColumns {
        bucket_seconds: MINUTE,
        at_seconds: vec![NOW - 120.0],
        events: vec![3.0],
        bad: vec![1.0],
    };
    let found = error_budget(&few).unwrap();
    assert!(found.alerts.iter().all(|alert| !alert.firing && alert.reason.is_some()));
    // Hourly counts tell nothing of five minutes or thirty, but of six hours.
    let mut hourly = request(|_| 0.0);
    hourly.counts = EventColumns {
        bucket_seconds: HOUR,
        at_seconds: (0..720).map(|index| NOW - HOUR * f64::from(720 - index)).collect(),
        events: vec![6000.0; 720],
        bad: vec![12.0; 720],
    };
    let found = error_budget(&hourly).unwrap();
    let reasons: Vec<bool> = found.alerts.iter().map(|alert| alert.reason.is_some()).collect();
    assert_eq!(reasons, [true, true, false]);
    assert!(found.alerts[2].firing);
    // Nothing in the period.
    let mut old = request(|_| 0.0);
    old.now_seconds = NOW + 100.0 * DAY;
    let found = error_budget(&old).unwrap();
    assert_eq!((found.compliance, found.met, found.events), (None, None, 0.0));
}

#[test]
fn impossible_counts_are_refused() {
    let refused = |change: &dyn Fn(&mut ErrorBudgetRequest)| {
        let mut broken = request(|_| 0.0);
        change(&mut broken);
        let error = error_budget(&broken).unwrap_err();
        (error.code(), error.path().to_owned())
    };
    use ErrorCode::{Contradiction, Empty, InvalidValue};
    let invalid = |path: &str| (InvalidValue, path.to_owned());
    assert_eq!(refused(&|one| one.objective = 1.0), invalid("objective"));
    assert_eq!(refused(&|one| one.objective = f64::NAN), invalid("objective"));
    assert_eq!(
        refused(&|one| one.now_seconds = NOW - HOUR),
        invalid(&format!("counts.at_seconds[{}]", MINUTES - 1))
    );
    assert_eq!(refused(&|one| one.counts.bucket_seconds = 0.0), invalid("counts.bucket_seconds"));
    assert_eq!(refused(&|one| one.counts.bucket_seconds = 61.0), invalid("counts.at_seconds[1]"));
    assert_eq!(refused(&|one| one.counts.at_seconds[7] = 0.0), invalid("counts.at_seconds[7]"));
    assert_eq!(refused(&|one| one.counts.bad[3] = 101.0), (Contradiction, "counts.bad[3]".into()));
    assert_eq!(refused(&|one| one.counts.bad[3] = -1.0), invalid("counts.bad[3]"));
    assert_eq!(refused(&|one| one.counts.events[3] = f64::INFINITY), invalid("counts.events[3]"));
    assert_eq!(refused(&|one| one.counts.at_seconds.clear()), (Empty, "counts.at_seconds".into()));
    assert_eq!(refused(&|one| one.rules[1].short_seconds = 1e9), invalid("rules[1].short_seconds"));
    assert_eq!(
        refused(&|one| one.rules = vec![BurnRule::usual()[0]; 101]),
        (ErrorCode::TooLarge, "rules".into())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// More bad events never leave more budget, and never silence a rule.
    #[test]
    fn worse_is_never_better(bad in prop::collection::vec(0_u32..50, 200), more in 0_usize..200) {
        let columns = |bad: &[f64]| EventColumns {
            bucket_seconds: MINUTE,
            at_seconds: (0..200).map(|index| NOW - MINUTE * f64::from(200 - index)).collect(),
            events: vec![100.0; 200],
            bad: bad.to_vec(),
        };
        let mut bad: Vec<f64> = bad.into_iter().map(f64::from).collect();
        let before = error_budget(&ErrorBudgetRequest::new(0.99, NOW, columns(&bad))).unwrap();
        bad[more] += 10.0;
        let after = error_budget(&ErrorBudgetRequest::new(0.99, NOW, columns(&bad))).unwrap();
        prop_assert!(after.spent_fraction > before.spent_fraction);
        prop_assert!(after.compliance < before.compliance);
        for (before, after) in before.alerts.iter().zip(&after.alerts) {
            prop_assert!(after.firing >= before.firing);
        }
        let spent = bad.iter().sum::<f64>() / before.budget_events;
        prop_assert!((after.spent_fraction.unwrap() - spent).abs() < 1e-9);
        if let Some(left) = after.exhausted_in_seconds {
            prop_assert!(left.is_finite() && left >= 0.0);
        }
    }
}

#[test]
fn targets_are_met_so_often() {
    let hours = 240;
    let at_seconds: Vec<f64> = (0..hours).map(|hour| NOW + HOUR * f64::from(hour)).collect();
    let latencies = LatencyColumns {
        at_seconds,
        requests: (0..hours).map(|hour| if hour < 120 { 300.0 } else { 100.0 }).collect(),
        ttft_ms: (0..hours).map(|hour| if (100..104).contains(&hour) { 900.0 } else { 300.0 }).collect(),
        itl_ms: (0..hours).map(|hour| 20.0 + 0.05 * f64::from(hour) + f64::from(hour % 3)).collect(),
        e2e_ms: Vec::new(),
    };
    let request = SloComplianceRequest {
        latencies,
        ttft_ms: Some(500.0),
        itl_ms: Some(40.0),
        e2e_ms: Some(1.0),
        now_seconds: None,
    };
    let found = slo_compliance(&request).unwrap();
    let [ttft, itl] = found.targets.as_slice() else { panic!("{found:?}") };
    // Four of 120 busy hours of 300 requests, beside 120 of 100.
    assert!((ttft.within_fraction - (1.0 - 1200.0 / 48_000.0)).abs() < 1e-12);
    assert_eq!((ttft.worst_ratio, ttft.longest_breach_hours, ttft.missed_since_seconds), (1.8, 3.0, None));
    assert_eq!((itl.within_fraction, itl.direction), (1.0, TrendDirection::Increasing));
    // From about 33 at the end, 1.2 a day: six days to 40.
    assert!((itl.days_to_target.unwrap() - 5.9).abs() < 0.5, "{:?}", itl.days_to_target);
    assert_eq!(found.within_all_fraction, ttft.within_fraction);
    let mut broken = request.clone();
    broken.latencies.itl_ms[5] = 0.0;
    assert_eq!(slo_compliance(&broken).unwrap_err().path(), "latencies.itl_ms[5]");
    broken = request.clone();
    broken.latencies.requests.pop();
    assert_eq!(slo_compliance(&broken).unwrap_err().path(), "latencies.requests");
    broken = SloComplianceRequest { ttft_ms: None, itl_ms: None, ..request };
    assert_eq!(slo_compliance(&broken).unwrap_err().code(), ErrorCode::MissingField);
}
