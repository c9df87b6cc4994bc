//! What the simulation says of a configuration, and the file that keeps it.

use sizewell::engine::Drafting;
use sizewell::engine::EngineModel;
use sizewell::queueing::{self, Deployment, Predictor, Workload};
use sizewell::workload::ArrivalProcess;

use super::configuration::Configuration;
use super::{Balancer, Setup, Source, simulate};

/// Waiting, time to first token, inter-token latency, whole request.
pub const METRICS: [&str; 4] = ["waiting", "ttft", "itl", "e2e"];
pub const STATISTICS: [&str; 5] = ["mean", "p50", "p90", "p95", "p99"];

/// Independent runs of a configuration; their spread tells the statistical error.
pub const RUNS: u64 = 4;

/// A simulated figure and its standard error.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figure {
    pub value: f64,
    pub error: f64,
}

#[derive(Debug, Clone)]
pub struct Measured {
    pub seed: u64,
    pub requests_per_second: f64,
    pub batch_mean: f64,
    pub figures: [[Figure; 5]; 4],
}

impl Configuration {
    pub fn deployment(&self) -> Deployment<'_> {
        Deployment {
            engine: &self.engine,
            replicas: self.replicas,
            balancer: match self.balancer {
                Balancer::LeastOutstanding => queueing::Balancer::LeastOutstanding,
                Balancer::RoundRobin => queueing::Balancer::RoundRobin,
                Balancer::Random => queueing::Balancer::Random,
            },
            speculation: self
                .speculation
                .map(|(draft_tokens, acceptance)| Drafting { draft_tokens, acceptance }),
        }
    }

    pub fn arrivals(&self, requests_per_second: f64) -> ArrivalProcess {
        ArrivalProcess::bursty(requests_per_second, self.dispersion)
    }

    pub fn setup(&self, source: Source) -> Setup<'_> {
        Setup {
            engine: &self.engine as &dyn EngineModel,
            replicas: self.replicas as usize,
            balancer: self.balancer,
            mix: &self.mix,
            speculation: self.speculation,
            source,
        }
    }
}

/// Mean and nearest-rank percentiles.
pub fn statistics(mut values: Vec<f64>) -> [f64; 5] {
    values.sort_by(f64::total_cmp);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let at = |level: f64| {
        let rank = (values.len() as f64 * level).ceil() as usize;
        values[rank.clamp(1, values.len()) - 1]
    };
    [mean, at(0.5), at(0.9), at(0.95), at(0.99)]
}

/// Requests of one run: about 5·10⁷ steps of work, at least 20,000 requests, so that standard errors
/// stay around 1% at the 99th percentile.
fn requests_of_a_run(configuration: &Configuration, output_tokens_mean: f64) -> usize {
    let steps = output_tokens_mean + f64::from(configuration.replicas) * 50.0 + 100.0;
    ((5e7 / steps) as usize).clamp(20_000, 400_000)
}

/// The row of a configuration, simulated at its load.
pub fn simulated_line(seed: u64) -> String {
    let configuration = Configuration::random(seed);
    let workload = Workload::new(&configuration.mix).unwrap();
    let predictor = Predictor::new(&configuration.deployment(), &workload).unwrap();
    let rate = predictor.stable_requests_per_second() * configuration.load;
    let requests = requests_of_a_run(&configuration, workload.output_tokens_mean());
    line(&measure(seed, rate, requests))
}

/// Simulates a configuration with so many requests in each run, an eighth of them to warm up.
pub fn measure(seed: u64, requests_per_second: f64, requests: usize) -> Measured {
    let configuration = Configuration::random(seed);
    let source = Source::Open { requests_per_second, dispersion: configuration.dispersion };
    let setup = configuration.setup(source);
    let mut runs = Vec::new();
    let mut batch_mean = 0.0;
    for run in 0..RUNS {
        let run = simulate(&setup, requests, seed * 1000 + run);
        let steady = &run.outcomes[requests / 8..];
        batch_mean += run.batch_mean / RUNS as f64;
        runs.push([
            statistics(steady.iter().map(|outcome| outcome.waiting_ms).collect()),
            statistics(steady.iter().map(|outcome| outcome.ttft_ms).collect()),
            statistics(steady.iter().filter_map(|outcome| outcome.itl_ms).collect()),
            statistics(steady.iter().map(|outcome| outcome.e2e_ms).collect()),
        ]);
    }
    let mut figures = [[Figure::default(); 5]; 4];
    for (metric, figures) in figures.iter_mut().enumerate() {
        for (statistic, figure) in figures.iter_mut().enumerate() {
            let mean = runs.iter().map(|run| run[metric][statistic]).sum::<f64>() / RUNS as f64;
            let spread: f64 = runs.iter().map(|run| (run[metric][statistic] - mean).powi(2)).sum();
            let error = (spread / (RUNS - 1) as f64 / RUNS as f64).sqrt();
            *figure = Figure { value: mean, error };
        }
    }
    Measured { seed, requests_per_second, batch_mean, figures }
}

/// One line of the file.
fn line(measured: &Measured) -> String {
    let mut line =
        format!("{},{:.9e},{:.5e}", measured.seed, measured.requests_per_second, measured.batch_mean);
    for figure in measured.figures.iter().flatten() {
        line += &format!(",{:.5e},{:.2e}", figure.value, figure.error);
    }
    line
}

/// All lines of the file but its title.
pub fn read(text: &str) -> Vec<Measured> {
    text.lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
            let mut figures = [[Figure::default(); 5]; 4];
            for (figure, pair) in figures.iter_mut().flatten().zip(fields[3..].chunks(2)) {
                *figure = Figure { value: pair[0], error: pair[1] };
            }
            Measured {
                seed: fields[0] as u64,
                requests_per_second: fields[1],
                batch_mean: fields[2],
                figures,
            }
        })
        .collect()
}
