//! What can go wrong: one opaque error with a stable code, the path of the offending field, what
//! was given, what is allowed and what to do about it.
//!
//! Every language sees the same five things: Python as attributes of `SizewellError`, JavaScript
//! as properties of an `Error`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The result of every fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of mistake an [`Error`] reports. The spelling in `snake_case` is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The text is not JSON, or not the JSON of an object that was expected.
    InvalidJson,
    /// A field has the wrong type (text where a number is expected, say).
    InvalidType,
    /// A value is out of its range, not finite, or not of the allowed form.
    InvalidValue,
    /// A field that must be given is missing.
    MissingField,
    /// A field does not exist.
    UnknownField,
    /// A use case, model, GPU, provider or other name is not known.
    UnknownName,
    /// Two fields contradict one another.
    Contradiction,
    /// A text is empty.
    Empty,
    /// A text or list is longer than the limit.
    TooLarge,
    /// Two rows of a catalog have the same identity.
    Duplicate,
    /// A benchmark source of the caller's failed.
    SourceFailed,
    /// More work arrives than can be served: the queue grows without end and has no steady state.
    Unstable,
    /// A model does not fit into the memory of the GPUs.
    DoesNotFit,
}

impl ErrorCode {
    /// The stable spelling, such as `invalid_value`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidType => "invalid_type",
            Self::InvalidValue => "invalid_value",
            Self::MissingField => "missing_field",
            Self::UnknownField => "unknown_field",
            Self::UnknownName => "unknown_name",
            Self::Contradiction => "contradiction",
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::Duplicate => "duplicate",
            Self::SourceFailed => "source_failed",
            Self::Unstable => "unstable",
            Self::DoesNotFit => "does_not_fit",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why an input was refused.
///
/// The type is opaque and small (one pointer); read it with [`code`](Self::code),
/// [`path`](Self::path), [`message`](Self::message), [`given`](Self::given),
/// [`allowed`](Self::allowed), [`help`](Self::help) and [`suggestions`](Self::suggestions), or
/// serialise it as an [`ErrorReport`].
#[derive(Clone, PartialEq, thiserror::Error)]
#[error("{}", self.0)]
pub struct Error(Box<ErrorReport>);

/// An [`Error`] as data, the same in every language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorReport {
    /// The kind of mistake.
    pub code: ErrorCode,
    /// The offending field, such as `slo.ttft_ms` or `models[3].id`; empty when the whole input is meant.
    pub path: String,
    /// What is wrong, in one clause.
    pub message: String,
    /// What was given, shortened to 80 characters.
    pub given: Option<String>,
    /// What is allowed.
    pub allowed: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// The nearest names that are known, nearest first; empty when no name is at fault.
    pub suggestions: Vec<String>,
}

impl fmt::Display for ErrorReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)?;
        if let Some(given) = &self.given {
            write!(formatter, ", given `{given}`")?;
        }
        if let Some(allowed) = &self.allowed {
            write!(formatter, "; allowed: {allowed}")?;
        }
        if let Some((first, rest)) = self.suggestions.split_first() {
            write!(formatter, "; did you mean `{first}`")?;
            for name in rest {
                write!(formatter, " or `{name}`")?;
            }
            formatter.write_str("?")?;
        }
        if let Some(help) = &self.help {
            write!(formatter, "; {help}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Error({}, {})", self.0.code, self.0)
    }
}

impl Error {
    /// An error of the given kind about the field at `path`.
    ///
    /// ```
    /// use sizewell::{Error, ErrorCode};
    /// let error = Error::new(ErrorCode::InvalidValue, "slo.ttft_ms", "must be above 0").given(-5);
    /// assert_eq!(error.to_string(), "slo.ttft_ms: must be above 0, given `-5`");
    /// ```
    #[must_use]
    pub fn new(code: ErrorCode, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorReport {
            code,
            path: path.into(),
            message: message.into(),
            given: None,
            allowed: None,
            help: None,
            suggestions: Vec::new(),
        }))
    }

    /// A value out of its range.
    #[must_use]
    pub fn invalid(path: impl Into<String>, given: impl fmt::Display, allowed: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidValue, path, "is not an allowed value").given(given).allowed(allowed)
    }

    /// A field that must be given.
    #[must_use]
    pub fn missing(path: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(ErrorCode::MissingField, path, "must be given").help(help)
    }

    /// A name that is not known, with the nearest of the `known` ones as suggestions.
    #[must_use]
    pub fn unknown_name<'a>(
        path: impl Into<String>,
        kind: &str,
        given: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut error = Self::new(ErrorCode::UnknownName, path, format!("no such {kind}")).given(given);
        error.0.suggestions = nearest(given, known);
        error
    }

    /// Adds what was given; texts over 80 characters are shortened.
    #[must_use]
    pub fn given(mut self, given: impl fmt::Display) -> Self {
        self.0.given = Some(printable(&shortened(&given.to_string())));
        self
    }

    /// Adds what is allowed.
    #[must_use]
    pub fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.0.allowed = Some(allowed.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    pub(crate) fn suggestions_from(mut self, suggestions: Vec<String>) -> Self {
        self.0.suggestions = suggestions;
        self
    }

    /// The same error of another kind.
    pub(crate) fn coded(mut self, code: ErrorCode) -> Self {
        self.0.code = code;
        self
    }

    /// The same error about another field.
    pub(crate) fn at(mut self, path: impl Into<String>) -> Self {
        self.0.path = path.into();
        self
    }

    /// Puts `prefix` before the path: an error inside a part becomes an error of the whole.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        self.0.path = if self.0.path.is_empty() {
            prefix.to_owned()
        } else if self.0.path.starts_with('[') || prefix.is_empty() {
            format!("{prefix}{}", self.0.path)
        } else {
            format!("{prefix}.{}", self.0.path)
        };
        self
    }

    /// The kind of mistake; its spelling is stable.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The offending field, such as `slo.ttft_ms`; empty when the whole input is meant.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What is wrong, in one clause.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The nearest known names, nearest first.
    #[must_use]
    pub fn suggestions(&self) -> &[String] {
        &self.0.suggestions
    }

    /// The error as plain data.
    #[must_use]
    pub fn report(&self) -> &ErrorReport {
        &self.0
    }
}

impl From<ErrorReport> for Error {
    fn from(report: ErrorReport) -> Self {
        Self(Box::new(report))
    }
}

impl Serialize for Error {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn shortened(text: &str) -> String {
    const LIMIT: usize = 80;
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LIMIT - 1).collect();
    short.push('…');
    short
}

/// A text whose control characters are written out.
fn printable(text: &str) -> String {
    let written = |character: char| match character {
        control if control.is_control() => control.escape_default().to_string(),
        other => other.to_string(),
    };
    text.chars().map(written).collect()
}

/// At most three of the known names that resemble `given`, nearest first.
fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let given: String = given.to_lowercase().chars().take(120).collect();
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let tail = lower.rsplit('/').next().unwrap_or(&lower);
            let similarity = strsim::jaro_winkler(&given, &lower).max(strsim::jaro_winkler(&given, tail));
            (similarity, name)
        })
        .filter(|(similarity, _)| *similarity > 0.75)
        .collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.cmp(right.1)));
    scored.dedup_by(|left, right| left.1 == right.1);
    scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_says_everything_once() {
        let error = Error::unknown_name("gpu", "GPU", "H10", ["H100", "A100-80", "T4"]);
        assert_eq!(error.to_string(), "gpu: no such GPU, given `H10`; did you mean `H100`?");
    }

    #[test]
    fn long_input_is_shortened() {
        let error = Error::invalid("text", "x".repeat(1_000_000), "at most 10 characters");
        assert!(error.to_string().len() < 250);
    }

    #[test]
    fn within_joins_paths() {
        let error = Error::missing("id", "give one");
        assert_eq!(error.clone().within("models[3]").path(), "models[3].id");
        assert_eq!(Error::missing("", "give one").within("slo").path(), "slo");
        assert_eq!(Error::missing("[2]", "give one").within("models").path(), "models[2]");
    }
}
