//! What deployments really did: bias, drift, costs, provisioning, savings and recalibration.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod monitor_support;

use std::collections::BTreeMap;

use monitor_support::{DAY, Noise, START, outcome, ran};
use proptest::prelude::*;
use sizewell::ErrorCode;
use sizewell::engine::FittedFactors;
use sizewell::monitor::{
    CostAnomalyRequest, CostColumns, DriftBase, Outcome, OutcomeFigure, OutcomeFigures, OutcomesRequest,
    PredictionBias, ProvisioningState, RecalibrationRequest, assess_outcomes, cost_anomalies,
    predicted_figures, recalibrate,
};
use sizewell::units::Quantile;
use sizewell_data::catalog;

/// An outcome that was predicted, and observed off by factors.
fn off(id: &str, day: f64, model: &str, gpu: &str, ttft: f64, itl: f64) -> Outcome {
    let predicted = OutcomeFigures { ttft_ms: Some(200.0), itl_ms: Some(20.0), ..OutcomeFigures::default() };
    let observed = OutcomeFigures { ttft_ms: Some(200.0 * ttft), itl_ms: Some(20.0 * itl), ..predicted };
    Outcome { predicted, ..outcome(id, day, ran(model, gpu, 4.0), observed) }
}

fn assess(outcomes: Vec<Outcome>) -> sizewell::monitor::OutcomeReport {
    assess_outcomes(catalog(), &OutcomesRequest { outcomes, predict: false, now_seconds: None }).unwrap()
}

fn bias<'a>(
    biases: &'a [PredictionBias],
    model: Option<&str>,
    gpu: Option<&str>,
    figure: OutcomeFigure,
) -> &'a PredictionBias {
    let meant = |bias: &&PredictionBias| {
        bias.scope.model.as_deref() == model && bias.scope.gpu.as_deref() == gpu && bias.figure == figure
    };
    biases.iter().find(meant).unwrap()
}

#[test]
fn bias_is_told_by_model_and_gpu() {
    let mut noise = Noise(5);
    let mut outcomes = Vec::new();
    for deployment in 0..12 {
        let (model, gpu) =
            if deployment % 2 == 0 { ("Qwen3-32B", "H100") } else { ("Llama-3.1-8B-Instruct", "H200") };
        let truth = if deployment % 2 == 0 { 1.3 } else { 1.0 };
        let own = 1.0 + 0.05 * noise.next();
        for day in 0..5 {
            let itl = truth * own * (1.0 + 0.03 * noise.next());
            outcomes.push(off(
                &format!("d{deployment}"),
                f64::from(day),
                model,
                gpu,
                1.0 + 0.05 * noise.next(),
                itl,
            ));
        }
    }
    let report = assess(outcomes);
    let slow = bias(&report.biases, Some("Qwen3-32B"), Some("H100"), OutcomeFigure::ItlMs);
    assert_eq!((slow.deployments, slow.outcomes, slow.significant), (6, 30, true));
    assert!(slow.ratio_low.unwrap() < 1.3 && slow.ratio_high.unwrap() > 1.3, "{slow:?}");
    assert!((slow.correction - slow.ratio.powf(0.6)).abs() < 1e-12);
    let right = bias(&report.biases, Some("Llama-3.1-8B-Instruct"), None, OutcomeFigure::ItlMs);
    assert!(
        !right.significant && right.ratio_low.unwrap() < 1.0 && right.ratio_high.unwrap() > 1.0,
        "{right:?}"
    );
    assert!(!bias(&report.biases, None, None, OutcomeFigure::TtftMs).significant);
    assert_eq!(report.comparisons.len(), 120);
    assert_eq!(report.within_fraction, None);
}

/// Intervals of an unbiased ratio hold 1 about 95 times of 100: of 200, with a standard deviation of
/// 3.1, at least 180. Outcomes of a deployment have much in common, so counting each as evidence of
/// its own would hold it far less often.
#[test]
fn intervals_hold_what_they_say() {
    let mut noise = Noise(11);
    let mut held = 0;
    for _ in 0..200 {
        let mut outcomes = Vec::new();
        for deployment in 0..6 {
            let own = 0.1 * noise.next();
            for day in 0..8 {
                let itl = (own + 0.02 * noise.next()).exp();
                outcomes.push(off(&format!("d{deployment}"), f64::from(day), "Qwen3-32B", "H100", 1.0, itl));
            }
        }
        let report = assess(outcomes);
        let found = bias(&report.biases, None, None, OutcomeFigure::ItlMs);
        held += usize::from((found.ratio_low.unwrap()..=found.ratio_high.unwrap()).contains(&1.0));
    }
    assert!((180..=199).contains(&held), "{held}");
}

#[test]
fn drift_is_dated_and_noise_is_none() {
    let mut noise = Noise(17);
    let mut outcomes = Vec::new();
    for day in 0..40 {
        let shifted = if day >= 25 { 1.25 } else { 1.0 };
        let itl = shifted * (1.0 + 0.03 * noise.next());
        outcomes.push(off("chat", f64::from(day), "Qwen3-32B", "H100", 1.0 + 0.1 * noise.next(), itl));
    }
    outcomes.reverse();
    let report = assess(outcomes);
    let drift = &report.drifts[0];
    assert_eq!(
        (drift.figure, drift.base, drift.significant),
        (OutcomeFigure::ItlMs, DriftBase::Prediction, true)
    );
    assert_eq!(drift.change.at_seconds, START + 25.0 * DAY);
    assert!((drift.factor - 1.25).abs() < 0.05, "{}", drift.factor);
    assert!(
        report
            .drifts
            .iter()
            .filter(|drift| drift.figure == OutcomeFigure::TtftMs)
            .all(|drift| !drift.significant)
    );
}

/// Series without drift, whose neighbours go together as an autoregression with ρ = 0.5, are called
/// drifting at most about as often as is said: of 300 at 5%, 15 on average, and up to 30 allowed for
/// ρ being an estimate.
#[test]
fn slow_noise_is_no_drift() {
    let mut noise = Noise(23);
    let mut found = 0;
    for _ in 0..300 {
        let mut state = 0.0;
        let outcomes: Vec<Outcome> = (0..60)
            .map(|day| {
                state = 0.5 * state + 0.05 * noise.next();
                let mut one = off("chat", f64::from(day), "Qwen3-32B", "H100", 1.0, f64::exp(state));
                one.observed.ttft_ms = None;
                one
            })
            .collect();
        found += usize::from(assess(outcomes).drifts[0].significant);
    }
    assert!(found <= 30, "{found}");
}

#[test]
fn what_is_not_predicted_drifts_from_its_past() {
    let outcomes: Vec<Outcome> = (0..20)
        .map(|day| {
            let usd = if day < 12 { 10.0 } else { 14.0 } + 0.01 * f64::from(day % 3);
            let observed = OutcomeFigures { usd_per_hour: Some(usd), ..OutcomeFigures::default() };
            outcome("chat", f64::from(day), ran("Qwen3-32B", "H100", 4.0), observed)
        })
        .collect();
    let report = assess(outcomes);
    let drift = &report.drifts[0];
    assert_eq!((drift.figure, drift.base), (OutcomeFigure::UsdPerHour, DriftBase::OwnPast));
    assert!(drift.significant, "{drift:?}");
    assert!((drift.change.before - 10.0).abs() < 0.1, "{drift:?}");
    assert!((drift.change.after - 14.0).abs() < 0.1, "{drift:?}");
}

#[test]
fn the_engine_fills_in_what_was_not_predicted() {
    let setup = ran("Llama-3.1-8B-Instruct", "H100", 6.0);
    let predicted = predicted_figures(catalog(), &setup, Quantile::P95).unwrap();
    assert_eq!(predicted.requests_per_second, Some(6.0));
    let observed = OutcomeFigures {
        itl_ms: predicted.itl_ms,
        ttft_ms: predicted.ttft_ms.map(|ms| ms * 50.0),
        ..Default::default()
    };
    let outcomes = vec![outcome("chat", 0.0, setup.clone(), observed)];
    let report = assess_outcomes(
        catalog(),
        &OutcomesRequest { outcomes: outcomes.clone(), predict: true, now_seconds: None },
    )
    .unwrap();
    let within: Vec<(OutcomeFigure, f64, Option<bool>)> =
        report.comparisons.iter().map(|row| (row.figure, row.ratio.round(), row.within)).collect();
    assert_eq!(within, [(OutcomeFigure::TtftMs, 50.0, Some(false)), (OutcomeFigure::ItlMs, 1.0, Some(true))]);
    assert_eq!(report.within_fraction, Some(0.5));
    let none =
        assess_outcomes(catalog(), &OutcomesRequest { outcomes, predict: false, now_seconds: None }).unwrap();
    assert!(none.comparisons.is_empty() && none.biases.is_empty());
}

#[test]
fn impossible_outcomes_are_refused() {
    let good = || off("chat", 0.0, "Qwen3-32B", "H100", 1.0, 1.0);
    let refused = |change: &dyn Fn(&mut Outcome)| {
        let mut broken = good();
        change(&mut broken);
        let request = OutcomesRequest { outcomes: vec![good(), broken], predict: true, now_seconds: None };
        let error = assess_outcomes(catalog(), &request).unwrap_err();
        (error.code(), error.path().to_owned())
    };
    let invalid = |path: &str| (ErrorCode::InvalidValue, format!("outcomes[1].{path}"));
    assert_eq!(refused(&|one| one.to_seconds = one.from_seconds), invalid("to_seconds"));
    assert_eq!(refused(&|one| one.from_seconds = f64::NAN), invalid("from_seconds"));
    assert_eq!(refused(&|one| one.observed.ttft_ms = Some(0.0)), invalid("observed.ttft_ms"));
    assert_eq!(refused(&|one| one.observed.utilization = Some(1.5)), invalid("observed.utilization"));
    assert_eq!(refused(&|one| one.predicted.itl_ms = Some(f64::INFINITY)), invalid("predicted.itl_ms"));
    assert_eq!(refused(&|one| one.ran.concurrency = Some(4.0)), invalid("ran.concurrency"));
    assert_eq!(refused(&|one| one.ran.qps = None), (ErrorCode::MissingField, "outcomes[1].ran.qps".into()));
    assert_eq!(
        refused(&|one| one.observed = OutcomeFigures::default()),
        (ErrorCode::MissingField, "outcomes[1].observed".into())
    );
    assert_eq!(refused(&|one| one.ran.model = "Qwen3-33B".into()).0, ErrorCode::UnknownName);
    let empty = assess_outcomes(
        catalog(),
        &OutcomesRequest { outcomes: Vec::new(), predict: true, now_seconds: None },
    );
    assert_eq!(empty.unwrap_err().code(), ErrorCode::Empty);
}

#[test]
fn waste_and_want_are_told() {
    let busy = |utilization: f64, ttft: f64, replicas: u32| {
        let mut one = off("chat", 0.0, "Qwen3-32B", "H100", 1.0, 1.0);
        one.ran.replicas = Some(replicas);
        one.observed.utilization = Some(utilization);
        one.observed.ttft_ms = Some(ttft);
        one.observed.usd_per_hour = Some(10.0);
        one.targets.ttft_ms = Some(500.0);
        assess(vec![one]).provisioning.remove(0)
    };
    let over = busy(0.2, 100.0, 10);
    // 20% of ten replicas are 67.5% of three, midway between scaling down and up.
    assert_eq!((over.state, over.replicas_by_utilization), (ProvisioningState::Over, Some(3)));
    assert!((over.saving_usd_per_month.unwrap() - 0.7 * 10.0 * 730.0).abs() < 1e-9);
    let right = busy(0.7, 100.0, 10);
    assert_eq!((right.state, right.saving_usd_per_month), (ProvisioningState::Right, Some(0.0)));
    let under = busy(0.97, 100.0, 10);
    assert_eq!((under.state, under.replicas_by_utilization), (ProvisioningState::Under, Some(12)));
    assert!(under.saving_usd_per_month.unwrap() < 0.0);
    let slow = busy(0.5, 900.0, 10);
    assert_eq!(
        (slow.state, slow.worst_target, slow.worst_ratio),
        (ProvisioningState::Under, Some(OutcomeFigure::TtftMs), Some(1.8))
    );
    assert_eq!(slow.replicas_by_utilization, None);
    let unknown = assess(vec![off("chat", 0.0, "Qwen3-32B", "H100", 1.0, 1.0)]).provisioning.remove(0);
    assert_eq!(unknown.state, ProvisioningState::Unknown);
}

/// Outcomes of an engine whose KV cache is read a third more slowly: the calibration finds that, and
/// what it hands on predicts them.
#[test]
fn the_engine_learns() {
    let slower = FittedFactors { factors: BTreeMap::from([("kv_bandwidth".to_owned(), 0.7)]), errors: None };
    let outcomes: Vec<Outcome> = (0..24)
        .map(|day| {
            let mut setup = ran("Llama-3.1-8B-Instruct", "H100", 2.0 + f64::from(day % 8) * 3.0);
            setup.input_tokens = 600.0 + 700.0 * f64::from(day % 3);
            setup.calibration = Some(slower.clone());
            let observed = predicted_figures(catalog(), &setup, Quantile::Mean).unwrap();
            setup.calibration = None;
            Outcome { quantile: Quantile::Mean, ..outcome("chat", f64::from(day), setup, observed) }
        })
        .collect();
    let request =
        RecalibrationRequest { outcomes: outcomes.clone(), options: Default::default(), now_seconds: None };
    let found = recalibrate(catalog(), &request).unwrap();
    assert_eq!(found.outcomes, 24);
    let (before, after) = (found.itl_error_before.unwrap(), found.itl_error_after.unwrap());
    assert!(before > 1.01 && after - 1.0 < 0.5 * (before - 1.0), "{before} {after}");
    let cache = found.calibration.factor("kv_bandwidth").unwrap().value;
    assert!(cache < 0.9, "{cache}");
    let mut blind = outcomes;
    for one in &mut blind {
        one.observed = OutcomeFigures { usd_per_hour: Some(1.0), ..OutcomeFigures::default() };
    }
    let error = recalibrate(
        catalog(),
        &RecalibrationRequest { outcomes: blind, options: Default::default(), now_seconds: None },
    );
    assert_eq!(error.unwrap_err().code(), ErrorCode::Empty);
}

fn costs(days: usize, usd: impl Fn(usize) -> f64) -> CostAnomalyRequest {
    CostAnomalyRequest::new(CostColumns {
        at_seconds: (0..days).map(|day| START + DAY * day as f64).collect(),
        usd: (0..days).map(&usd).collect(),
        requests: vec![1000.0; days],
    })
}

#[test]
fn a_dear_day_is_told_and_a_weekend_is_not() {
    let mut noise = Noise(29);
    let scatter: Vec<f64> = (0..84).map(|_| 1.0 + 0.03 * noise.next()).collect();
    let usd = |day: usize| {
        let weekend = if day % 7 >= 5 { 0.4 } else { 1.0 };
        let leak = if day == 70 { 1.6 } else { 1.0 };
        100.0 * weekend * leak * scatter[day]
    };
    let found = cost_anomalies(&costs(84, usd)).unwrap();
    assert_eq!(found.cycle.as_deref(), Some("weekly"));
    assert_eq!(found.anomalies.len(), 1, "{:?}", found.anomalies);
    let one = &found.anomalies[0];
    assert_eq!(one.at_seconds, START + 70.0 * DAY);
    assert!(one.p_adjusted < 0.01 && one.usd > one.expected_usd_high);
    assert!((one.excess_usd - (usd(70) - 100.0)).abs() < 4.0, "{}", one.excess_usd);
}

/// Of 100 histories of 90 days without an anomaly, at a chance of 1% of any false alarm in each, one
/// is expected; up to 6 are allowed, for noise is not quite normal and spreads are estimates.
#[test]
fn noise_is_no_anomaly() {
    let mut noise = Noise(31);
    let mut alarms = 0;
    for _ in 0..100 {
        let scatter: Vec<f64> = (0..90).map(|_| (0.1 * noise.next()).exp()).collect();
        let mut request = costs(90, |day| 50.0 * scatter[day]);
        request.least_change_fraction = 0.001;
        alarms += usize::from(!cost_anomalies(&request).unwrap().anomalies.is_empty());
    }
    assert!(alarms <= 6, "{alarms}");
}

#[test]
fn more_traffic_is_no_anomaly_of_a_request() {
    let mut request = costs(40, |day| if day == 30 { 300.0 } else { 100.0 });
    request.costs.requests[30] = 3000.0;
    assert_eq!(cost_anomalies(&request).unwrap().anomalies.len(), 1);
    request.per_request = true;
    assert!(cost_anomalies(&request).unwrap().anomalies.is_empty());
    request.costs.requests[10] = 0.0;
    assert_eq!(cost_anomalies(&request).unwrap().notes.len(), 1);
    // Constant costs have no spread: a tenth more is not told, a fifth is.
    let steps = |more: f64| cost_anomalies(&costs(40, |day| if day == 30 { more } else { 100.0 })).unwrap();
    assert_eq!(steps(103.0).anomalies.len(), 0);
    assert_eq!(steps(150.0).anomalies.len(), 1);
    let short = cost_anomalies(&costs(5, |_| 1.0)).unwrap();
    assert_eq!((short.judged, short.notes.len()), (0, 1));
    let refused = |change: &dyn Fn(&mut CostAnomalyRequest)| {
        let mut broken = costs(20, |_| 1.0);
        change(&mut broken);
        cost_anomalies(&broken).unwrap_err().path().to_owned()
    };
    assert_eq!(refused(&|one| one.costs.usd[2] = f64::NAN), "costs.usd[2]");
    assert_eq!(refused(&|one| one.costs.usd[2] = -1.0), "costs.usd[2]");
    assert_eq!(refused(&|one| one.costs.at_seconds[2] = 0.0), "costs.at_seconds[2]");
    assert_eq!(refused(&|one| one.costs.usd.iter_mut().for_each(|usd| *usd = 0.0)), "costs.usd");
    assert_eq!(refused(&|one| one.costs.at_seconds.clear()), "costs.at_seconds");
    assert_eq!(refused(&|one| one.baseline = 3), "baseline");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is observed, predicted and promised, answers are numbers: JSON has no others, so what
    /// is read back is what was written.
    #[test]
    fn answers_are_numbers(
        rows in prop::collection::vec((-9.0_f64..9.0, -9.0_f64..9.0, 0.0_f64..1.0, 0_u32..4), 1..40),
    ) {
        let outcomes = rows.iter().enumerate().map(|(day, (observed, predicted, busy, id))| {
            let figures = |power: f64| OutcomeFigures {
                ttft_ms: Some(10_f64.powf(power.min(7.0))),
                requests_per_second: Some(10_f64.powf(power)),
                usd_per_hour: Some(10_f64.powf(power)),
                utilization: Some(*busy),
                ..OutcomeFigures::default()
            };
            let mut one = outcome(&format!("d{id}"), day as f64, ran("Qwen3-32B", "H100", 4.0), figures(*observed));
            one.predicted = figures(*predicted);
            one.targets = figures(-*predicted);
            one
        });
        let report = assess(outcomes.collect());
        let text = serde_json::to_string(&report).unwrap();
        prop_assert_eq!(serde_json::from_str::<sizewell::monitor::OutcomeReport>(&text).unwrap(), report);
    }

    /// The same of costs, from a millionth of a millionth to millions of millions.
    #[test]
    fn costs_are_numbers(rows in prop::collection::vec((-12.0_f64..15.0, 0.0_f64..1e15), 1..80)) {
        let columns = CostColumns {
            at_seconds: (0..rows.len()).map(|day| START + DAY * day as f64).collect(),
            usd: rows.iter().map(|(power, _)| 10_f64.powf(*power).min(1e15)).collect(),
            requests: rows.iter().map(|(_, requests)| *requests).collect(),
        };
        for per_request in [false, true] {
            let request = CostAnomalyRequest { per_request, ..CostAnomalyRequest::new(columns.clone()) };
            let Ok(found) = cost_anomalies(&request) else { continue };
            let text = serde_json::to_string(&found).unwrap();
            prop_assert_eq!(serde_json::from_str::<sizewell::monitor::CostAnomalies>(&text).unwrap(), found);
        }
    }
}
