//! Impossible and extreme input to everything that monitoring answers: an error with a code and a
//! path, or an answer in which every number is one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod monitor_support;

use monitor_support::savings_of;
use proptest::prelude::*;
use sizewell::monitor::{
    AlertPolicy, CacheColumns, Capacities, Collector, CollectorOptions, CostAnomalyRequest, CostColumns,
    DashboardOptions, ErrorBudgetRequest, EventColumns, ForecastQuery, LatencyColumns, Metric, Outcome,
    OutcomeFigures, OutcomesRequest, Reading, RecalibrationRequest, ReportFormat, Retention, ReviewRequest,
    SavingsRequest, SloComplianceRequest, ThresholdRule, Thresholds, TrendOptions, TrendRequest,
    UsageProjection, assess_outcomes, cost_anomalies, error_budget, quarterly_review, recalibrate,
    render_report, savings, slo_compliance, trend,
};
use sizewell::queueing::EstimateRequest;
use sizewell::{Error, ErrorCode, Result};
use sizewell_data::catalog;

const START: f64 = 1_760_054_400.0;
const DAY: f64 = 86_400.0;
const IMPOSSIBLE: [f64; 6] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -0.5e-300, 1e300];

fn days(count: usize) -> Vec<f64> {
    (0..count).map(|day| START + DAY * day as f64).collect()
}

fn outcome(day: f64) -> Outcome {
    let ran = EstimateRequest {
        qps: Some(4.0),
        replicas: Some(2),
        ..EstimateRequest::new("Llama-3.1-8B-Instruct", "H100", 800.0, 200.0)
    };
    let figures = OutcomeFigures { ttft_ms: Some(200.0), itl_ms: Some(15.0), ..OutcomeFigures::default() };
    Outcome {
        deployment_id: "chat".into(),
        from_seconds: START + DAY * day,
        to_seconds: START + DAY * (day + 1.0),
        ran,
        quantile: Default::default(),
        observed: figures,
        predicted: figures,
        targets: figures,
    }
}

fn costs(count: usize) -> CostColumns {
    CostColumns { at_seconds: days(count), usd: vec![10.0; count], requests: vec![100.0; count] }
}

fn latencies(count: usize) -> SloComplianceRequest {
    let latencies =
        LatencyColumns { at_seconds: days(count), ttft_ms: vec![100.0; count], ..LatencyColumns::default() };
    SloComplianceRequest { latencies, ttft_ms: Some(200.0), ..SloComplianceRequest::default() }
}

fn values(at_seconds: Vec<f64>, values: Vec<f64>) -> TrendRequest {
    TrendRequest { at_seconds, values, options: TrendOptions::default(), now_seconds: None }
}

fn saved() -> SavingsRequest {
    savings_of(outcome(0.0))
}

/// Code and path of a refusal, and that its words are no debug print.
fn refusal<T>(answer: Result<T>) -> (ErrorCode, String) {
    let error: Error = answer.err().expect("a refusal");
    assert!(!error.message().is_empty());
    (error.code(), error.path().to_owned())
}

fn invalid(path: &str) -> (ErrorCode, String) {
    (ErrorCode::InvalidValue, path.to_owned())
}

/// JSON has no other numbers than finite ones: what is written and read back as the same was finite.
fn is_finite<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(answer: &T) {
    let text = serde_json::to_string(answer).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), answer);
}

#[test]
fn the_future_is_refused() {
    let now = Some(START + 9.5 * DAY);
    let mut outcomes = vec![outcome(1.0), outcome(9.0)];
    let assess = |outcomes: &[Outcome], now_seconds| {
        let request = OutcomesRequest { outcomes: outcomes.to_vec(), predict: false, now_seconds };
        assess_outcomes(catalog(), &request)
    };
    assert_eq!(refusal(assess(&outcomes, now)), invalid("outcomes[1].to_seconds"));
    let learned =
        RecalibrationRequest { outcomes: outcomes.clone(), options: Default::default(), now_seconds: now };
    assert_eq!(refusal(recalibrate(catalog(), &learned)), invalid("outcomes[1].to_seconds"));
    let request = SavingsRequest { now_seconds: Some(START), ..saved() };
    assert_eq!(refusal(savings(catalog(), &request)), invalid("outcome.to_seconds"));
    // Up to the present is no future, and without a present nothing is.
    outcomes.truncate(1);
    is_finite(&assess(&outcomes, Some(START + 2.0 * DAY)).unwrap());
    is_finite(&assess(&[outcome(9.0)], None).unwrap());

    let request = CostAnomalyRequest { now_seconds: now, ..CostAnomalyRequest::new(costs(12)) };
    assert_eq!(refusal(cost_anomalies(&request)), invalid("costs.at_seconds[11]"));
    let request = TrendRequest { now_seconds: now, ..values(days(12), vec![1.0; 12]) };
    assert_eq!(refusal(trend(&request)), invalid("at_seconds[11]"));
    let request = SloComplianceRequest { now_seconds: now, ..latencies(12) };
    assert_eq!(refusal(slo_compliance(&request)), invalid("latencies.at_seconds[11]"));
    let request = ReviewRequest { costs: costs(12), now_seconds: now, ..ReviewRequest::default() };
    assert_eq!(refusal(quarterly_review(&request)), invalid("costs.at_seconds[11]"));
    let cache = CacheColumns { at_seconds: days(12), hits: vec![1.0; 12], lookups: vec![2.0; 12] };
    let request = ReviewRequest { cache, now_seconds: now, ..ReviewRequest::default() };
    assert_eq!(refusal(quarterly_review(&request)), invalid("cache.at_seconds[11]"));
    let mut collector = Collector::new(CollectorOptions::default()).unwrap();
    collector.record(START + 10.0 * DAY, &Reading::new("api", Metric::Gpu, 1.0, 8.0)).unwrap();
    let resources = collector.all_details(START + 10.0 * DAY, &DashboardOptions::default()).unwrap();
    let request = ReviewRequest { resources, now_seconds: now, ..ReviewRequest::default() };
    assert_eq!(refusal(quarterly_review(&request)), invalid("resources[0].status.at_seconds"));

    for bad in IMPOSSIBLE {
        let now_seconds = Some(bad);
        let path = invalid("now_seconds");
        assert_eq!(refusal(assess(&outcomes, now_seconds)), path);
        assert_eq!(refusal(savings(catalog(), &SavingsRequest { now_seconds, ..saved() })), path);
        let request = RecalibrationRequest { now_seconds, ..learned.clone() };
        assert_eq!(refusal(recalibrate(catalog(), &request)), path);
        let request = CostAnomalyRequest { now_seconds, ..CostAnomalyRequest::new(costs(12)) };
        assert_eq!(refusal(cost_anomalies(&request)), path);
        let request = TrendRequest { now_seconds, ..values(days(12), vec![1.0; 12]) };
        assert_eq!(refusal(trend(&request)), path);
        assert_eq!(refusal(slo_compliance(&SloComplianceRequest { now_seconds, ..latencies(12) })), path);
        let request = ReviewRequest { now_seconds, ..ReviewRequest::default() };
        assert_eq!(refusal(quarterly_review(&request)), path);
    }
}

/// Each column of each request, with each impossible value at its start, middle and end.
#[test]
fn impossible_values_are_named() {
    for (place, bad) in [0, 5, 11].into_iter().flat_map(|place| IMPOSSIBLE.map(|bad| (place, bad))) {
        let negative_is_fine = (-1e15..=1e15).contains(&bad);
        let mut request = values(days(12), vec![1.0; 12]);
        request.values[place] = bad;
        match trend(&request) {
            Ok(answer) => {
                assert!(negative_is_fine);
                is_finite(&answer);
            }
            error => assert_eq!(refusal(error), invalid(&format!("values[{place}]"))),
        }
        let mut request = values(days(12), vec![1.0; 12]);
        request.at_seconds[place] = bad;
        assert_eq!(refusal(trend(&request)), invalid(&format!("at_seconds[{place}]")));

        let named = |change: &dyn Fn(&mut CostColumns), path: &str| {
            let mut columns = costs(12);
            change(&mut columns);
            let request =
                CostAnomalyRequest { per_request: true, ..CostAnomalyRequest::new(columns.clone()) };
            assert_eq!(refusal(cost_anomalies(&request)), invalid(&format!("costs.{path}[{place}]")));
            let request = ReviewRequest { costs: columns, ..ReviewRequest::default() };
            assert_eq!(refusal(quarterly_review(&request)), invalid(&format!("costs.{path}[{place}]")));
        };
        named(&|columns| columns.usd[place] = bad, "usd");
        named(&|columns| columns.requests[place] = bad, "requests");
        named(&|columns| columns.at_seconds[place] = bad, "at_seconds");

        let mut request = latencies(12);
        request.latencies.ttft_ms[place] = bad;
        assert_eq!(refusal(slo_compliance(&request)), invalid(&format!("latencies.ttft_ms[{place}]")));
        request = latencies(12);
        request.latencies.at_seconds[place] = bad;
        assert_eq!(refusal(slo_compliance(&request)), invalid(&format!("latencies.at_seconds[{place}]")));

        let mut collector = Collector::new(CollectorOptions::default()).unwrap();
        let good = vec![1.0; 12];
        let mut broken = good.clone();
        broken[place] = bad;
        let mut times = days(12);
        times[place] = bad;
        let now = START + 20.0 * DAY;
        let mut record = |at: &[f64], usage: &[f64], capacities: Capacities<'_>| {
            refusal(collector.record_columns(now, "api", Metric::Gpu, at, usage, capacities))
        };
        assert_eq!(record(&days(12), &broken, Capacities::One(8.0)), invalid(&format!("usage[{place}]")));
        assert_eq!(record(&times, &good, Capacities::One(8.0)), invalid(&format!("at_seconds[{place}]")));
        let path = format!("capacity[{place}]");
        assert_eq!(record(&days(12), &good, Capacities::Each(&broken)), invalid(&path));
        assert_eq!(collector.services().count(), 0, "nothing is taken in by halves");
    }
}

#[test]
fn options_out_of_range_are_named() {
    let refused = |change: &dyn Fn(&mut CollectorOptions)| {
        let mut options = CollectorOptions::default();
        change(&mut options);
        refusal(Collector::new(options))
    };
    for bad in IMPOSSIBLE {
        assert_eq!(refused(&|one| one.retention.rollup_seconds = bad), invalid("retention.rollup_seconds"));
        assert_eq!(refused(&|one| one.retention.coarse_seconds = bad), invalid("retention.coarse_seconds"));
        assert_eq!(refused(&|one| one.retention.fine_seconds = bad), invalid("retention.fine_seconds"));
        assert_eq!(refused(&|one| one.retention.seconds = bad), invalid("retention.seconds"));
        assert_eq!(refused(&|one| one.policy.margin = bad), invalid("policy.margin"));
        assert_eq!(
            refused(&|one| one.policy.raise_after_seconds = bad),
            invalid("policy.raise_after_seconds")
        );
        assert_eq!(
            refused(&|one| one.policy.clear_after_seconds = bad),
            invalid("policy.clear_after_seconds")
        );
        let stale = |one: &mut CollectorOptions| one.policy.stale_after_seconds = Some(bad);
        assert_eq!(refused(&stale), invalid("policy.stale_after_seconds"));
        let rule = |one: &mut CollectorOptions| {
            let thresholds = Thresholds::value(bad, 5.0);
            one.thresholds = vec![ThresholdRule { metric: Metric::LatencyP95, service: None, thresholds }];
        };
        assert_eq!(refused(&rule), invalid("thresholds[0].thresholds.warning"));
        let request = values(days(12), vec![1.0; 12]);
        let options = TrendOptions { significance: bad, ..TrendOptions::default() };
        assert_eq!(refusal(trend(&TrendRequest { options, ..request })), invalid("options.significance"));
        let mut request = ErrorBudgetRequest::new(
            0.99,
            START + DAY,
            EventColumns { bucket_seconds: 60.0, at_seconds: vec![START], events: vec![9.0], bad: vec![1.0] },
        );
        request.period_seconds = bad;
        assert_eq!(refusal(error_budget(&request)), invalid("period_seconds"));
    }
    assert_eq!(refused(&|one| one.retention.readings = 1), invalid("retention.readings"));
    // A second's roll-ups of a month are too many.
    let fine = Retention { rollup_seconds: 1.0, fine_seconds: 30.0 * DAY, ..Retention::default() };
    assert_eq!(refused(&|one| one.retention = fine), invalid("retention.fine_seconds"));
}

/// What ran is looked at even where nothing is predicted of it.
#[test]
fn what_nothing_runs_as_is_named() {
    let refused = |change: fn(&mut EstimateRequest)| {
        let mut broken = outcome(0.0);
        change(&mut broken.ran);
        let outcomes = vec![outcome(1.0), broken];
        let request = OutcomesRequest { outcomes, predict: false, now_seconds: None };
        refusal(assess_outcomes(catalog(), &request))
    };
    assert_eq!(refused(|ran| ran.replicas = Some(0)), invalid("outcomes[1].ran.replicas"));
    assert_eq!(refused(|ran| ran.input_tokens = -1.0), invalid("outcomes[1].ran.input_tokens"));
    assert_eq!(refused(|ran| ran.output_tokens = 1e308), invalid("outcomes[1].ran.output_tokens"));
}

/// Details of resources may have been changed since the collector gave them.
#[test]
fn resources_that_cannot_be_are_named() {
    let mut collector = Collector::new(CollectorOptions::default()).unwrap();
    collector.record(START, &Reading::signal("api", Metric::QueueDepth, 5.0)).unwrap();
    let resources = collector.all_details(START + 60.0, &DashboardOptions::default()).unwrap();
    for bad in IMPOSSIBLE {
        let mut request = ReviewRequest { resources: resources.clone(), ..ReviewRequest::default() };
        request.resources[0].above_critical_fraction = bad;
        assert_eq!(refusal(quarterly_review(&request)), invalid("resources[0].above_critical_fraction"));
        request.resources = resources.clone();
        request.resources[0].above_warning_fraction = bad;
        assert_eq!(refusal(quarterly_review(&request)), invalid("resources[0].above_warning_fraction"));
    }
    let mut request = ReviewRequest { resources, ..ReviewRequest::default() };
    request.resources[0].trend.p95 = 1e308;
    assert_eq!(refusal(quarterly_review(&request)), invalid("resources[0].trend.p95"));
}

/// Nothing, one of everything, and all alike.
#[test]
fn little_has_a_documented_answer() {
    let empty = CollectorOptions::default();
    let collector = Collector::new(empty.clone()).unwrap();
    let report = collector.report(START, &DashboardOptions::default()).unwrap();
    assert_eq!((report.overview.services.len(), report.resources.len()), (0, 0));
    for format in [ReportFormat::Markdown, ReportFormat::Html, ReportFormat::Json] {
        assert!(!render_report(&report, format).unwrap().is_empty());
    }
    assert_eq!(refusal(collector.status("api", START)), (ErrorCode::UnknownName, "service".into()));
    let unknown = collector.forecast("api", Metric::Gpu, &ForecastQuery::default(), None);
    assert_eq!(refusal(unknown), (ErrorCode::UnknownName, "service".into()));

    let mut one = Collector::new(empty).unwrap();
    one.record(START, &Reading::new("api", Metric::Gpu, 0.0, 8.0)).unwrap();
    let details = one.details("api", Metric::Gpu, START, &DashboardOptions::default()).unwrap();
    assert!(details.forecast.is_none() && details.forecast_reason.is_some());
    is_finite(&details);
    // All alike, for long.
    let count = 5000;
    let times: Vec<f64> = (1..=count).map(|index| START + 300.0 * f64::from(index)).collect();
    let usage = vec![4.0; times.len()];
    let now = START + 300.0 * f64::from(count);
    one.record_columns(now, "api", Metric::Gpu, &times, &usage, Capacities::Unchanged).unwrap();
    let details = one.details("api", Metric::Gpu, now, &DashboardOptions::default()).unwrap();
    let forecast = details.forecast.as_ref().unwrap();
    assert!((forecast.peak - 50.0).abs() < 1e-6, "{}", forecast.peak);
    is_finite(&details);

    is_finite(&trend(&values(vec![START], vec![1.0])).unwrap());
    is_finite(&slo_compliance(&latencies(1)).unwrap());
    is_finite(&cost_anomalies(&CostAnomalyRequest::new(costs(1))).unwrap());
    is_finite(&cost_anomalies(&CostAnomalyRequest::new(costs(100))).unwrap());
    let empty = |answer| {
        let (code, _) = answer;
        assert_eq!(code, ErrorCode::Empty);
    };
    empty(refusal(trend(&values(Vec::new(), Vec::new()))));
    empty(refusal(slo_compliance(&latencies(0))));
    empty(refusal(cost_anomalies(&CostAnomalyRequest::new(costs(0)))));
    let nothing = OutcomesRequest { outcomes: Vec::new(), predict: true, now_seconds: None };
    empty(refusal(assess_outcomes(catalog(), &nothing)));
}

/// A clock that was wrong once: the reading stands, the present may not be before it, and removing
/// the service is the way out.
#[test]
fn a_clock_that_was_wrong_can_be_put_right() {
    let mut collector = Collector::new(CollectorOptions::default()).unwrap();
    collector.record(START, &Reading::new("api", Metric::Gpu, 1.0, 8.0)).unwrap();
    collector.record(START + 1e9, &Reading::new("odd", Metric::Gpu, 1.0, 8.0)).unwrap();
    let error = collector.alerts(START + 60.0).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::InvalidValue, "now_seconds"));
    assert!(error.to_string().contains("`odd`") || format!("{error:?}").contains("`odd`"), "{error}");
    // What is right goes on being recorded.
    collector.record(START + 60.0, &Reading::new("api", Metric::Gpu, 1.0, 8.0)).unwrap();
    assert!(collector.remove("odd"));
    assert!(!collector.remove("odd"));
    assert!(collector.alerts(START + 60.0).unwrap().is_empty());
}

/// Readings that come late or twice are refused, each with its place, and the rest of the stream
/// goes on; the hold times are those of the readings' own times, not of their coming.
#[test]
fn late_and_repeated_readings_change_nothing() {
    let mut collector = Collector::new(CollectorOptions::default()).unwrap();
    let mut orderly = collector.clone();
    let mut refused = 0;
    for index in 0..500_u32 {
        // Every seventh comes after the next one, every eleventh twice.
        let late = index % 7 == 3;
        let order: &[u32] = match index {
            _ if late => &[1, 0],
            _ if index % 11 == 5 => &[0, 0],
            _ => &[0],
        };
        for more in order {
            let at = START + 15.0 * f64::from(index + more);
            let usage = 70.0 + f64::from((index + more) * 37 % 30);
            let reading = Reading::new("api", Metric::Gpu, usage, 100.0).at(at);
            match collector.record(START + 1e5, &reading) {
                Ok(()) => orderly.record(START + 1e5, &reading).unwrap(),
                Err(error) => {
                    refused += 1;
                    assert_eq!((error.code(), error.path()), (ErrorCode::InvalidValue, "at_seconds"));
                }
            }
        }
    }
    assert!(refused > 100);
    assert_eq!(collector, orderly);
}

/// A restart in the middle of a hold time is none: what is saved and loaded goes on to the same
/// levels at the same times.
#[test]
fn a_restart_amid_a_hold_is_none() {
    let policy =
        AlertPolicy { raise_after_seconds: 120.0, clear_after_seconds: 600.0, ..AlertPolicy::default() };
    let mut running = Collector::new(CollectorOptions { policy, ..Default::default() }).unwrap();
    let mut restarted = running.clone();
    let usage = |step: u32| if (20..60).contains(&step) { 90.0 } else { 40.0 };
    let mut levels = Vec::new();
    for step in 0..200 {
        let now = START + 15.0 * f64::from(step);
        let reading = Reading::new("api", Metric::Gpu, usage(step), 100.0);
        running.record(now, &reading).unwrap();
        restarted.record(now, &reading).unwrap();
        let text = serde_json::to_string(&restarted.save()).unwrap();
        restarted = Collector::load(serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(running.status("api", now).unwrap(), restarted.status("api", now).unwrap());
        levels.push(running.status("api", now).unwrap().level as u32);
    }
    // Reached two minutes after it began, left ten minutes after it ended.
    let since = levels.iter().position(|level| *level > 0).unwrap();
    let until = levels.iter().rposition(|level| *level > 0).unwrap();
    assert_eq!((since, until), (20 + 8, 60 + 39));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any figures of any outcomes: a refusal with a path, or numbers.
    #[test]
    fn any_outcomes(
        rows in prop::collection::vec((any::<f64>(), any::<f64>(), 1e-3_f64..1e6, any::<f64>()), 1..12),
        now in prop::option::of(any::<f64>()),
    ) {
        let outcomes: Vec<Outcome> = rows.iter().enumerate().map(|(day, (observed, predicted, plain, time))| {
            let mut one = outcome(day as f64);
            let odd = day % 3 == 0;
            one.observed.ttft_ms = Some(if odd { *observed } else { *plain });
            one.predicted.itl_ms = Some(if odd { *predicted } else { *plain });
            one.from_seconds = if day % 5 == 4 { *time } else { one.from_seconds };
            one
        }).collect();
        let request = OutcomesRequest { outcomes, predict: false, now_seconds: now };
        match assess_outcomes(catalog(), &request) {
            Ok(report) => is_finite(&report),
            Err(error) => prop_assert!(!error.path().is_empty()),
        }
    }

    /// Any counts against any objective.
    #[test]
    fn any_budget(
        rows in prop::collection::vec((any::<f64>(), 0.0_f64..1e15, 0.0_f64..1.0), 1..40),
        objective in 0.4_f64..1.0,
        bucket in prop::sample::select(vec![1.0, 60.0, 3600.0, 86_400.0]),
        ahead in 0.0_f64..1e7,
        strange in any::<bool>(),
    ) {
        let at = |index: usize| START + bucket * index as f64;
        let counts = EventColumns {
            bucket_seconds: bucket,
            at_seconds: (0..rows.len()).map(at).collect(),
            events: rows.iter().map(|row| if strange { row.0 } else { row.1 }).collect(),
            bad: rows.iter().map(|row| row.1 * row.2).collect(),
        };
        match error_budget(&ErrorBudgetRequest::new(objective, at(rows.len()) + ahead, counts)) {
            Ok(budget) => {
                is_finite(&budget);
                let left = budget.exhausted_in_seconds.unwrap_or(0.0);
                prop_assert!((0.0..=budget.present.window_seconds.max(30.0 * DAY)).contains(&left));
            }
            Err(error) => prop_assert!(!error.path().is_empty()),
        }
    }

    /// Any projections and columns of a review.
    #[test]
    fn any_review(value in any::<f64>(), usd in any::<f64>(), hits in any::<f64>(), usage in 0.0_f64..1e15) {
        let mut collector = Collector::new(CollectorOptions::default()).unwrap();
        for minute in 0..30 {
            let reading = Reading::signal("api", Metric::QueueDepth, usage);
            collector.record(START + 60.0 * f64::from(minute), &reading).unwrap();
        }
        let resources = collector.all_details(START + 3600.0, &DashboardOptions::default()).unwrap();
        let mut request = ReviewRequest { resources, costs: costs(12), ..ReviewRequest::default() };
        request.cache = CacheColumns { at_seconds: days(12), hits: vec![1.0; 12], lookups: vec![2.0; 12] };
        is_finite(&quarterly_review(&request).unwrap());
        request.projections =
            vec![UsageProjection { service: "api".into(), metric: Metric::QueueDepth, value }];
        request.costs.usd[3] = usd;
        request.cache.hits[4] = hits;
        match quarterly_review(&request) {
            Ok(review) => is_finite(&review),
            Err(error) => prop_assert!(!error.path().is_empty()),
        }
    }
}
