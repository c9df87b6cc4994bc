//! Models, tenants, endings, conversations and shared prefixes of generated traffic are those of the traffic it was
//! fitted to: the analysis of the one finds what the analysis of the other found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use sizewell::ErrorCode;
use sizewell::workload::trace::Labels;
use sizewell::workload::trace::readers::{ReadTraceRequest, TraceFormat, read_trace};
use sizewell::workload::traffic::{
    ConversationModel, FitTrafficRequest, Fluctuation, GenerateTrafficRequest, PrefixCell, PrefixModel,
    TimeGroup, TrafficClass, TrafficFitter, TrafficModel, TrafficOutcome, TrafficSource, fit_traffic,
    generate_traffic,
};
use sizewell::workload::{
    AnalyzeTraceRequest, RequestStatus, TokenDistribution, Trace, TraceAnalysis, TraceOptions, analyze_trace,
};

fn analyze(trace: &Trace) -> TraceAnalysis {
    let options = TraceOptions { windows_seconds: vec![1.0, 10.0, 60.0], ..TraceOptions::default() };
    analyze_trace(&AnalyzeTraceRequest { trace: trace.clone(), options }).unwrap()
}

fn fit(trace: &Trace) -> TrafficModel {
    fit_traffic(&FitTrafficRequest { trace: trace.clone(), ..FitTrafficRequest::default() }).unwrap()
}

fn draw(model: &TrafficModel, seed: u64, duration_seconds: f64) -> Trace {
    generate_traffic(&GenerateTrafficRequest::new(model.clone(), seed, duration_seconds)).unwrap()
}

fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found / expected - 1.0).abs() <= tolerance, "{what}: {found}, expected {expected}");
}

fn lengths(mean_tokens: f64, cv: f64) -> TokenDistribution {
    TokenDistribution::Lognormal { mean_tokens, cv, max_tokens: Some(100_000) }
}

fn class(weight: f64, input: f64, output: f64, correlation: f64) -> TrafficClass {
    TrafficClass { weight, input: lengths(input, 0.5), output: lengths(output, 0.6), correlation }
}

fn span(from_seconds: f64, to_seconds: f64, weight: f64) -> TimeGroup {
    TimeGroup { from_seconds, to_seconds, weight }
}

fn source(model: &str, tenant: &str, weight: f64, classes: Vec<TrafficClass>) -> TrafficSource {
    TrafficSource { model: Some(model.into()), tenant: Some(tenant.into()), weight, classes }
}

/// A service with everything: bursts, two models, three tenants of which one sends long documents,
/// conversations of three requests on average whose prompts grow, system prompts and histories that
/// are shared, a few failures.
fn service() -> TrafficModel {
    let cell = |prompt_blocks, shared_fraction, weight, ages: &[TimeGroup]| PrefixCell {
        prompt_blocks,
        shared_fraction,
        weight,
        ages: ages.to_vec(),
    };
    let recent = [span(0.0, 20.0, 3.0), span(20.0, 400.0, 1.0)];
    let pausing = [span(10.0, 120.0, 1.0)];
    let powers = 1_u32..=9;
    TrafficModel {
        mean_qps: 5.0,
        hour_of_week: Vec::new(),
        rhythm: sizewell::workload::traffic::RhythmKind::Flat,
        utc_offset_minutes: 0,
        utc_offsets: Vec::new(),
        fluctuations: vec![Fluctuation { seconds: 30.0, variance: 0.3 }],
        classes: vec![class(4.0, 800.0, 300.0, 0.4), class(1.0, 12_000.0, 80.0, 0.0)],
        sources: vec![
            source("large", "support", 6.0, Vec::new()),
            source("small", "support", 2.0, Vec::new()),
            source("small", "legal", 2.0, vec![class(1.0, 20_000.0, 900.0, 0.2)]),
        ],
        outcomes: vec![
            TrafficOutcome { status: RequestStatus::Completed, weight: 95.0, answer_fraction: 1.0 },
            TrafficOutcome { status: RequestStatus::Failed, weight: 3.0, answer_fraction: 0.0 },
            TrafficOutcome { status: RequestStatus::Cancelled, weight: 2.0, answer_fraction: 0.4 },
        ],
        conversations: Some(ConversationModel {
            continues: vec![0.5, 0.75],
            pauses: vec![span(5.0, 60.0, 4.0), span(60.0, 300.0, 1.0)],
            input_scores: vec![-0.4, 0.1, 0.4, 0.6],
            input_correlation: 0.9,
        }),
        prefixes: Some(PrefixModel {
            block_tokens: 64,
            openings: powers
                .clone()
                .flat_map(|power| [cell(1 << power, 0.0, 1.0, &[]), cell(1 << power, 0.3, 4.0, &recent)])
                .collect(),
            turns: powers
                .flat_map(|power| {
                    [cell(1 << power, 0.85, 9.0, &pausing), cell(1 << power, 0.2, 1.0, &pausing)]
                })
                .collect(),
        }),
        notes: Vec::new(),
    }
}

/// Three hours of the service (54,000 requests), fitted, and three hours drawn from the fit. Shares within
/// 0.02 (18,000 conversations: the share of a half has a standard error of 0.004 on either side), lengths of
/// all and of a source within 6% and their percentiles within 8% (conversations keep their lengths: 1,800 of legal), requests of a
/// conversation within 3%, pauses within 5% for the mean and the median (48 spans stand for what was seen), hit
/// shares within 0.03, growth of prompts within 8% at each turn.
#[test]
fn all_of_a_service_comes_back() {
    let seen = draw(&service(), 3, 10_800.0);
    let model = fit(&seen);
    let again = draw(&model, 4, 10_800.0);
    let (before, after) = (analyze(&seen), analyze(&again));
    for (found, expected) in [(&after.models, &before.models), (&after.tenants, &before.tenants)] {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.name, expected.name);
            assert!((found.fraction - expected.fraction).abs() < 0.02, "{found:?} {expected:?}");
            near(found.input_tokens_mean, expected.input_tokens_mean, 0.06, &found.name);
            near(found.output_tokens_mean, expected.output_tokens_mean, 0.06, &found.name);
        }
    }
    let (found, expected) = (after.sessions.clone().unwrap(), before.sessions.clone().unwrap());
    near(found.requests_mean, expected.requests_mean, 0.03, "requests of a conversation");
    near(found.requests_p95 as f64, expected.requests_p95 as f64, 0.25, "their 95th percentile");
    near(found.gap_mean_seconds.unwrap(), expected.gap_mean_seconds.unwrap(), 0.05, "mean pause");
    near(found.gap_p50_seconds.unwrap(), expected.gap_p50_seconds.unwrap(), 0.05, "median pause");
    let (found, expected) = (after.prefix.clone().unwrap(), before.prefix.clone().unwrap());
    assert!((found.hit_fraction - expected.hit_fraction).abs() < 0.03, "{found:?} {expected:?}");
    let sharing = found.requests_sharing_fraction - expected.requests_sharing_fraction;
    assert!(sharing.abs() < 0.02, "{found:?} {expected:?}");
    for (found, expected) in found.by_age.iter().zip(&expected.by_age) {
        assert!((found.hit_fraction - expected.hit_fraction).abs() < 0.05, "{found:?} {expected:?}");
    }
    for (found, expected) in [(&after.input, &before.input), (&after.output, &before.output)] {
        near(found.mean_tokens, expected.mean_tokens, 0.06, "mean tokens");
        near(found.p50_tokens as f64, expected.p50_tokens as f64, 0.08, "median tokens");
        near(found.p95_tokens as f64, expected.p95_tokens as f64, 0.08, "95th percentile of tokens");
    }
    let failed = |analysis: &TraceAnalysis| 1.0 - analysis.completed_fraction.unwrap();
    assert!((failed(&after) - failed(&before)).abs() < 0.003);
    let (grown, growth) = (by_turn(&again), by_turn(&seen));
    for (turn, (found, expected)) in grown.iter().zip(&growth).enumerate().take(5) {
        near(*found, *expected, 0.08, &format!("mean prompt of request {}", turn + 1));
    }
    assert!(growth[3] > 1.3 * growth[0], "prompts do grow: {growth:?}");
    near(neighbours(&again), neighbours(&seen), 0.08, "correlation of a prompt and the next");
}

/// Mean tokens of the first, second, … prompt of the conversations.
fn by_turn(trace: &Trace) -> Vec<f64> {
    let mut turns = std::collections::HashMap::new();
    let mut sums = vec![(0.0, 0.0); 2000];
    for (session, input) in trace.session.iter().zip(&trace.input_tokens) {
        let turn: &mut usize = turns.entry(*session).or_default();
        sums[*turn] = (sums[*turn].0 + f64::from(*input), sums[*turn].1 + 1.0);
        *turn += 1;
    }
    sums.iter().take_while(|sum| sum.1 > 100.0).map(|sum| sum.0 / sum.1).collect()
}

/// Correlation of the logarithms of a prompt and the next of its conversation.
fn neighbours(trace: &Trace) -> f64 {
    let mut last = std::collections::HashMap::new();
    let mut pairs = Vec::new();
    for (session, input) in trace.session.iter().zip(&trace.input_tokens) {
        let own = f64::from(*input).ln();
        if let Some(before) = last.insert(*session, own) {
            pairs.push((before, own));
        }
    }
    let mean = |side: fn(&(f64, f64)) -> f64| pairs.iter().map(side).sum::<f64>() / pairs.len() as f64;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|pair| of(pair.0 - x, pair.1 - y)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

/// Models, tenants, endings and prefixes leave arrivals and lengths as they were; conversations leave the
/// rate and its bursts.
#[test]
fn the_rate_stays() {
    let whole = service();
    let plain = TrafficModel {
        sources: Vec::new(),
        outcomes: Vec::new(),
        conversations: None,
        prefixes: None,
        ..whole.clone()
    };
    let labelled = TrafficModel { conversations: None, ..whole.clone() };
    let labelled = TrafficModel {
        sources: labelled
            .sources
            .into_iter()
            .map(|one| TrafficSource { classes: Vec::new(), ..one })
            .collect(),
        outcomes: Vec::new(),
        ..labelled
    };
    let (bare, named) = (draw(&plain, 9, 7200.0), draw(&labelled, 9, 7200.0));
    assert_eq!((&bare.arrival_ms, &bare.input_tokens), (&named.arrival_ms, &named.input_tokens));
    assert_eq!(bare.output_tokens, named.output_tokens);
    assert_eq!(named.model.index.len(), named.len());
    let (bare, whole) = (analyze(&draw(&plain, 10, 21_600.0)), analyze(&draw(&whole, 10, 21_600.0)));
    near(whole.mean_qps, bare.mean_qps, 0.03, "mean rate");
    for (found, expected) in whole.windows.iter().zip(&bare.windows) {
        near(found.dispersion, expected.dispersion, 0.1, "dispersion");
    }
}

/// Batches, and the same trace at once, give the same model; the same seed the same trace; a model is plain data.
#[test]
fn batches_seeds_and_text() {
    let trace = draw(&service(), 5, 7200.0);
    let whole = fit(&trace);
    let mut fitter =
        TrafficFitter::new(TraceOptions { start_seconds: trace.start_seconds, ..TraceOptions::for_fit() })
            .unwrap();
    let half = trace.len() / 2;
    for range in [0..half, half..trace.len()] {
        let part = |labels: &Labels| Labels { index: labels.index[range.clone()].to_vec(), ..labels.clone() };
        let (model, tenant) = (part(&trace.model), part(&trace.tenant));
        fitter
            .add(sizewell::workload::TraceColumns {
                arrival_ms: &trace.arrival_ms[range.clone()],
                input_tokens: &trace.input_tokens[range.clone()],
                output_tokens: &trace.output_tokens[range.clone()],
                status: &trace.status[range.clone()],
                session: &trace.session[range.clone()],
                model: Some(&model),
                tenant: Some(&tenant),
                ..sizewell::workload::TraceColumns::default()
            })
            .unwrap();
    }
    let parts = fitter.finish().unwrap();
    assert_eq!(parts, TrafficModel { prefixes: None, ..whole.clone() });
    let text = serde_json::to_string(&whole).unwrap();
    let read: TrafficModel = serde_json::from_str(&text).unwrap();
    assert_eq!(draw(&read, 6, 600.0), draw(&whole, 6, 600.0));
    assert_ne!(draw(&whole, 6, 600.0).session, draw(&whole, 7, 600.0).session);
}

#[test]
fn impossible_populations_are_refused() {
    let refused = |change: fn(&mut TrafficModel)| {
        let mut model = service();
        change(&mut model);
        let error = generate_traffic(&GenerateTrafficRequest::new(model, 1, 60.0)).unwrap_err();
        (error.code(), error.path().to_owned())
    };
    let invalid = |path: &str| (ErrorCode::InvalidValue, path.to_owned());
    assert_eq!(refused(|model| model.sources[1].weight = 0.0), invalid("model.sources[1].weight"));
    assert_eq!(
        refused(|model| model.sources[2].classes[0].correlation = 3.0),
        invalid("model.sources[2].classes[0].correlation")
    );
    assert_eq!(
        refused(|model| model.outcomes[1].answer_fraction = f64::NAN),
        invalid("model.outcomes[1].answer_fraction")
    );
    assert_eq!(
        refused(|model| model.conversations.as_mut().unwrap().continues = vec![1.0]),
        invalid("model.conversations.continues[0]")
    );
    assert_eq!(
        refused(|model| model.conversations.as_mut().unwrap().continues.clear()),
        invalid("model.conversations.continues")
    );
    assert_eq!(
        refused(|model| model.conversations.as_mut().unwrap().pauses.clear()),
        (ErrorCode::MissingField, "model.conversations.pauses".to_owned())
    );
    assert_eq!(
        refused(|model| model.conversations.as_mut().unwrap().pauses[1].to_seconds = 1.0),
        invalid("model.conversations.pauses[1].to_seconds")
    );
    assert_eq!(
        refused(|model| model.prefixes.as_mut().unwrap().block_tokens = 0),
        invalid("model.prefixes.block_tokens")
    );
    assert_eq!(
        refused(|model| model.prefixes.as_mut().unwrap().openings[1].shared_fraction = 1.5),
        invalid("model.prefixes.openings[1].shared_fraction")
    );
    assert_eq!(
        refused(|model| model.prefixes.as_mut().unwrap().turns[0].ages.clear()),
        (ErrorCode::MissingField, "model.prefixes.turns[0].ages".to_owned())
    );
}

/// Mooncake's conversation trace, where it is at hand: fitted on the first half hour, held against the
/// second. The halves themselves differ by 13% in their mean prompt, hence 16% for mean lengths; hit shares
/// within 0.05, sharing requests within 0.02.
#[test]
fn half_of_a_real_trace_against_the_other() {
    let Some(path) = std::env::var_os("SIZEWELL_MOONCAKE_TRACE") else {
        eprintln!("skipped: SIZEWELL_MOONCAKE_TRACE does not name Mooncake's conversation_trace.jsonl");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let trace = read_trace(&ReadTraceRequest::new(TraceFormat::Mooncake, text)).unwrap().trace;
    let half = trace.arrival_ms.partition_point(|at| *at < trace.arrival_ms.last().unwrap() / 2.0);
    let part = |range: std::ops::Range<usize>| {
        let begin: u32 = trace.prefix.lengths[..range.start].iter().sum();
        let blocks: u32 = trace.prefix.lengths[range.clone()].iter().sum();
        let first = trace.arrival_ms[range.start];
        let mut prefix = trace.prefix.clone();
        prefix.lengths = trace.prefix.lengths[range.clone()].to_vec();
        prefix.blocks = trace.prefix.blocks[begin as usize..(begin + blocks) as usize].to_vec();
        Trace {
            arrival_ms: trace.arrival_ms[range.clone()].iter().map(|at| at - first).collect(),
            input_tokens: trace.input_tokens[range.clone()].to_vec(),
            output_tokens: trace.output_tokens[range].to_vec(),
            prefix,
            ..Trace::default()
        }
    };
    let (first, second) = (part(0..half), part(half..trace.len()));
    let model = fit(&first);
    let drawn = draw(&model, 1, second.arrival_ms.last().unwrap() / 1000.0);
    for (name, trace) in [("first half", &first), ("second half", &second), ("drawn", &drawn)] {
        let found = analyze(trace);
        let prefix = found.prefix.as_ref().unwrap();
        eprintln!(
            "{name}: {} requests, {:.2}/s, input {:.0} p95 {}, output {:.0}, sharing {:.3}, hits {:.3}, by age {:?}, {} blocks",
            found.requests,
            found.mean_qps,
            found.input.mean_tokens,
            found.input.p95_tokens,
            found.output.mean_tokens,
            prefix.requests_sharing_fraction,
            prefix.hit_fraction,
            prefix.by_age.iter().map(|age| (age.hit_fraction * 1000.0).round() / 1000.0).collect::<Vec<_>>(),
            prefix.distinct_blocks
        );
    }
    let (found, expected) = (analyze(&drawn), analyze(&second));
    near(found.input.mean_tokens, expected.input.mean_tokens, 0.16, "mean prompt");
    near(found.output.mean_tokens, expected.output.mean_tokens, 0.16, "mean answer");
    let (found, expected) = (found.prefix.unwrap(), expected.prefix.unwrap());
    assert!((found.hit_fraction - expected.hit_fraction).abs() < 0.05, "{found:?} {expected:?}");
    let sharing = found.requests_sharing_fraction - expected.requests_sharing_fraction;
    assert!(sharing.abs() < 0.02, "{found:?} {expected:?}");
}
