//! What the tests of monitoring share: noise, a collector full of readings, outcomes.

#![allow(dead_code, reason = "each test uses a part")]

use sizewell::monitor::{
    Capacities, Collector, CollectorOptions, Metric, Outcome, OutcomeFigures, SavingsRequest,
};
use sizewell::queueing::EstimateRequest;
use sizewell::units::Quantile;

pub const START: f64 = 1_760_054_400.0;
pub const DAY: f64 = 86_400.0;

/// A deterministic stand-in for noise, of mean 0 and variance 1.
pub struct Noise(pub u64);

impl Noise {
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn next(&mut self) -> f64 {
        (0..4).map(|_| self.uniform() - 0.5).sum::<f64>() * 3.0_f64.sqrt()
    }

    /// An autoregression of order 1 about 50.
    pub fn series(&mut self, count: usize, correlation: f64, rhythm: bool) -> Vec<f64> {
        let mut state = 0.0;
        (0..200 + count)
            .map(|index| {
                state = correlation * state + self.next();
                let hour = index % 24;
                let day = (index / 24) % 7;
                let cycle = if rhythm {
                    f64::from(u8::from(hour > 8)) * 15.0 - f64::from(u8::from(day > 4)) * 20.0
                } else {
                    0.0
                };
                50.0 + state + cycle
            })
            .skip(200)
            .collect()
    }
}

pub fn ran(model: &str, gpu: &str, qps: f64) -> EstimateRequest {
    EstimateRequest { qps: Some(qps), replicas: Some(2), ..EstimateRequest::new(model, gpu, 800.0, 200.0) }
}

pub fn outcome(id: &str, day: f64, ran: EstimateRequest, observed: OutcomeFigures) -> Outcome {
    Outcome {
        deployment_id: id.to_owned(),
        from_seconds: START + day * DAY,
        to_seconds: START + (day + 1.0) * DAY,
        ran,
        quantile: Quantile::P95,
        observed,
        predicted: OutcomeFigures::default(),
        targets: OutcomeFigures::default(),
    }
}

/// Readings every five minutes over so many days, with a daily and a weekly rhythm and a slope.
pub fn filled(days: f64, base: f64, per_day: f64) -> (Collector, f64) {
    let mut collector = Collector::new(CollectorOptions::default()).unwrap();
    let count = (days * 288.0) as usize;
    let times: Vec<f64> = (0..count).map(|index| START + 300.0 * index as f64).collect();
    let end = times[count - 1];
    let usage: Vec<f64> = (0..count)
        .map(|index| {
            let day = index as f64 / 288.0;
            let hour = (day.fract() * 24.0) as u32;
            let weekend = if (day as u32 % 7) >= 5 { 0.6 } else { 1.0 };
            let busy = if (9..18).contains(&hour) { 1.3 } else { 0.8 };
            let noise = f64::from((index as u32).wrapping_mul(2_654_435_761) % 1000) / 1000.0 - 0.5;
            (base + per_day * day) * weekend * busy + noise
        })
        .collect();
    collector.record_columns(end, "chat", Metric::Gpu, &times, &usage, Capacities::One(100.0)).unwrap();
    (collector, end)
}

/// What would make a deployment cheaper, with nothing said beyond what it did.
pub fn savings_of(outcome: Outcome) -> SavingsRequest {
    SavingsRequest {
        outcome,
        peak_qps: None,
        requests: None,
        usd_per_gpu_hour: None,
        gpus: None,
        provider: None,
        reserve: None,
        now_seconds: None,
    }
}
