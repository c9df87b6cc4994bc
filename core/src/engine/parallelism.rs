//! How one deployment of a model is spread over GPUs.

use serde::{Deserialize, Serialize};

use crate::catalog::Model;
use crate::error::{Error, Result};
use crate::units::check_count;

/// Most ranks of one kind: above any deployment that exists, and products of four stay exact.
pub(crate) const MOST_RANKS: u64 = 4096;

/// How one deployment of a model is spread over GPUs: `tensor_parallel × pipeline_parallel ×
/// data_parallel` of them. Every field defaults to 1.
///
/// Attention and dense MLPs are sliced over the `tensor_parallel` GPUs of a rank; each of
/// `data_parallel` ranks holds them whole (vLLM's data-parallel attention; of a dense model, the
/// ranks are independent copies in one deployment). The `tensor_parallel × data_parallel` GPUs of a
/// pipeline stage share the routed experts: they form `expert_parallel` groups, each with its own
/// experts, and a group slices each of its experts over its GPUs ([`expert_tensor_parallel`]).
/// Layers are split over `pipeline_parallel` stages.
///
/// [`expert_tensor_parallel`]: Self::expert_tensor_parallel
///
/// ```
/// use sizewell::engine::Parallelism;
/// let wide = Parallelism { data_parallel: 8, expert_parallel: 8, ..Parallelism::default() };
/// assert_eq!((wide.gpus(), wide.expert_tensor_parallel()), (8, 1));
/// wide.check(sizewell_data::catalog().model("DeepSeek-V3")?)?;
/// # Ok::<(), sizewell::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Parallelism {
    /// GPUs over which attention heads and dense MLPs are sliced.
    pub tensor_parallel: u32,
    /// Stages over which layers are split.
    pub pipeline_parallel: u32,
    /// Ranks that each hold attention whole and serve sequences of their own.
    pub data_parallel: u32,
    /// Groups over which routed experts are spread; divides `tensor_parallel × data_parallel`.
    pub expert_parallel: u32,
}

impl Default for Parallelism {
    fn default() -> Self {
        Self { tensor_parallel: 1, pipeline_parallel: 1, data_parallel: 1, expert_parallel: 1 }
    }
}

impl Parallelism {
    /// Tensor parallelism alone.
    #[must_use]
    pub fn tensor(tensor_parallel: u32) -> Self {
        Self { tensor_parallel, ..Self::default() }
    }

    /// GPUs of the deployment.
    #[must_use]
    pub fn gpus(&self) -> u32 {
        self.stage_gpus().saturating_mul(self.pipeline_parallel.max(1))
    }

    /// GPUs of one pipeline stage, over which routed experts are spread.
    #[must_use]
    pub fn stage_gpus(&self) -> u32 {
        self.tensor_parallel.max(1).saturating_mul(self.data_parallel.max(1))
    }

    /// GPUs over which one routed expert is sliced: those of a stage ÷ `expert_parallel`.
    #[must_use]
    pub fn expert_tensor_parallel(&self) -> u32 {
        (self.stage_gpus() / self.expert_parallel.max(1)).max(1)
    }

    /// KV heads on each GPU: repeated where there are fewer than GPUs.
    #[must_use]
    pub fn kv_heads_per_gpu(&self, kv_heads: u32) -> u32 {
        kv_heads.div_ceil(self.tensor_parallel.max(1))
    }

    /// Checks that the model can be spread so.
    ///
    /// # Errors
    ///
    /// `invalid_value` with the field's path (`expert_parallel`) and what is allowed: each number
    /// from 1 to 4,096; `tensor_parallel` a divisor of the attention heads that also divides the
    /// KV heads or is a multiple of them (vLLM's rule; a latent cache has no heads to divide);
    /// `pipeline_parallel` at most the layers; `expert_parallel` a divisor of
    /// `tensor_parallel × data_parallel`, at most the experts, and 1 without experts.
    pub fn check(&self, model: &Model) -> Result<()> {
        for (path, value) in [
            ("tensor_parallel", self.tensor_parallel),
            ("pipeline_parallel", self.pipeline_parallel),
            ("data_parallel", self.data_parallel),
            ("expert_parallel", self.expert_parallel),
        ] {
            check_count(path, value.into(), 1, MOST_RANKS)?;
        }
        let architecture = &model.architecture;
        let (heads, kv_heads) = (architecture.attention.heads, architecture.attention.kv_heads);
        if !self.splits_heads(model) {
            let allowed = if architecture.attention.mla.is_some() {
                format!("a divisor of the {heads} attention heads")
            } else {
                format!(
                    "a divisor of the {heads} attention heads that divides the {kv_heads} KV heads or is a \
                     multiple of them"
                )
            };
            return Err(Error::invalid("tensor_parallel", self.tensor_parallel, allowed));
        }
        if self.pipeline_parallel > architecture.layers {
            let allowed = format!("1 to {}, the model's layers", architecture.layers);
            return Err(Error::invalid("pipeline_parallel", self.pipeline_parallel, allowed));
        }
        let allowed = match &architecture.moe {
            None if self.expert_parallel > 1 => "1, for the model has no experts".to_owned(),
            Some(moe) if self.expert_parallel > moe.experts => {
                format!("1 to {}, the model's routed experts", moe.experts)
            }
            _ if !self.stage_gpus().is_multiple_of(self.expert_parallel) => {
                format!("a divisor of tensor_parallel × data_parallel, {}", self.stage_gpus())
            }
            _ => return Ok(()),
        };
        Err(Error::invalid("expert_parallel", self.expert_parallel, allowed))
    }

    fn splits_heads(&self, model: &Model) -> bool {
        let attention = &model.architecture.attention;
        let ranks = self.tensor_parallel;
        let kv_split =
            attention.kv_heads.is_multiple_of(ranks) || ranks.is_multiple_of(attention.kv_heads.max(1));
        attention.heads.is_multiple_of(ranks) && (attention.mla.is_some() || kv_split)
    }
}
