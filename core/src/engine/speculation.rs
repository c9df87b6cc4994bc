//! Speculative decoding: what is asked for, and with every value known.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::units::{check_count, check_range};

/// The longest draft that is accepted, in tokens.
pub const MAX_DRAFT_TOKENS: u32 = 64;

/// Speculative decoding: a draft of so many tokens is verified in every iteration.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Speculation {
    /// Tokens of a draft, 0 to 64. Default: 0, none.
    pub draft_tokens: u32,
    /// Probability that a token of the draft is accepted when those before it were, 0 to 1.
    /// Default: that of the measured multi-token-prediction runs.
    pub acceptance: Option<f64>,
}

impl Speculation {
    /// With every value known, `acceptance` where none is given; `None` without drafts.
    #[must_use]
    pub fn resolved(self, acceptance: f64) -> Option<Drafting> {
        let acceptance = self.acceptance.unwrap_or(acceptance);
        (self.draft_tokens > 0).then_some(Drafting { draft_tokens: self.draft_tokens, acceptance })
    }
}

/// Speculative decoding with every value known: a draft of so many tokens is checked in each
/// iteration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Drafting {
    /// Length of the draft, 1 to 64 tokens.
    pub draft_tokens: u32,
    /// Probability that a token of the draft is accepted when those before it are, 0 to 1.
    pub acceptance: f64,
}

impl Drafting {
    /// Mean tokens that a sequence gets from one iteration: `(1 − a^(k+1)) / (1 − a)` for a draft of
    /// `k` tokens accepted with probability `a` each (Leviathan, Kalman and Matias, *Fast Inference
    /// from Transformers via Speculative Decoding*, ICML 2023, equation 1).
    #[must_use]
    pub fn tokens_per_iteration(self) -> f64 {
        self.moments().0
    }

    /// Mean and variance of the tokens of one iteration.
    pub(crate) fn moments(self) -> (f64, f64) {
        let (mut mean, mut square, mut reached) = (1.0, 1.0, 1.0);
        for accepted in 1..=self.draft_tokens.min(MAX_DRAFT_TOKENS) {
            reached *= self.acceptance;
            mean += reached;
            square += reached * f64::from(2 * accepted + 1);
        }
        (mean, square - mean * mean)
    }

    /// Checks both values.
    ///
    /// # Errors
    ///
    /// `invalid_value` for a value that is out of its range.
    pub fn check(self) -> Result<()> {
        check_count("draft_tokens", self.draft_tokens.into(), 1, MAX_DRAFT_TOKENS.into())?;
        check_range("acceptance", self.acceptance, 0.0, 1.0)
    }
}
