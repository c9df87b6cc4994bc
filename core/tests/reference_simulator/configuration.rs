//! Random deployments and traffic of the size that serving has, for tests of predictions.

use sizewell::engine::{EngineLimits, LinearEngine, Scheduling};
use sizewell::workload::{RequestClass, RequestMix, TokenDistribution};

use super::Balancer;
use super::random::Random;

/// A deployment under traffic; the rate is a share of the stable rate.
#[derive(Debug, Clone)]
pub struct Configuration {
    pub engine: LinearEngine,
    pub replicas: u32,
    pub balancer: Balancer,
    pub mix: RequestMix,
    pub speculation: Option<(u32, f64)>,
    pub dispersion: f64,
    pub load: f64,
}

/// Mean lengths of prompts and answers: the profiles that benchmarks use, from short to long.
const LENGTHS: [(f64, f64); 12] = [
    (64.0, 16.0),
    (128.0, 128.0),
    (256.0, 32.0),
    (512.0, 256.0),
    (1000.0, 200.0),
    (1024.0, 1024.0),
    (2000.0, 500.0),
    (4000.0, 100.0),
    (4000.0, 1000.0),
    (8000.0, 400.0),
    (8000.0, 2000.0),
    (200.0, 2000.0),
];

fn distribution(random: &mut Random, mean: f64, most: f64) -> TokenDistribution {
    match random.below(4) {
        0 => TokenDistribution::Constant { tokens: mean as u32 },
        1 => TokenDistribution::Empirical {
            tokens: vec![(mean / 4.0) as u32 + 1, (mean / 2.0) as u32, mean as u32, (mean * 2.0) as u32],
            weights: vec![1.0, 2.0, 3.0, 1.0],
        },
        _ => TokenDistribution::Lognormal {
            mean_tokens: mean,
            cv: random.between(0.2, 1.3),
            max_tokens: Some((mean * most) as u32),
        },
    }
}

fn class(random: &mut Random) -> RequestClass {
    let (input, output) = LENGTHS[random.below(LENGTHS.len())];
    RequestClass {
        weight: random.between(0.3, 1.0),
        input: distribution(random, input, 5.0),
        output: distribution(random, output, 6.0),
    }
}

impl Configuration {
    pub fn random(seed: u64) -> Self {
        let mut random = Random::seeded(seed);
        let random = &mut random;
        let count = if random.uniform() < 0.25 { 2 } else { 1 };
        let classes: Vec<RequestClass> = (0..count).map(|_| class(random)).collect();
        let prefix_hit_fraction = if random.uniform() < 0.25 { random.between(0.1, 0.9) } else { 0.0 };
        let scheduling = match random.below(10) {
            0..6 => Scheduling::ChunkedPrefill,
            6 | 7 => Scheduling::PrefillFirst,
            _ => Scheduling::InflightBatching,
        };
        let max_num_seqs = [8, 16, 32, 64, 128, 256, 256, 512][random.below(8)];
        let max_num_batched_tokens = [512, 2048, 4096, 8192, 8192, 16384][random.below(6)].max(max_num_seqs);
        let limits = EngineLimits {
            max_num_seqs,
            max_num_batched_tokens,
            kv_tokens: random.log_between(60_000.0, 1_500_000.0) as u64,
            scheduling,
        };
        let engine = LinearEngine {
            iteration_ms: random.log_between(3.0, 20.0),
            ms_per_prefill_token: random.log_between(0.01, 0.2),
            ms_per_attended_token: if random.uniform() < 0.5 { 0.0 } else { random.log_between(1e-7, 3e-6) },
            ms_per_decode_token: random.log_between(0.01, 0.1),
            ms_per_context_token: random.log_between(1e-6, 1e-4),
            request_overhead_ms: if random.uniform() < 0.5 { 0.0 } else { random.between(1.0, 20.0) },
            limits,
        };
        let replicas = [1, 1, 1, 2, 2, 3, 4, 8, 16, 32][random.below(10)];
        let balancer = match random.below(10) {
            0..6 => Balancer::LeastOutstanding,
            6 | 7 => Balancer::RoundRobin,
            _ => Balancer::Random,
        };
        let dispersion = if random.uniform() < 0.7 { 1.0 } else { random.between(1.5, 6.0) };
        let speculation =
            (random.uniform() < 0.15).then(|| (1 + random.below(4) as u32, random.between(0.4, 0.9)));
        Self {
            engine,
            replicas,
            balancer,
            mix: RequestMix { classes, prefix_hit_fraction },
            speculation,
            dispersion,
            load: random.between(0.1, 0.85),
        }
    }
}
