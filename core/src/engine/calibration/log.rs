//! A log of requests: what one replica did with each, and whether it can be reckoned with.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::units::{check_count, check_range};

/// Most requests of one log.
pub const MOST_LOGGED_REQUESTS: usize = 100_000;
/// Fewest requests with two tokens or more that say anything.
const FEWEST_REQUESTS: usize = 5;

/// One request of a log. Times are in seconds on one clock of the engine (vLLM: `monotonic`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoggedRequest {
    /// Its name, which errors do not need.
    #[serde(default)]
    pub request_id: Option<String>,
    /// Tokens of the prompt.
    #[serde(alias = "input_toks")]
    pub input_tokens: u32,
    /// Of these, found in the prefix cache.
    #[serde(default, alias = "cached_toks")]
    pub cached_tokens: u32,
    /// Tokens of the answer.
    #[serde(alias = "output_toks")]
    pub output_tokens: u32,
    /// When it was sent, on whatever clock; not used.
    #[serde(default, alias = "arrival_time")]
    pub arrival_seconds: Option<f64>,
    /// When the engine put it into its queue; not used.
    #[serde(default, alias = "queued_ts")]
    pub queued_seconds: Option<f64>,
    /// When it was first part of an iteration.
    #[serde(alias = "scheduled_ts")]
    pub scheduled_seconds: f64,
    /// When its first token was there.
    #[serde(alias = "first_token_ts")]
    pub first_token_seconds: f64,
    /// When its last token was there.
    #[serde(alias = "last_token_ts")]
    pub last_token_seconds: f64,
}

/// What one replica did with each request of a run, all requests that it had in that time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestLog {
    /// The requests, in any order.
    pub requests: Vec<LoggedRequest>,
}

impl RequestLog {
    /// Reads one JSON object a line, with the names of [`LoggedRequest`] or those of vLLM's logs
    /// (`input_toks`, `scheduled_ts`, `first_token_ts`, …); empty lines are passed over.
    ///
    /// # Errors
    ///
    /// `invalid_json` with the line (`[3]`, from 0) for a line that is no such object; `too_large`
    /// for more than 100,000 requests.
    pub fn from_json_lines(text: &str) -> Result<Self> {
        let mut requests = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if requests.len() == MOST_LOGGED_REQUESTS {
                return Err(Error::new(ErrorCode::TooLarge, "requests", "are too many")
                    .allowed(format!("at most {MOST_LOGGED_REQUESTS}")));
            }
            let request = serde_json::from_str(line).map_err(|error| {
                Error::new(ErrorCode::InvalidJson, format!("[{index}]"), "is no request of a log")
                    .given(line)
                    .help(error.to_string())
            })?;
            requests.push(request);
        }
        Ok(Self { requests })
    }

    /// Checks every request.
    ///
    /// # Errors
    ///
    /// `too_large` for more than 100,000 requests; `invalid_value` for tokens and times out of
    /// range or out of order, and at `requests` for fewer than five requests of two tokens or
    /// more, or when all of them ran over the very same time.
    pub fn check(&self) -> Result<()> {
        if self.requests.len() > MOST_LOGGED_REQUESTS {
            return Err(Error::new(ErrorCode::TooLarge, "requests", "are too many")
                .given(self.requests.len())
                .allowed(format!("at most {MOST_LOGGED_REQUESTS}")));
        }
        for (index, request) in self.requests.iter().enumerate() {
            request.check().map_err(|error| error.within(&format!("requests[{index}]")))?;
        }
        let mut spans: Vec<(u64, u64)> = self
            .requests
            .iter()
            .filter(|request| request.output_tokens > 1)
            .map(|request| (request.first_token_seconds.to_bits(), request.last_token_seconds.to_bits()))
            .collect();
        let told = spans.len();
        spans.sort_unstable();
        spans.dedup();
        if told < FEWEST_REQUESTS || spans.len() < 2 {
            let message = if told < FEWEST_REQUESTS {
                "has too few requests with two tokens or more"
            } else {
                "has requests of one batch only, which says how long it took and not why"
            };
            return Err(Error::new(ErrorCode::InvalidValue, "requests", message)
                .given(told)
                .allowed(format!("at least {FEWEST_REQUESTS}, not all over the same time")));
        }
        Ok(())
    }
}

impl LoggedRequest {
    fn check(&self) -> Result<()> {
        let most = u64::from(crate::workload::MAX_TOKENS);
        check_count("input_tokens", self.input_tokens.into(), 1, most)?;
        check_count("output_tokens", self.output_tokens.into(), 1, most)?;
        check_count("cached_tokens", self.cached_tokens.into(), 0, u64::from(self.input_tokens) - 1)?;
        check_range("scheduled_seconds", self.scheduled_seconds, -1e12, 1e12)?;
        check_range("first_token_seconds", self.first_token_seconds, self.scheduled_seconds, 1e12)?;
        check_range("last_token_seconds", self.last_token_seconds, self.first_token_seconds, 1e12)?;
        if self.output_tokens > 1 && self.last_token_seconds <= self.first_token_seconds {
            return Err(Error::invalid(
                "last_token_seconds",
                self.last_token_seconds,
                "a time after the first token's, since the answer has more than one",
            ));
        }
        Ok(())
    }
}
