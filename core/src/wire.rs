//! Reading untrusted input into the crate's types: serde's errors become [`Error`]s with the path
//! of the offending field, in words that do not assume Rust.
//!
//! The language bindings are made of these two functions: JSON text goes through [`from_json`],
//! a Python or JavaScript object through [`read`] with that language's deserialiser.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize};
use serde_json::ser::Formatter;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorCode, Result};

/// The longest JSON text that is read, in bytes.
pub const MAX_JSON_BYTES: usize = 64 * 1024 * 1024;

/// Reads a value from any serde deserialiser; `root` goes before the path of an error, and may be
/// empty.
///
/// # Errors
///
/// `unknown_field`, `missing_field`, `invalid_type`, `unknown_name` (a name of a fixed list) or
/// `invalid_value` with the path of the field; `invalid_json` where the text itself is broken.
pub fn read<'de, T, D>(deserializer: D, root: &str) -> Result<T>
where
    T: serde::Deserialize<'de>,
    D: Deserializer<'de>,
{
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = path_text(error.path());
        from_serde(&error.inner().to_string(), &path, root)
    })
}

/// Reads an argument of a function: as [`read`] without a root, and where the whole argument is at
/// fault, the path is the argument's `name`.
///
/// # Errors
///
/// As [`read`].
pub fn read_argument<'de, T, D>(deserializer: D, name: &str) -> Result<T>
where
    T: serde::Deserialize<'de>,
    D: Deserializer<'de>,
{
    read(deserializer, "").map_err(|error| if error.path().is_empty() { error.within(name) } else { error })
}

/// Reads a value from JSON text.
///
/// ```
/// use sizewell::{wire, workload::Intent};
/// let error = wire::from_json::<Intent>(r#"{"use_case": "translatoin"}"#, "intent").unwrap_err();
/// assert_eq!((error.code().as_str(), error.path()), ("unknown_name", "intent.use_case"));
/// assert_eq!(error.suggestions(), ["translation"]);
/// ```
///
/// # Errors
///
/// As [`read`]; `too_large` above 64 MiB.
pub fn from_json<T: DeserializeOwned>(text: &str, root: &str) -> Result<T> {
    if text.len() > MAX_JSON_BYTES {
        return Err(Error::new(ErrorCode::TooLarge, root, "is too long")
            .given(format!("{} bytes", text.len()))
            .allowed(format!("at most {MAX_JSON_BYTES} bytes")));
    }
    from_long_json(text, root)
}

/// [`from_json`] for text of any length: what was saved by this library itself.
pub(crate) fn from_long_json<T: DeserializeOwned>(text: &str, root: &str) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = path_text(error.path());
        let inner = error.inner();
        let message = inner.to_string();
        if inner.is_syntax() || inner.is_eof() {
            return Error::new(ErrorCode::InvalidJson, root, "is not valid JSON").given(text).help(message);
        }
        from_serde(strip_position(&message), &path, root)
    })?;
    deserializer.end().map_err(|error| {
        Error::new(ErrorCode::InvalidJson, root, "is not valid JSON").given(text).help(error.to_string())
    })?;
    Ok(value)
}

/// Reads an argument of a function from JSON text: as [`from_json`], with paths as in
/// [`read_argument`].
///
/// # Errors
///
/// As [`from_json`].
pub fn read_json_argument<T: DeserializeOwned>(text: &str, name: &str) -> Result<T> {
    from_json(text, "").map_err(|error| if error.path().is_empty() { error.within(name) } else { error })
}

/// Makes a list of objects of columns: an object of lists, in which what is no list stands for all
/// rows. Anything but an object is left as it is.
///
/// ```
/// use serde_json::json;
/// let mut points = json!({"concurrency": [1, 8], "input_tokens": 512});
/// sizewell::wire::columns_to_rows(&mut points)?;
/// assert_eq!(points, json!([
///     {"concurrency": 1, "input_tokens": 512},
///     {"concurrency": 8, "input_tokens": 512},
/// ]));
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `contradiction` at a column of another length than the first.
pub fn columns_to_rows(value: &mut Value) -> Result<()> {
    let Value::Object(columns) = value else { return Ok(()) };
    let mut lengths = columns.iter().filter_map(|(name, column)| Some((name, column.as_array()?.len())));
    let (first, length) = lengths.next().map_or(("", 1), |(name, length)| (name.as_str(), length));
    if let Some((name, other)) = lengths.find(|(_, other)| *other != length) {
        let message = format!("has another number of rows than `{first}`, which has {length}");
        return Err(Error::new(ErrorCode::Contradiction, name, message).given(other));
    }
    let mut rows = vec![Map::new(); length];
    for (name, column) in std::mem::take(columns) {
        let cells = match column {
            Value::Array(cells) => cells,
            one => vec![one; length],
        };
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.insert(name.clone(), cell);
        }
    }
    *value = rows.into_iter().map(Value::Object).collect();
    Ok(())
}

/// Writes a value as JSON text of ASCII characters alone, the others as `\u` escapes: JavaScript
/// engines take such text in at a memory copy's speed.
///
/// ```
/// assert_eq!(sizewell::wire::to_json("512→256")?, r#""512\u2192256""#);
/// # Ok::<(), sizewell::Error>(())
/// ```
///
/// # Errors
///
/// `invalid_value` for what JSON cannot hold, such as keys that are no text; no public type of
/// this crate is such.
pub fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    let refuse = |why: String| Error::new(ErrorCode::InvalidValue, "", format!("is no JSON: {why}"));
    let mut bytes = Vec::with_capacity(1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Ascii);
    value.serialize(&mut serializer).map_err(|error| refuse(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| refuse(error.to_string()))
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        if text.is_ascii() {
            return writer.write_all(text.as_bytes());
        }
        let mut written = 0;
        for (at, character) in text.char_indices().filter(|(_, character)| !character.is_ascii()) {
            writer.write_all(text.get(written..at).unwrap_or_default().as_bytes())?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + character.len_utf8();
        }
        writer.write_all(text.get(written..).unwrap_or_default().as_bytes())
    }
}

fn path_text(path: &serde_path_to_error::Path) -> String {
    let text = path.to_string();
    if text == "." { String::new() } else { text }
}

/// serde_json ends its messages with ` at line 1 column 5`, which says less than the path does.
fn strip_position(message: &str) -> &str {
    message.rfind(" at line ").and_then(|at| message.get(..at)).unwrap_or(message)
}

fn from_serde(message: &str, path: &str, root: &str) -> Error {
    let error = if let Some(field) = quoted_after(message, "missing field ") {
        Error::missing(join(path, field), "add it")
    } else if let Some(field) = quoted_after(message, "unknown field ") {
        let known = quoted(message.rsplit_once("`, expected").map_or("", |(_, rest)| rest));
        let mut error = Error::unknown_name(path, "field", field, known.iter().copied());
        if known.is_empty() {
            error = error.help("remove it");
        } else {
            error = error.allowed(known.join(", "));
        }
        error.coded(ErrorCode::UnknownField)
    } else if let Some(name) = quoted_after(message, "unknown variant ") {
        let known = quoted(message.rsplit_once("`, expected").map_or("", |(_, rest)| rest));
        Error::unknown_name(path, "name", name, known.iter().copied()).allowed(known.join(", "))
    } else if let Some(rest) = message.strip_prefix("invalid type: ") {
        expectation(ErrorCode::InvalidType, path, "has the wrong type", rest)
    } else if let Some(rest) = message.strip_prefix("invalid value: ") {
        expectation(ErrorCode::InvalidValue, path, "is not an allowed value", rest)
    } else if message.starts_with("invalid length ") && message.contains("expected struct ") {
        Error::new(ErrorCode::InvalidType, path, "has the wrong type").given("a list").allowed("an object")
    } else if let Some(rest) = message.strip_prefix("invalid length ") {
        expectation(ErrorCode::InvalidValue, path, "has the wrong length", rest)
    } else {
        Error::new(ErrorCode::InvalidValue, path, plain(message))
    };
    if root.is_empty() { error } else { error.within(root) }
}

fn expectation(code: ErrorCode, path: &str, what: &str, rest: &str) -> Error {
    let (given, expected) = rest.rsplit_once(", expected ").unwrap_or((rest, ""));
    let error = Error::new(code, path, what).given(plain_value(given));
    if expected.is_empty() { error } else { error.allowed(plain(expected)) }
}

/// serde's words for a value that was given, without the type before it.
fn plain_value(given: &str) -> String {
    for kind in ["floating point ", "integer ", "boolean ", "character ", "string "] {
        if let Some(value) = given.strip_prefix(kind) {
            return value.trim_matches(['`', '"']).to_owned();
        }
    }
    match given {
        "null" | "unit value" | "unit" => "null".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        other => other.replace('`', "").replace("Option value", "a value"),
    }
}

/// serde's words for a type, in words that do not assume Rust.
fn plain(expected: &str) -> String {
    match expected.trim() {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of 0 or more, not too large".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a string" | "str" | "string" | "a borrowed string" => "text".to_owned(),
        "a boolean" | "bool" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        "string or map" => "one of the names of a fixed list".to_owned(),
        "option" => "a value or null".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other if other.contains("enum ") => "one of the names of a fixed list".to_owned(),
        other => other.replace("struct ", "").to_owned(),
    }
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

fn quoted_after<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = message.strip_prefix(prefix)?.strip_prefix('`')?;
    // A name given by the user may hold backticks itself; the list of known names follows the last.
    let end = rest.rfind("`, expected").or_else(|| rest.rfind("`, there are")).or_else(|| rest.rfind('`'))?;
    rest.get(..end)
}

fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Intent;

    fn refused(json: &str) -> (String, String, String) {
        let error = from_json::<Intent>(json, "intent").unwrap_err();
        (error.code().to_string(), error.path().to_owned(), error.to_string())
    }

    #[test]
    fn errors_name_the_field_without_rust() {
        for (json, code, path) in [
            ("{", "invalid_json", "intent"),
            ("", "invalid_json", "intent"),
            ("{} x", "invalid_json", "intent"),
            ("3", "invalid_type", "intent"),
            (r#"{"user": 5}"#, "unknown_field", "intent.user"),
            (r#"{"input_tokens": -5}"#, "invalid_value", "intent.input_tokens"),
            (r#"{"input_tokens": "many"}"#, "invalid_type", "intent.input_tokens"),
            (r#"{"users": null, "percentile": 42}"#, "invalid_value", "intent.percentile"),
            (r#"{"gpus": {"preferred": ["H100", 3]}}"#, "invalid_type", "intent.gpus.preferred[1]"),
            (r#"{"priorities": {"cost": "highest"}}"#, "unknown_name", "intent.priorities.cost"),
            (r#"{"use_case": "`, expected"}"#, "unknown_name", "intent.use_case"),
        ] {
            let (got_code, got_path, message) = refused(json);
            assert_eq!((got_code.as_str(), got_path.as_str()), (code, path), "{json}: {message}");
            for rust in ["u32", "f64", "struct", "enum", "variant", "Option"] {
                assert!(!message.contains(rust), "{json}: {message}");
            }
        }
    }

    #[test]
    fn ascii_json_reads_back_the_same() {
        for text in ["", "plain", "512→256 \u{1F600} é\n\"\\", "\u{7f}\u{80}"] {
            let json = to_json(text).unwrap();
            assert!(json.is_ascii(), "{json}");
            assert_eq!(from_json::<String>(&json, "").unwrap(), text);
        }
    }

    #[test]
    fn unknown_fields_suggest_the_nearest() {
        let error = from_json::<Intent>(r#"{"user": 5}"#, "").unwrap_err();
        assert_eq!(error.path(), "user");
        assert_eq!(error.suggestions().first().map(String::as_str), Some("users"));
    }
}
