//! What a sequence keeps in the KV cache.

use super::options::KvDtype;
use super::stage::Stage;
use crate::catalog::{Model, WeightFormat};
use crate::engine::Parallelism;

/// Tokens of one block of the cache (vLLM's default on NVIDIA GPUs): a sequence takes whole blocks.
pub(super) const BLOCK_TOKENS: f64 = 16.0;

/// What a sequence keeps on one GPU: bytes for each token, for each token within the window, and
/// whatever its length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct KvCost {
    per_token: f64,
    per_window_token: f64,
    window: f64,
    state: f64,
}

impl KvCost {
    /// Of the layers of one stage. Keys and values are those of `ceil(KV heads / TP)` heads, for
    /// they are repeated where there are fewer than GPUs; a latent (DeepSeek-V2, arXiv:2405.04434,
    /// §2.1.2) has no heads and is whole on every GPU; a linear layer's state is sliced as its
    /// heads are.
    pub(super) fn of(model: &Model, parallelism: Parallelism, kv_bytes: f64, stage: Stage) -> Self {
        let attention = &model.architecture.attention;
        let per_layer = kv_bytes
            * match &attention.mla {
                Some(mla) => f64::from(mla.kv_lora_rank) + f64::from(mla.qk_rope_head_size),
                None => {
                    let heads = parallelism.kv_heads_per_gpu(attention.kv_heads);
                    2.0 * f64::from(heads) * f64::from(attention.head_size)
                }
            };
        let share = stage.share_of_layers(model, parallelism);
        let state = attention.linear_state_bytes_per_layer.unwrap_or(0) as f64;
        let windowed = if attention.sliding_window_tokens.is_some() { attention.sliding_layers } else { 0 };
        let whole = attention.full_layers.saturating_add(attention.sliding_layers - windowed);
        Self {
            per_token: share * f64::from(whole) * per_layer,
            per_window_token: share * f64::from(windowed) * per_layer,
            window: attention.sliding_window_tokens.map_or(0.0, f64::from),
            state: share * f64::from(attention.linear_layers) * state
                / f64::from(parallelism.tensor_parallel.max(1)),
        }
    }

    /// Bytes of a sequence of `tokens` tokens.
    pub(super) fn bytes(&self, tokens: f64) -> f64 {
        self.per_token * tokens + self.per_window_token * tokens.min(self.window) + self.state
    }

    /// Bytes that windowed layers hold, besides, of what is being prefilled: at most a chunk of
    /// `chunk` tokens in one iteration, which only then leaves the window.
    pub(super) fn prefill_bytes(&self, tokens: f64, chunk: f64) -> f64 {
        self.per_window_token * (tokens - self.window).max(0.0).min(chunk)
    }

    /// Bytes of a sequence in whole blocks.
    pub(super) fn bytes_in_blocks(&self, tokens: f64) -> f64 {
        self.bytes((tokens / BLOCK_TOKENS).ceil() * BLOCK_TOKENS)
    }
}

/// Bytes that one sequence of `tokens` tokens keeps on each GPU of the fullest pipeline stage: keys
/// and values of full layers, those of windowed layers up to the window, the latent of MLA layers,
/// the state of linear layers. KV heads are split over the tensor-parallel GPUs and repeated where
/// there are fewer heads than GPUs; the latent is repeated on each.
///
/// ```
/// use sizewell::engine::{KvDtype, Parallelism, kv_bytes_per_sequence};
/// let llama = sizewell_data::catalog().model("Llama-3.1-8B-Instruct")?;
/// let bytes = kv_bytes_per_sequence(llama, Parallelism::default(), KvDtype::Auto, 1.0);
/// assert_eq!(bytes, 32.0 * 2.0 * 8.0 * 128.0 * 2.0);
/// # Ok::<(), sizewell::Error>(())
/// ```
#[must_use]
pub fn kv_bytes_per_sequence(model: &Model, parallelism: Parallelism, kv_dtype: KvDtype, tokens: f64) -> f64 {
    let format: WeightFormat = model.weight_format;
    Stage::all(parallelism)
        .map(|stage| KvCost::of(model, parallelism, kv_dtype.bytes(format), stage).bytes(tokens))
        .fold(0.0, f64::max)
}
