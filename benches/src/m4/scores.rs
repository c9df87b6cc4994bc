//! What each model scores.

use std::time::Instant;

use sizewell::forecast::{
    Auto, Conformal, Drift, Ets, Forecaster, LinearWeekday, Mstl, Naive, Naive2, SeasonalAutoregression,
    SeasonalNaive, Series, Taylor, Theta, accuracy,
};

use super::series::{Half, Set};

pub struct Model {
    pub name: &'static str,
    forecaster: Box<dyn Forecaster>,
}

fn model(name: &'static str, forecaster: impl Forecaster + 'static) -> Model {
    Model { name, forecaster: Box::new(forecaster) }
}

/// Naive2 comes first: the others are held against it.
pub fn hourly_models() -> Vec<Model> {
    vec![
        model("Naive2", Naive2::new(24)),
        model("line × weekday (textbook)", LinearWeekday::default()),
        model("seasonal naive, 24", SeasonalNaive::new(24)),
        model("seasonal naive, 168", SeasonalNaive::new(168)),
        model("Theta", Theta::new(24)),
        model("optimised Theta", Theta::optimised(24)),
        model("ETS by AICc", Ets::new(24)),
        model("MSTL (24, 168) + ETS", Mstl::new([24, 168], Ets::new(1))),
        model(
            "the same, conformal, 13 origins",
            Conformal::new(Mstl::new([24, 168], Ets::new(1)), 48, 13).with_period(24),
        ),
        model("Taylor (24, 168)", Taylor::new([24, 168]).for_horizon(48)),
        model("regression on lags 24, 48, 168", SeasonalAutoregression::new(&[24, 168])),
        model("auto", Auto::default().for_horizon(48)),
    ]
}

pub fn weekly_models() -> Vec<Model> {
    vec![
        model("Naive2", Naive2::new(1)),
        model("drift", Drift),
        model("naive", Naive),
        model("Theta", Theta::new(1)),
        model("optimised Theta", Theta::optimised(1)),
        model("ETS by AICc", Ets::new(1)),
        model("auto", Auto::default().for_horizon(13)),
    ]
}

/// Means over the series of a half.
pub struct Score {
    pub name: &'static str,
    pub series: usize,
    pub owa: f64,
    pub smape: f64,
    pub mase: f64,
    pub coverage: f64,
    pub msis: f64,
    /// CPU to fit and forecast a series.
    pub milliseconds: f64,
}

/// The level of the intervals, as in the competition.
const LEVEL: f64 = 0.95;
/// Each series is done so many times, and the fastest counts: other work of the machine is not the
/// model's.
const TIMES: usize = 3;

pub fn score(set: &Set, half: Half, model: &Model) -> anyhow::Result<Score> {
    let mut sums = [0.0; 5];
    let mut count = 0.0;
    for case in set.half(half) {
        let series = Series::new(case.train.clone())?.at(0.0, set.step_seconds)?;
        let (mut best, mut answer) = (f64::INFINITY, None);
        for _ in 0..TIMES {
            let start = Instant::now();
            // Cut short, some series no longer hold the seasons that a model needs.
            let Ok(fitted) = model.forecaster.fit(&series) else { break };
            let forecast = fitted.forecast(set.horizon, &[LEVEL])?;
            let interval = forecast.interval(LEVEL)?;
            best = best.min(start.elapsed().as_secs_f64() * 1e3);
            answer = Some((forecast, interval));
        }
        let Some((forecast, interval)) = answer else { continue };
        let (mean, lower, upper) = (forecast.mean(), &interval.lower, &interval.upper);
        let scores = [
            accuracy::smape(&case.test, mean),
            accuracy::mase(&case.test, mean, &case.train, set.period),
            accuracy::coverage(&case.test, lower, upper),
            accuracy::msis(&case.test, lower, upper, LEVEL, &case.train, set.period),
            Some(best),
        ];
        for (sum, score) in sums.iter_mut().zip(scores) {
            *sum += score.ok_or_else(|| anyhow::anyhow!("a series has no scale"))?;
        }
        count += 1.0;
    }
    let [smape, mase, coverage, msis, milliseconds] = sums.map(|sum| sum / count);
    Ok(Score {
        name: model.name,
        series: count as usize,
        owa: 1.0,
        smape,
        mase,
        coverage,
        msis,
        milliseconds,
    })
}
