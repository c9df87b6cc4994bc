//! The highest rate that a deployment sustains.

use super::replica::Replica;
use crate::engine::Scheduling;
use crate::units::exp;

/// How a saturated replica works: as many sequences as it admits, prompts as fast as answers end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Saturation {
    /// Requests per millisecond and replica.
    pub rate: f64,
    /// Sequences that run, those in prefill included.
    pub sequences: f64,
    /// Length of a cycle of one decode iteration and the prompts between it and the next.
    pub cycle_ms: f64,
    /// The decode iteration in it.
    pub decode_ms: f64,
    /// Prompts in it.
    pub prompts: f64,
}

impl Saturation {
    /// With so many sequences at a time.
    pub fn of(replica: &Replica, sequences: f64) -> Self {
        let workload = replica.workload;
        let work = workload.all.work;
        // Each request holds its place in the iterations of its answer and in that of its prompt.
        let by_places = sequences * replica.steps / (replica.steps + 1.0);
        // Each iteration ends `b / steps` answers, whose successors' prompts must fit beside `b`.
        let by_budget = match replica.scheduling {
            Scheduling::PrefillFirst => f64::INFINITY,
            Scheduling::ChunkedPrefill => {
                replica.budget * replica.steps / (work + replica.step_tokens * replica.steps)
            }
            Scheduling::InflightBatching => {
                let scv = workload.all.work_variance / (work * work);
                let whole = replica.budget / work + (scv - 1.0) / 2.0;
                let beside = 1.0 + replica.step_tokens * replica.steps / work;
                replica.steps * (whole / beside).max(1.0)
            }
        };
        let decoding = by_places.min(by_budget);
        let prompts = if replica.steps > 0.0 {
            decoding / replica.steps
        } else {
            sequences.min(replica.prompts_room(0.0))
        };
        let alone = replica.decode_ms(decoding);
        let base = alone_for(replica, alone);
        let mut cycle_ms = alone;
        for strip in &workload.prompts {
            cycle_ms += prompts * strip.weight * replica.prompt_ms(strip, decoding, base);
        }
        if replica.scheduling == Scheduling::PrefillFirst {
            let some = 1.0 - exp(-prompts);
            cycle_ms += base * some.max(prompts * work / replica.budget);
        }
        Self {
            rate: prompts / cycle_ms.max(f64::MIN_POSITIVE),
            sequences,
            cycle_ms,
            decode_ms: alone,
            prompts,
        }
    }
}

/// The time that a prompt's iteration has without it.
pub(crate) fn alone_for(replica: &Replica, decode_ms: f64) -> f64 {
    if replica.scheduling == Scheduling::PrefillFirst { replica.decode_ms(0.0) } else { decode_ms }
}

/// Sequences that the KV cache holds when requests always wait: the first in line leaves room
/// unused until it fits, half its own size in the mean, weighted by size as renewal theory has it.
pub(crate) fn kv_sequences(replica: &Replica) -> f64 {
    let workload = replica.workload;
    let unused = workload.tokens_square / workload.tokens / 2.0;
    ((replica.kv_tokens - unused) / workload.held).max(1.0)
}
