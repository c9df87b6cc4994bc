//! The engine by tables: measured points are met, laws hold between and beyond them, bad rows are
//! refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use proptest::prelude::*;
use sizewell::ErrorCode;
use sizewell::engine::{
    Batch, DecodeRow, EngineLimits, EngineModel, PrefillRow, Replica, Roofline, Scheduling, TabulatedEngine,
};

const LIMITS: EngineLimits = EngineLimits {
    max_num_seqs: 256,
    max_num_batched_tokens: 8192,
    kv_tokens: 400_000,
    scheduling: Scheduling::ChunkedPrefill,
};

fn decode(sequences: f64, context_tokens: f64, iteration_ms: f64) -> DecodeRow {
    DecodeRow { sequences, context_tokens, iteration_ms }
}

fn prefill(tokens: f64, context_tokens: f64, iteration_ms: f64) -> PrefillRow {
    PrefillRow { tokens, context_tokens, iteration_ms }
}

/// A table as a roofline would be measured.
fn measured(engine: &dyn EngineModel) -> (Vec<DecodeRow>, Vec<PrefillRow>) {
    let mut decodes = Vec::new();
    for sequences in [1.0, 4.0, 16.0, 32.0, 64.0, 128.0, 256.0] {
        for context in [128.0, 1000.0, 4000.0, 16_000.0] {
            decodes.push(decode(sequences, context, engine.iteration_ms(&Batch::decode(sequences, context))));
        }
    }
    let mut prefills = Vec::new();
    for tokens in [16.0, 128.0, 512.0, 2048.0, 8192.0] {
        for context in [0.0, 4096.0, 32_768.0] {
            prefills.push(prefill(tokens, context, engine.iteration_ms(&Batch::prefill(context, tokens))));
        }
    }
    (decodes, prefills)
}

fn roofline() -> Roofline {
    let catalog = sizewell_data::catalog();
    let replica = Replica::new(catalog.model("Llama-3.1-8B-Instruct").unwrap(), catalog.gpu("H100").unwrap());
    Roofline::new(&replica).unwrap()
}

fn error(decodes: &[DecodeRow], prefills: &[PrefillRow]) -> (ErrorCode, String) {
    let error = TabulatedEngine::new(decodes, prefills, LIMITS, 0.0).unwrap_err();
    (error.code(), error.path().to_owned())
}

#[test]
fn measured_points_are_met() {
    let engine = roofline();
    let (decodes, prefills) = measured(&engine);
    let table = TabulatedEngine::new(&decodes, &prefills, LIMITS, 12.5).unwrap();
    for row in &decodes {
        let time = table.iteration_ms(&Batch::decode(row.sequences, row.context_tokens));
        assert!((time / row.iteration_ms - 1.0).abs() < 1e-12, "{row:?} {time}");
    }
    for row in &prefills {
        let time = table.iteration_ms(&Batch::prefill(row.context_tokens, row.tokens));
        assert!((time / row.iteration_ms - 1.0).abs() < 1e-12, "{row:?} {time}");
    }
    assert_eq!((table.limits(), table.request_overhead_ms()), (LIMITS, 12.5));
    assert_eq!(table.iteration_ms(&Batch::default()), 0.0);
}

/// Between its points a roofline is a sum of straight lines with one kink, so that a table of it is
/// near everywhere; what a prompt adds to a batch is the roofline's own rule.
#[test]
fn between_points_it_is_near_what_was_measured() {
    let engine = roofline();
    let (decodes, prefills) = measured(&engine);
    let table = TabulatedEngine::new(&decodes, &prefills, LIMITS, 0.0).unwrap();
    for (sequences, context) in [(2.0, 700.0), (24.0, 2500.0), (100.0, 900.0), (200.0, 6000.0), (48.0, 300.0)]
    {
        let batch = Batch::decode(sequences, context);
        let (wanted, given) = (engine.iteration_ms(&batch), table.iteration_ms(&batch));
        assert!((given / wanted - 1.0).abs() < 0.02, "{sequences} × {context}: {given} for {wanted}");
        let mixed = batch.and(Batch::prefill(0.0, 1000.0));
        let (wanted, given) = (engine.iteration_ms(&mixed), table.iteration_ms(&mixed));
        assert!((given / wanted - 1.0).abs() < 0.05, "mixed {sequences} × {context}: {given} for {wanted}");
    }
}

#[test]
fn bad_rows_are_refused_with_their_path() {
    let (decodes, prefills) = measured(&roofline());
    assert_eq!(error(&[], &prefills), (ErrorCode::Empty, "decode".to_owned()));
    assert_eq!(error(&decodes, &[]), (ErrorCode::Empty, "prefill".to_owned()));
    let one_size = [decode(8.0, 100.0, 5.0), decode(8.0, 1000.0, 6.0)];
    assert_eq!(error(&one_size, &prefills), (ErrorCode::InvalidValue, "decode".to_owned()));
    let with = |row| {
        let mut rows = decodes.clone();
        rows.push(row);
        error(&rows, &prefills)
    };
    let last = decodes.len();
    for (row, field) in [
        (decode(0.5, 100.0, 5.0), "sequences"),
        (decode(f64::NAN, 100.0, 5.0), "sequences"),
        (decode(2.0, -1.0, 5.0), "context_tokens"),
        (decode(2.0, 100.0, 0.0), "iteration_ms"),
        (decode(2.0, 100.0, f64::INFINITY), "iteration_ms"),
    ] {
        assert_eq!(with(row), (ErrorCode::InvalidValue, format!("decode[{last}].{field}")));
    }
    assert_eq!(with(decodes[3]), (ErrorCode::Duplicate, format!("decode[{last}]")));
    let falling = decode(300.0, 16_000.0, 1.0);
    assert_eq!(with(falling), (ErrorCode::Contradiction, format!("decode[{last}].iteration_ms")));
    let too_many = vec![decodes[0]; 10_001];
    assert_eq!(error(&too_many, &prefills), (ErrorCode::TooLarge, "decode".to_owned()));
    let refused = TabulatedEngine::new(&decodes, &prefills, LIMITS, f64::NAN).unwrap_err();
    assert_eq!(refused.path(), "request_overhead_ms");
}

proptest! {
    /// Whatever was measured, within the noise that is accepted: a time is finite, and never falls
    /// when any field of the batch grows.
    #[test]
    fn a_time_never_falls(
        noise in proptest::collection::vec(0.85_f64..1.15, 43),
        batch in (0.0_f64..400.0, 0.0_f64..3.0, 0.0_f64..4e6, 0.0_f64..12_000.0, 0.0_f64..1e8),
        field in 0_usize..6,
        more in 0.0_f64..2.0,
    ) {
        let (mut decodes, mut prefills) = measured(&roofline());
        let times = decodes.iter_mut().map(|row| &mut row.iteration_ms)
            .chain(prefills.iter_mut().map(|row| &mut row.iteration_ms));
        for (time, noise) in times.zip(&noise) {
            *time *= noise;
        }
        let table = TabulatedEngine::new(&decodes, &prefills, LIMITS, 0.0).unwrap();
        let (sequences, drafts, context, tokens, attended) = batch;
        let small = Batch {
            prefill_sequences: 1.0,
            prefill_tokens: tokens,
            prefill_attended_tokens: attended,
            decode_sequences: sequences,
            decode_tokens: sequences * (1.0 + drafts),
            decode_context_tokens: context,
        };
        let mut large = small;
        let fields = [
            &mut large.prefill_sequences, &mut large.prefill_tokens, &mut large.prefill_attended_tokens,
            &mut large.decode_sequences, &mut large.decode_tokens, &mut large.decode_context_tokens,
        ];
        *fields.into_iter().nth(field).unwrap() *= 1.0 + more;
        let (less, greater) = (table.iteration_ms(&small), table.iteration_ms(&large));
        prop_assert!(less.is_finite() && less >= 0.0);
        prop_assert!(greater >= less * (1.0 - 1e-12), "{less} {greater} {small:?} {large:?}");
    }
}
