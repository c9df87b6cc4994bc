//! One replica as queueing sees it: the engine asked for the batches of this workload only.

use super::coefficients::PredictionCoefficients;
use super::stable::kv_sequences;
use crate::engine::{Batch, EngineModel, Scheduling, attended_tokens};
use crate::queueing::deployment::Deployment;
use crate::queueing::workload::{Strip, Workload};
use crate::units::{exp, normal_cdf, sqrt};

/// An engine may say that an iteration takes no time; a cycle cannot.
const LEAST_ITERATION_MS: f64 = 1e-6;

/// The engine, its limits and its workload.
#[derive(Clone, Copy)]
pub(crate) struct Replica<'a> {
    pub engine: &'a dyn EngineModel,
    pub workload: &'a Workload,
    pub scheduling: Scheduling,
    /// Tokens processed for a sequence in an iteration.
    pub step_tokens: f64,
    /// Tokens that it gets from it in the mean, and their variance.
    pub step_gain: f64,
    pub step_variance: f64,
    /// Most sequences at a time, by their number alone.
    pub sequences: f64,
    /// Most tokens in an iteration.
    pub budget: f64,
    pub kv_tokens: f64,
    /// Iterations of the mean answer after its first token.
    pub steps: f64,
    pub fitted: &'static PredictionCoefficients,
}

impl<'a> Replica<'a> {
    pub fn new(deployment: &Deployment<'a>, workload: &'a Workload) -> Self {
        let limits = deployment.engine.limits();
        let (step_tokens, step_gain, step_variance) = deployment.decode_step();
        let budget = f64::from(limits.max_num_batched_tokens).max(1.0);
        let sequences = f64::from(limits.max_num_seqs).min((budget / step_tokens).floor()).max(1.0);
        let replica = Self {
            engine: deployment.engine,
            workload,
            scheduling: limits.scheduling,
            step_tokens,
            step_gain,
            step_variance,
            sequences,
            budget,
            kv_tokens: limits.kv_tokens as f64,
            steps: 0.0,
            fitted: PredictionCoefficients::FITTED,
        };
        Self { steps: replica.steps_of(workload.later, workload.with_later), ..replica }
    }

    /// Iterations for `later` tokens after the first, of a share `with_later` of answers that have
    /// any. The last iteration may bring more than is needed: half a step's surplus in the mean.
    pub fn steps_of(&self, later: f64, with_later: f64) -> f64 {
        let surplus = (self.step_gain - 1.0 + self.step_variance / self.step_gain) / 2.0;
        ((later + surplus * with_later) / self.step_gain).max(with_later)
    }

    /// Only answers: `sequences` at a time.
    pub fn decode_batch(&self, sequences: f64) -> Batch {
        Batch {
            decode_sequences: sequences,
            decode_tokens: sequences * self.step_tokens,
            decode_context_tokens: sequences * self.workload.context,
            ..Batch::default()
        }
    }

    pub fn decode_ms(&self, sequences: f64) -> f64 {
        self.engine.iteration_ms(&self.decode_batch(sequences)).max(LEAST_ITERATION_MS)
    }

    /// Sequences that run when requests always wait.
    pub fn most_sequences(&self) -> f64 {
        let by_kv = kv_sequences(self);
        let scv = self.workload.held_variance / (self.workload.held * self.workload.held);
        let deviation = sqrt(by_kv * (scv + 0.05)).max(1e-9);
        let above = (self.sequences - by_kv) / deviation;
        let short = above * normal_cdf(above) + exp(-0.5 * above * above) * 0.398_942_280_401_432_7;
        (self.sequences - deviation * short).max(1.0).min(self.sequences)
    }

    /// Tokens of prompts that an iteration has room for beside `sequences` that decode.
    pub fn room(&self, sequences: f64) -> f64 {
        let beside = if self.scheduling == Scheduling::PrefillFirst { 0.0 } else { sequences };
        (self.budget - beside * self.step_tokens).max(1.0)
    }

    /// Prompts of mean length that an iteration has room for beside `sequences` that decode: any part
    /// of one, or whole ones only, as many as fit (the renewal function's long-time form) and at
    /// least one.
    pub fn prompts_room(&self, sequences: f64) -> f64 {
        let all = &self.workload.all;
        let parts = self.room(sequences) / all.work;
        if self.scheduling == Scheduling::InflightBatching {
            let scv = all.work_variance / (all.work * all.work);
            (parts + (scv - 1.0) / 2.0).max(1.0)
        } else {
            parts
        }
    }

    /// Iterations that a prompt of `work` tokens takes beside `sequences` that decode.
    pub fn chunks(&self, work: f64, sequences: f64) -> f64 {
        if self.scheduling == Scheduling::InflightBatching {
            1.0
        } else {
            (work / self.room(sequences)).ceil().max(1.0)
        }
    }

    /// What the prompt of a strip adds to iterations in which `sequences` decode, whose own time is
    /// `alone_ms`, in milliseconds: in as many iterations as the token budget cuts it into.
    pub fn prompt_ms(&self, strip: &Strip, sequences: f64, alone_ms: f64) -> f64 {
        let beside = if self.scheduling == Scheduling::PrefillFirst { 0.0 } else { sequences };
        let chunks = self.chunks(strip.work, sequences);
        // Attention is quadratic, so a strip of some width costs more than its mean length.
        let attended = attended_tokens(strip.cached, strip.work) + strip.work_variance / 2.0;
        let batch = Batch {
            prefill_sequences: 1.0,
            prefill_tokens: strip.work / chunks,
            prefill_attended_tokens: attended / chunks,
            ..self.decode_batch(beside)
        };
        ((self.engine.iteration_ms(&batch) - alone_ms) * chunks).max(1e-9)
    }
}
