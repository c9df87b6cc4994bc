//! Routed experts: reading those that a batch touches, and multiplying by them.

use super::coefficients::Coefficients;
use super::power;
use super::work::Rates;
use crate::catalog::{ParameterGroup, WeightFormat};
use crate::engine::model::IterationTime;
use crate::engine::replica::Replica;
use crate::units::{exp, ln, ln_1p, sqrt};

/// Routed experts of all layers, spread over the GPUs of a stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Experts {
    count: f64,
    /// ln of the share of experts that one token leaves untouched.
    ln_untouched: f64,
    skew: f64,
    groups: f64,
    /// Standard deviations that the fullest group has more than the mean.
    above_mean: f64,
    /// Reading one expert of every layer on the GPUs of its group.
    read_ms: f64,
    /// Multiplying one token by its experts in every layer, shared by all GPUs.
    pub(super) token_ms: f64,
}

impl Experts {
    pub(super) fn of(replica: &Replica<'_>, c: &Coefficients, rates: &Rates) -> Option<Self> {
        let model = replica.model;
        let moe = model.architecture.moe.as_ref()?;
        let parallelism = replica.memory.parallelism;
        let format = replica.weight_format();
        let layer = model.architecture.layer_parameters();
        let layers = f64::from(model.architecture.moe_layers());
        let count = f64::from(moe.experts.max(1));
        let used = f64::from(moe.experts_per_token).min(count);
        let groups = f64::from(parallelism.expert_parallel.max(1));
        let slices = f64::from(parallelism.expert_tensor_parallel());
        let bytes = layer.expert * model.bytes_per_weight(ParameterGroup::RoutedExperts, format);
        let efficiency = c.expert_bandwidth
            * match format {
                WeightFormat::Nvfp4 | WeightFormat::Mxfp4 => c.expert_bandwidth_4,
                WeightFormat::W4a16 => c.expert_bandwidth_w4a16,
                _ => 1.0,
            };
        let (peak, share) = rates.arithmetic(format, c);
        let gpus = groups * slices;
        Some(Self {
            count,
            ln_untouched: ln_1p(-(used / count).min(0.999_999)),
            skew: c.expert_skew.min(1.0),
            groups,
            above_mean: c.expert_imbalance * sqrt(2.0 * ln(groups)),
            read_ms: layers * bytes / slices / (rates.bandwidth * efficiency)
                * 1e3
                * power(slices, c.expert_slice_bandwidth),
            token_ms: 2.0 * layers * used * layer.expert / gpus / (peak * share * c.expert_compute)
                * 1e3
                * power(slices, c.expert_slice_compute),
        })
    }

    /// Experts of a layer that the fullest group reads for so many tokens: the expected number of
    /// distinct ones, `E (1 − (1 − k/E)^T)`, in E/groups each, and what the fullest has above that.
    fn touched(&self, tokens: f64) -> f64 {
        let all = self.count * (1.0 - exp(power(tokens, self.skew) * self.ln_untouched));
        let mean = all / self.groups;
        let deviation = sqrt(mean * (1.0 - all / self.count).max(0.0));
        (mean + self.above_mean * deviation).min(self.count / self.groups)
    }

    /// Adds the time for `tokens` tokens of answers.
    pub(super) fn spend(&self, tokens: f64, time: &mut IterationTime) {
        let read = self.touched(tokens) * self.read_ms;
        let multiply = tokens * self.token_ms;
        time.add_longer(read, multiply);
    }
}
