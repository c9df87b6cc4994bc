//! What a calibration may move: factors on groups of the roofline's coefficients.

use crate::engine::roofline::Coefficients;

/// A factor on some of the coefficients, 1 before any measurement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factor {
    /// What results call it.
    pub(super) name: &'static str,
    /// Standard deviation of its logarithm from one deployment to the next.
    pub(super) spread: f64,
    apply: fn(&mut Coefficients, f64),
}

/// How many factors there are.
pub(super) const COUNT: usize = 14;

/// Least and greatest value of a factor: beyond it a data sheet or a measurement is wrong.
pub(super) const BOUNDS: (f64, f64) = (0.1, 10.0);

/// The factors. Above 1 is faster for bandwidths and rates, slower for times and work.
pub(super) const FACTORS: [Factor; COUNT] = [
    Factor { name: "weight_bandwidth", spread: 0.1, apply: |c, f| c.weight_bandwidth *= f },
    Factor { name: "expert_bandwidth", spread: 0.2, apply: |c, f| c.expert_bandwidth *= f },
    Factor { name: "kv_bandwidth", spread: 0.2, apply: |c, f| c.kv_bandwidth *= f },
    Factor { name: "compute", spread: 0.15, apply: compute },
    Factor { name: "attention", spread: 0.3, apply: attention },
    Factor { name: "iteration_overhead", spread: 0.4, apply: |c, f| c.iteration_ms *= f },
    Factor { name: "layer_overhead", spread: 0.25, apply: layers },
    Factor { name: "sequence_overhead", spread: 0.4, apply: sequences },
    Factor { name: "interconnect", spread: 0.3, apply: interconnect },
    Factor { name: "drafting", spread: 0.5, apply: drafting },
    Factor { name: "prompt_work", spread: 0.2, apply: |c, f| c.prompt_work *= f },
    Factor { name: "prompt_overhead", spread: 0.5, apply: |c, f| c.prompt_ms *= f },
    Factor { name: "request_overhead", spread: 0.5, apply: requests },
    Factor { name: "prompt_queue", spread: 0.4, apply: queue },
];

fn compute(c: &mut Coefficients, factor: f64) {
    c.compute_16 *= factor;
    c.compute_8 *= factor;
    c.compute_4 *= factor;
}

fn attention(c: &mut Coefficients, factor: f64) {
    c.prefill_attention *= factor;
    c.decode_attention *= factor;
}

fn layers(c: &mut Coefficients, factor: f64) {
    c.layer_ms *= factor;
    c.expert_layer_ms *= factor;
    c.latent_layer_ms *= factor;
    c.linear_layer_ms *= factor;
    c.sliding_layer_ms *= factor;
    c.shared_layer_ms *= factor;
    c.quantized_8_layer_ms *= factor;
    c.quantized_4_layer_ms *= factor;
}

fn sequences(c: &mut Coefficients, factor: f64) {
    c.sequence_ms *= factor;
    c.sequence_synchronous_ms *= factor;
}

fn interconnect(c: &mut Coefficients, factor: f64) {
    c.all_reduce_ms *= factor;
    c.all_to_all_ms *= factor;
    c.link_bandwidth /= factor;
}

fn drafting(c: &mut Coefficients, factor: f64) {
    c.draft_ms *= factor;
    c.draft_sequence_ms *= factor;
    c.draft_share *= factor;
}

fn requests(c: &mut Coefficients, factor: f64) {
    c.request_ms *= factor;
    c.request_layer_ms *= factor;
    c.request_kilotoken_ms *= factor;
}

fn queue(c: &mut Coefficients, factor: f64) {
    c.queue *= factor;
    c.burst *= factor;
    c.prompt_wait_ms *= factor;
}

/// The fitted coefficients under factors; missing factors are 1.
pub(super) fn apply(factors: &[f64]) -> Coefficients {
    let mut coefficients = Coefficients::FITTED;
    for (factor, value) in FACTORS.iter().zip(factors) {
        (factor.apply)(&mut coefficients, *value);
    }
    coefficients
}
