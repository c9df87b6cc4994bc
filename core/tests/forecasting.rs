//! Every forecaster on series that are hard or impossible: an error that names the field, or
//! numbers; never `NaN`, never below zero where that cannot be, intervals that nest.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use proptest::prelude::*;
use sizewell::ErrorCode;
use sizewell::forecast::{
    Auto, CompoundGrowth, Conformal, Drift, Ets, Forecaster, Intermittent, LinearWeekday, Mstl, Naive,
    Naive2, SeasonalAutoregression, SeasonalNaive, Series, Taylor, Theta,
};

fn models() -> Vec<Box<dyn Forecaster>> {
    vec![
        Box::new(Naive),
        Box::new(SeasonalNaive::new(6)),
        Box::new(Naive2::new(6)),
        Box::new(Drift),
        Box::new(LinearWeekday::default()),
        Box::new(CompoundGrowth::default()),
        Box::new(CompoundGrowth { growth_per_month: Some(0.1), steps_per_month: Some(30.0) }),
        Box::new(Ets::new(6)),
        Box::new(Ets::holt_winters(6)),
        Box::new(Ets::holt_winters_multiplicative(6)),
        Box::new(Theta::new(6)),
        Box::new(Theta::optimised(1)),
        Box::new(Taylor::new([6])),
        Box::new(Taylor::new([6, 12, 24])),
        Box::new(Mstl::new([6, 12], Ets::new(1))),
        Box::new(Mstl::new([6], Auto::default())),
        Box::new(SeasonalAutoregression::new(&[6, 12])),
        Box::new(SeasonalAutoregression::with_lags([1, 2])),
        Box::new(Intermittent::croston()),
        Box::new(Intermittent::syntetos_boylan()),
        Box::new(Intermittent::teunter_syntetos_babai()),
        Box::new(Conformal::new(Drift, 3, 4)),
        Box::new(Auto::default()),
        Box::new(Auto::default().with_periods([6, 12])),
    ]
}

/// Fits and forecasts; what comes out holds the laws.
fn check(model: &dyn Forecaster, series: &Series, horizon: usize) {
    let mut fitted = match model.fit(series) {
        Ok(fitted) => fitted,
        Err(error) => {
            assert!(!error.path().is_empty(), "{}: {error}", model.name());
            return;
        }
    };
    for round in 0..2 {
        let what = format!("{} on {:?}, round {round}", model.name(), series.values());
        let forecast = fitted.forecast(horizon, &[0.5, 0.8, 0.95, 0.9999]).unwrap();
        let report = forecast.report();
        assert_eq!(report.mean.len(), horizon);
        let ends = report.intervals.iter().flat_map(|interval| interval.lower.iter().chain(&interval.upper));
        let paths = forecast.paths(2, 7).unwrap();
        for value in report.mean.iter().chain(ends).chain(paths.values()) {
            assert!(value.is_finite(), "{what}");
            assert!(!series.is_non_negative() || *value >= 0.0, "{what}");
        }
        for pair in report.intervals.windows(2) {
            for step in 0..horizon {
                assert!(pair[0].lower[step] <= pair[0].upper[step], "{what}");
                assert!(pair[1].lower[step] <= pair[0].lower[step], "{what}");
                assert!(pair[1].upper[step] >= pair[0].upper[step], "{what}");
            }
        }
        assert!(fitted.explain().parameters.values().all(|value| value.is_finite()), "{what}");
        assert_eq!(fitted.forecast(0, &[]).unwrap_err().path(), "horizon");
        assert_eq!(fitted.forecast(10_000_000, &[]).unwrap_err().code(), ErrorCode::TooLarge);
        assert_eq!(fitted.forecast(1, &[95.0]).unwrap_err().path(), "levels[0]");
        assert_eq!(fitted.update(&[1.0, f64::INFINITY]).unwrap_err().path(), "values[1]");
        fitted.update(&[1.0, f64::NAN, 0.5]).unwrap();
    }
}

#[test]
fn hard_series_give_numbers_or_an_error() {
    let nan = f64::NAN;
    let shapes: Vec<Vec<f64>> = vec![
        vec![1.0],
        vec![0.0],
        vec![1.0, 2.0],
        vec![3.0; 5],
        vec![0.0; 80],
        vec![7.0; 80],
        vec![nan; 40],
        (0..80).map(|step| if step == 40 { 1.0 } else { nan }).collect(),
        (0..80).map(|step| if step % 2 == 0 { nan } else { f64::from(step) }).collect(),
        (0..80).map(|step| if step < 60 { nan } else { f64::from(step % 6) }).collect(),
        (0..80).map(|step| f64::from(step % 6)).collect(),
        (0..80).map(|step| 1.0 + f64::from(step % 6)).collect(),
        (0..80).map(|step| 1e99 * (1.0 + f64::from(step % 6))).collect(),
        (0..80).map(|step| 1e-99 * (1.0 + f64::from(step % 6))).collect(),
        (0..80).map(|step| 2.0_f64.powi(step)).collect(),
        (0..80).map(|step| 0.5_f64.powi(step)).collect(),
        (0..80).map(|step| if step == 79 { 1e100 } else { 1.0 }).collect(),
        (0..80).map(|step| if step == 79 { 0.0 } else { 1e100 }).collect(),
        (0..80).map(|step| f64::from(u8::from(step % 9 == 0))).collect(),
    ];
    for model in models() {
        for values in &shapes {
            let series = Series::new(values.clone()).unwrap();
            check(&model, &series, 30);
            check(&model, &series.clone().at(1.7e9, 3600.0).unwrap(), 1);
            check(&model, &series.non_negative().unwrap(), 30);
        }
        let mirrored = Series::new(shapes[11].iter().map(|value| 3.0 - value).collect()).unwrap();
        check(&model, &mirrored, 30);
        let missing = model.fit(&Series::new(vec![nan; 40]).unwrap()).unwrap_err();
        assert_eq!((missing.code(), missing.path()), (ErrorCode::Empty, "values"), "{}", model.name());
    }
}

/// The same input gives the same bits.
#[test]
fn forecasts_repeat() {
    let values: Vec<f64> =
        (0..90).map(|step| 5.0 + f64::from(step % 6) + f64::from(step * step % 11)).collect();
    let series = Series::new(values).unwrap();
    for model in models() {
        let once = model.fit(&series).unwrap().forecast(12, &[0.9]).unwrap();
        assert_eq!(once, model.fit(&series).unwrap().forecast(12, &[0.9]).unwrap(), "{}", model.name());
    }
}

/// The share of paths below a quantile is its probability: with 4,000 paths a standard error is at
/// most 0.8 points, and 3.5 of them are allowed at 24 steps. Sizes that are seen again are ties, so
/// that intermittent demand is left out.
#[test]
fn paths_have_the_quantiles_of_the_forecast() {
    let values: Vec<f64> =
        (0..150).map(|step| 50.0 + f64::from(step % 6) + f64::from(step * step * 7 % 13)).collect();
    let series = Series::new(values).unwrap();
    for model in models().iter().filter(|model| !["croston", "sba", "tsb"].contains(&model.name().as_str())) {
        let forecast = model.fit(&series).unwrap().forecast(24, &[]).unwrap();
        let paths = forecast.paths(4000, 5).unwrap();
        for probability in [0.1, 0.5, 0.9] {
            let quantile = forecast.quantile(probability).unwrap();
            for (step, quantile) in quantile.iter().enumerate() {
                let below = paths.iter().filter(|path| path[step] <= *quantile).count() as f64 / 4000.0;
                assert!((below - probability).abs() < 0.028, "{} {step} {probability} {below}", model.name());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_series_gives_numbers_or_an_error(
        values in prop::collection::vec(
            prop_oneof![4 => -1e3..1e3, 1 => Just(f64::NAN), 1 => Just(0.0), 1 => -1e90..1e90], 1..70),
        absolute in any::<bool>(),
        chosen in 0_usize..24,
        horizon in 1_usize..50,
    ) {
        let values: Vec<f64> = if absolute { values.into_iter().map(f64::abs).collect() } else { values };
        let series = Series::new(values).unwrap();
        let series = if absolute { series.non_negative().unwrap() } else { series };
        check(&models()[chosen], &series, horizon);
    }
}

/// A gap of nearly a day is no shift, and neither it nor one at the end misleads the forecast.
#[test]
fn gaps_in_a_season_mislead_nobody() {
    use sizewell::forecast::{Auto, ChangepointOptions, Forecaster, Series, changepoints};
    let wave = |hour: usize| 100.0 + 30.0 * (hour as f64 / 24.0 * std::f64::consts::TAU).sin();
    let rough = |hour: usize| ((hour * 7919 % 97) as f64 / 97.0 - 0.5) * 12.0;
    let whole: Vec<f64> = (0..672).map(|hour| wave(hour) + rough(hour)).collect();
    for gap in [100..120, 592..622, 652..672] {
        let mut values = whole.clone();
        values[gap.clone()].fill(f64::NAN);
        let series = Series::new(values).unwrap();
        let options =
            ChangepointOptions { seasonal_periods: Some(vec![24]), ..ChangepointOptions::default() };
        let found = changepoints(&series, &options).unwrap().changepoints;
        assert!(found.is_empty(), "{gap:?}: {found:?}");
        let forecast = Auto::default().with_periods([24]).fit(&series).unwrap().forecast(24, &[]).unwrap();
        let error: f64 = forecast
            .mean()
            .iter()
            .enumerate()
            .map(|(step, mean)| (mean - wave(672 + step)).abs())
            .sum::<f64>()
            / 24.0;
        // Noise alone gives 1 to 2.
        assert!(error < 3.0, "{gap:?}: {error}");
    }
}
