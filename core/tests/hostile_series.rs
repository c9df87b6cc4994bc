//! Series and times at the edges of what is allowed and beyond, through every function that takes a
//! series: each is refused with a path of its own, or answered with numbers alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sizewell::api::{self, SeriesForecast};
use sizewell::forecast::{
    AnomalyReport, BacktestReport, ChangepointReport, Decomposition, ForecastBatch, ForecastManyRequest,
    ForecastTable, SeriesTrend,
};
use sizewell::{ErrorCode, Result};

const POINTS: usize = 60;

/// The answer, or why there is none; an answer that holds a number which is none cannot be read.
fn asked<T: DeserializeOwned>(function: &str, arguments: Value) -> Result<T> {
    let answer = api::call(sizewell_data::catalog(), function, arguments.as_array().unwrap())?;
    Ok(serde_json::from_value(answer).unwrap_or_else(|error| panic!("{function}({arguments}): {error}")))
}

/// What each function says of a series: `Ok`, or the code and the path of its error.
fn judged(
    values: &Value,
    times: &Value,
    options: &Value,
) -> Vec<(&'static str, Option<(ErrorCode, String)>)> {
    fn said<T>(answer: Result<T>) -> Option<(ErrorCode, String)> {
        answer.err().map(|error| (error.code(), error.path().to_owned()))
    }
    let forecast = json!({"horizon": 3});
    let many = json!({"values": values, "offsets": [0, values.as_array().unwrap().len()], "times": times,
        "horizon": 3});
    let table = asked::<ForecastTable>("forecast_many", json!([many])).map(|table| {
        assert_eq!(table.mean.len(), 3);
        let answered = table.models[0].is_some();
        assert_eq!((answered, table.mean.iter().all(Option::is_some)), (table.errors[0].is_none(), answered));
        table.errors
    });
    let table = match table {
        Ok(errors) => errors[0].as_ref().map(|error| (error.code, error.path.clone())),
        Err(error) => Some((error.code(), error.path().to_owned())),
    };
    vec![
        ("forecast", said(asked::<SeriesForecast>("forecast", json!([values, forecast, times])))),
        ("forecast_many", table),
        ("backtest", said(asked::<BacktestReport>("backtest", json!([values, forecast, 2, null, times])))),
        ("decompose", said(asked::<Decomposition>("decompose", json!([values, options, times])))),
        ("anomalies", said(asked::<AnomalyReport>("anomalies", json!([values, options, times])))),
        ("changepoints", said(asked::<ChangepointReport>("changepoints", json!([values, options, times])))),
        ("trend_direction", said(asked::<SeriesTrend>("trend_direction", json!([values, options, times])))),
    ]
}

fn series(value: impl Fn(usize) -> Option<f64>) -> Value {
    (0..POINTS).map(value).collect::<Vec<Option<f64>>>().into()
}

fn rough(step: usize) -> f64 {
    (step * 37 % 11) as f64
}

#[test]
fn every_function_answers_odd_series() {
    let odd: Vec<(&str, Value)> = vec![
        ("constant", series(|_| Some(7.0))),
        ("zeros", series(|_| Some(0.0))),
        ("negative zeros", series(|_| Some(-0.0))),
        ("greatest", series(|step| Some(if step % 2 == 0 { 1e100 } else { -1e100 }))),
        ("one outlier", series(|step| Some(if step == 30 { 1e100 } else { rough(step) }))),
        ("smallest", series(|step| Some(f64::MIN_POSITIVE * rough(step)))),
        ("subnormal", series(|step| Some(5e-324 * rough(step)))),
        ("every other", series(|step| (step % 2 == 0).then(|| rough(step)))),
        ("first half", series(|step| (step < POINTS / 2).then(|| rough(step)))),
        ("last half", series(|step| (step >= POINTS / 2).then(|| rough(step)))),
        ("four points", series(|step| (step % 20 == 0 || step == 59).then(|| rough(step)))),
        ("intermittent", series(|step| Some(if step % 9 == 4 { rough(step) } else { 0.0 }))),
        ("two values", series(|step| Some(f64::from(u8::from(step % 7 < 2))))),
        ("step", series(|step| Some(f64::from(u8::from(step >= 30))))),
        ("line", series(|step| Some(step as f64))),
        ("doubling", series(|step| Some(f64::powi(2.0, step as i32)))),
        ("collapse", series(|step| Some(if step < 58 { 1e9 + rough(step) } else { 1e-9 }))),
        ("rounding", series(|step| Some(1e15 + 0.125 * rough(step)))),
    ];
    let clock: Value = (0..POINTS).map(|step| 3600.0 * step as f64).collect();
    let unsorted: Value = (0..POINTS).map(|step| 3600.0 * (step * 37 % POINTS) as f64).collect();
    let repeated: Value = (0..POINTS).map(|step| 3600.0 * (step / 2) as f64).collect();
    for (name, values) in &odd {
        for times in [&json!([]), &clock, &unsorted, &repeated] {
            for options in [json!({}), json!({"seasonal_periods": []}), json!({"seasonal_periods": [7]})] {
                for (function, error) in judged(values, times, &options) {
                    let Some((code, path)) = error else { continue };
                    // Of four points no season of seven is seen, nor of 15 three times.
                    let few = *name == "four points" || (name.contains("half") && *times == repeated);
                    let refused = few && (code, path.as_str()) == (ErrorCode::InvalidValue, "values");
                    assert!(refused, "{name} {function} {options} {code:?} {path}");
                }
            }
        }
    }
}

#[test]
fn every_function_refuses_impossible_series_and_times() {
    let good = series(|step| Some(rough(step)));
    let with = |place: usize, value: Value| {
        let mut values = good.clone();
        values[place] = value;
        values
    };
    let times = |place: usize, value: Value| {
        let mut times: Value = (0..POINTS).map(|step| 60.0 * step as f64).collect();
        times[place] = value;
        times
    };
    let none = json!([]);
    let cases = [
        (json!([]), none.clone(), ErrorCode::Empty, "values"),
        (json!([null]), none.clone(), ErrorCode::Empty, "values"),
        (series(|_| None), none.clone(), ErrorCode::Empty, "values"),
        (with(9, json!(1.1e100)), none.clone(), ErrorCode::InvalidValue, "values[9]"),
        (with(0, json!(-1e308)), none.clone(), ErrorCode::InvalidValue, "values[0]"),
        (good.clone(), json!([0.0]), ErrorCode::Contradiction, "times"),
        (good.clone(), times(4, json!(1e300)), ErrorCode::TooLarge, "step_seconds"),
        (series(|_| None), times(0, json!(0.0)), ErrorCode::Empty, "values"),
        (good.clone(), series(|_| Some(5.0)), ErrorCode::MissingField, "step_seconds"),
    ];
    for (values, times, code, path) in cases {
        for (function, error) in judged(&values, &times, &json!({})) {
            let Some(found) = error else { panic!("{function} answers {values} at {times}") };
            // A single missing point is first of all too few to fold.
            let few = function == "backtest" && found == (ErrorCode::InvalidValue, "values".to_owned());
            assert!(found == (code, path.to_owned()) || few, "{function} {found:?} {values} at {times}");
        }
    }
    for (function, error) in judged(&with(3, json!("x")), &none, &json!({})) {
        assert_eq!(error, Some((ErrorCode::InvalidType, "values[3]".to_owned())), "{function}");
    }
    for (function, error) in judged(&good, &times(3, Value::Null), &json!({})) {
        assert_eq!(error, Some((ErrorCode::InvalidType, "times[3]".to_owned())), "{function}");
    }
}

#[test]
fn options_are_held_to_their_ranges() {
    let good = series(|step| Some(rough(step)));
    for function in ["decompose", "anomalies", "changepoints", "trend_direction"] {
        for (options, path) in [
            (json!({"seasonal_periods": [0]}), "seasonal_periods[0]"),
            (json!({"seasonal_periods": [1]}), "seasonal_periods[0]"),
            (json!({"seasonal_periods": [7, 7]}), "seasonal_periods[1]"),
            (json!({"seasonal_periods": [2, 3, 4, 5]}), "seasonal_periods"),
            (json!({"seasonal_periods": [55]}), "values"),
            (json!({"seasonal_periods": [u64::MAX]}), "seasonal_periods[0]"),
            (json!({"seasonal_periods": [-3]}), "seasonal_periods[0]"),
            (json!({"other": 1}), "other"),
        ] {
            let error = asked::<Value>(function, json!([good, options])).unwrap_err();
            assert_eq!(error.path(), path, "{function} {options}");
        }
    }
    for level in [-1.0, 0.0, 1.0, 1e308] {
        let error =
            asked::<Value>("backtest", json!([good, {"horizon": 3, "levels": [level]}, 2])).unwrap_err();
        assert_eq!(error.path(), "levels[0]", "backtest {level}");
    }
    for (function, name) in
        [("anomalies", "level"), ("changepoints", "significance"), ("trend_direction", "significance")]
    {
        for value in [-1.0, 0.0, 1.0, 1e308] {
            let error = asked::<Value>(function, json!([good, {name: value}])).unwrap_err();
            assert_eq!(error.path(), name, "{function} {value}");
        }
    }
}

#[test]
fn horizons_are_held_to_their_range() {
    let good = series(|step| Some(rough(step)));
    for (horizon, code) in [(0, ErrorCode::InvalidValue), (10_000_000, ErrorCode::TooLarge)] {
        for (function, arguments) in [
            ("forecast", json!([good, {"horizon": horizon}])),
            ("backtest", json!([good, {"horizon": horizon}, 2])),
            ("forecast_many", json!([{"values": good, "offsets": [0, POINTS], "horizon": horizon}])),
        ] {
            let error = asked::<Value>(function, arguments).unwrap_err();
            assert_eq!((error.code(), error.path()), (code, "horizon"), "{function}");
        }
    }
    let long = json!({"values": good, "offsets": [0, POINTS], "horizon": 100_000, "model": "drift"});
    let table: ForecastTable = asked("forecast_many", json!([long])).unwrap();
    assert!(table.mean.len() == 100_000 && table.mean.iter().all(Option::is_some));
}

/// What no JSON can hold comes in as arrays.
#[test]
fn arrays_of_no_numbers_are_missing_or_refused() {
    let request: ForecastManyRequest =
        serde_json::from_value(json!({"values": [], "offsets": [], "horizon": 2, "model": "naive"})).unwrap();
    let table = |values: &[f64], offsets: &[usize], times: &[f64]| {
        let request = request.clone().with_columns(values, offsets.to_vec(), times.to_vec());
        ForecastBatch::new(request).map(|batch| batch.forecast(0..usize::MAX))
    };
    let found = table(&[1.0, f64::NAN, f64::NAN, f64::INFINITY], &[0, 2, 3, 4], &[]).unwrap();
    assert_eq!(found.mean[..2], [Some(1.0); 2]);
    let paths: Vec<_> = found.errors.iter().map(|error| error.as_ref().map(|error| &*error.path)).collect();
    assert_eq!(paths, [None, Some("values"), Some("values[0]")]);
    for time in [f64::NAN, f64::INFINITY] {
        let found = table(&[1.0, 2.0], &[0, 2], &[0.0, time]).unwrap();
        assert_eq!(found.errors[0].as_ref().unwrap().path, "times[1]");
    }
    assert_eq!(table(&[1.0], &[0, usize::MAX], &[]).unwrap_err().path(), "offsets[1]");
    assert_eq!(table(&[], &[0], &[]).unwrap().models.len(), 0);
}
