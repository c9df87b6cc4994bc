//! Refits the coefficients of predictions to simulations of configurations that no report uses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail loudly"
)]

#[allow(dead_code, reason = "this test needs a part of it")]
mod reference_simulator;

use nalgebra::{DMatrix, DVector};
use reference_simulator::configuration::Configuration;
use reference_simulator::measure::{Measured, read, simulated_line};
use sizewell::queueing::{PredictionCoefficients, Predictor, Workload};

const SEEDS: std::ops::Range<u64> = 100_000..102_000;
const COUNT: usize = PredictionCoefficients::COUNT;
/// Errors in units of what is aimed at (5% of means, 10% of p95 and p99) beyond which they count ever
/// less (Geman and McClure's loss), and the pull of each coefficient towards 0.
const OUTLYING: f64 = 1.5;
const PULL: f64 = 0.3 / 600.0;
const STEP: f64 = 0.02;

struct Training(Vec<(Measured, Configuration, Workload)>);

impl Training {
    /// Errors of the nine figures that are aimed at, all configurations: less the simulation's own.
    fn errors(&self, values: &[f64; COUNT]) -> Vec<f64> {
        let coefficients: &'static _ = Box::leak(Box::new(PredictionCoefficients::from_values(values)));
        let mut errors = Vec::with_capacity(self.0.len() * 9);
        for (measured, configuration, workload) in &self.0 {
            let deployment = configuration.deployment();
            let predictor = Predictor::new(&deployment, workload).unwrap().with_coefficients(coefficients);
            let arrivals = configuration.arrivals(measured.requests_per_second);
            let found = predictor.predict(&arrivals).unwrap().latencies;
            for (metric, found) in
                (1..).zip(found.map_or([None; 3], |all| [Some(all.ttft), Some(all.itl), Some(all.e2e)]))
            {
                let found = found.map_or([f64::INFINITY; 3], |all| [all.mean_ms, all.p95_ms, all.p99_ms]);
                for ((statistic, aim), predicted) in [(0, 0.05), (3, 0.1), (4, 0.1)].into_iter().zip(found) {
                    let simulated = measured.figures[metric][statistic];
                    let ratio = (predicted.max(1e-9) / simulated.value.max(1e-9)).ln();
                    let sure = (ratio.abs() - simulated.error / simulated.value.max(1e-9)).max(0.0);
                    errors.push(sure.copysign(ratio).clamp(-3.0, 3.0) / aim);
                }
            }
        }
        errors
    }

    fn loss(&self, values: &[f64; COUNT], errors: &[f64]) -> f64 {
        let of = |error: &f64| {
            let square = (error / OUTLYING).powi(2);
            square / (1.0 + square) + 0.03 * square.ln_1p()
        };
        let pull: f64 = values.iter().map(|value| value * value).sum();
        errors.iter().map(of).sum::<f64>() + PULL * self.0.len() as f64 * pull
    }
}

/// Steps of a damped Gauss–Newton method with weights for outliers, over the coefficients that are in
/// use; prints the rows of `fitted.rs`.
#[test]
#[ignore = "simulates 2,000 configurations, hours of a core; simulations are kept in the target folder"]
fn refit() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("predict_training.csv");
    let mut text = std::fs::read_to_string(&path).unwrap_or_else(|_| "title\n".to_owned());
    for seed in SEEDS.skip(text.lines().count() - 1) {
        text += &simulated_line(seed);
        text.push('\n');
        std::fs::write(&path, &text).unwrap();
    }
    let training = Training(
        read(&text)
            .into_iter()
            .map(|measured| {
                let configuration = Configuration::random(measured.seed);
                let workload = Workload::new(&configuration.mix).unwrap();
                (measured, configuration, workload)
            })
            .collect(),
    );
    let mut values = [0.0; COUNT];
    values.iter_mut().zip(PredictionCoefficients::FITTED.values()).for_each(|(slot, value)| *slot = value);
    let used: Vec<usize> = (0..COUNT).filter(|index| values[*index] != 0.0).collect();
    let pull = PULL * training.0.len() as f64;
    let mut errors = training.errors(&values);
    let mut loss = training.loss(&values, &errors);
    let before = loss;
    let mut damping = 1.0;
    for step in 0..8 {
        let weights: Vec<f64> = errors
            .iter()
            .map(|error| {
                let square = (error / OUTLYING).powi(2);
                ((1.0 + square).powi(-2) + 0.03 / (1.0 + square)).sqrt() / OUTLYING
            })
            .collect();
        let mut slopes = DMatrix::zeros(errors.len(), used.len());
        for (column, index) in used.iter().enumerate() {
            let moved = |by: f64| {
                let mut values = values;
                values[*index] += by;
                training.errors(&values)
            };
            for (row, (above, below)) in moved(STEP).iter().zip(moved(-STEP)).enumerate() {
                slopes[(row, column)] = (above - below) / (2.0 * STEP) * weights[row];
            }
        }
        let weighted = DVector::from_iterator(errors.len(), errors.iter().zip(&weights).map(|(e, w)| e * w));
        let square = slopes.tr_mul(&slopes);
        let gradient = slopes.tr_mul(&weighted)
            + DVector::from_iterator(used.len(), used.iter().map(|i| pull * values[*i]));
        let mut better = false;
        for _ in 0..6 {
            let mut system = square.clone();
            for index in 0..used.len() {
                system[(index, index)] += pull + damping * (square[(index, index)] + 0.1);
            }
            let way = system.lu().solve(&gradient).unwrap();
            let mut next = values;
            for (index, way) in used.iter().zip(way.iter()) {
                next[*index] = (values[*index] - way.clamp(-0.5, 0.5)).clamp(-3.0, 3.0);
            }
            let found = training.errors(&next);
            let next_loss = training.loss(&next, &found);
            if next_loss < loss {
                (values, errors, loss, better) = (next, found, next_loss, true);
                damping /= 3.0;
                break;
            }
            damping *= 3.0;
        }
        println!("step {step}: loss {loss:.1}");
        if !better {
            break;
        }
    }
    println!("{:#?}", PredictionCoefficients::from_values(&values));
    assert!(loss <= before);
}
