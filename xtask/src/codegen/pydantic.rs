//! Pydantic models: a class for each record, with serde's defaults, and a `Literal` for each list
//! of names. Ranges are not checked here: the Rust core checks them for every language.
//!
//! At least two hand-written things are imported from `sizewell._base`: `Model`, the base class, whose
//! configuration must forbid extra fields, free the `model_` names (`protected_namespaces=()`) and
//! take the string below a field as its description (`use_attribute_docstrings`); and
//! `read_quantile`, which turns any spelling of a quantile that Rust reads into the one it writes.
//! Types with methods of their own have a base of their own there.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::schema::{Field, Kind, Member, Shape, Type};
use super::{COMMAND, doc};

/// Columns of a line: `ruff format`'s default.
const WIDTH: usize = 88;

/// Types whose values have more spellings than one, with the function of `_base` that reads them.
const READERS: [(&str, &str); 1] = [("Quantile", "read_quantile")];

/// Types with methods, with the hand-written class of `_base` that has them.
const BASES: [(&str, &str); 2] =
    [("DeploymentOption", "DeploymentOptionModel"), ("Recommendation", "RecommendationModel")];

/// Types whose lists of numbers and names may be arrays, with the class of `_columns` that has their
/// methods.
const COLUMNS: [(&str, &str); 3] =
    [("Labels", "ColumnsModel"), ("PrefixBlocks", "ColumnsModel"), ("Trace", "TraceModel")];

/// Words that Python does not allow as names of fields.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The text of `models.py`.
pub(crate) fn models(types: &[Type]) -> Result<String> {
    let mut body = String::new();
    let mut after_class = false;
    for one in ordered(types)? {
        let definition = match &one.shape {
            Shape::Record(fields) => {
                class(one, fields, types).with_context(|| format!("type `{}`", one.name))?
            }
            Shape::Names(members) => names(one, members),
            Shape::Alias(kind) => {
                format!("{} = {}\n{}", one.name, type_text(kind), docstring(&one.doc, ""))
            }
            Shape::Union { tag, records } => {
                let records = records.join("\n    | ");
                let text = format!(
                    "{} = Annotated[\n    {records},\n    Field(discriminator=\"{tag}\"),\n]",
                    one.name
                );
                format!("{text}\n{}", docstring(&one.doc, ""))
            }
        };
        let is_class = matches!(one.shape, Shape::Record(_));
        body.push_str(if is_class || after_class { "\n\n" } else { "\n" });
        after_class = is_class;
        body.push_str(&definition);
    }
    Ok(format!("{}{body}", head(types, &body)))
}

/// Parts before what is made of them, otherwise by name.
fn ordered(types: &[Type]) -> Result<Vec<&Type>> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut order = Vec::with_capacity(types.len());
    while order.len() < types.len() {
        let ready = types.iter().find(|one| {
            !done.contains(one.name.as_str()) && one.parts().iter().all(|part| done.contains(part))
        });
        let Some(one) = ready else {
            let left = types.iter().map(|one| one.name.as_str()).filter(|name| !done.contains(name));
            bail!("types made of one another: {}", left.collect::<Vec<_>>().join(", "));
        };
        done.insert(&one.name);
        order.push(one);
    }
    Ok(order)
}

fn head(types: &[Type], body: &str) -> String {
    let uses = |word: &str| body.contains(word);
    let import = |module: &str, names: &[&str]| match names {
        [] => String::new(),
        names => format!("from {module} import {}\n", names.join(", ")),
    };
    let used = |candidates: &[(&'static str, &str)]| -> Vec<&'static str> {
        candidates.iter().filter(|(_, sign)| uses(sign)).map(|(name, _)| *name).collect()
    };
    let typing = used(&[("Annotated", "Annotated["), ("Any", "Any"), ("Literal", "Literal[")]);
    let pydantic = used(&[("BeforeValidator", "BeforeValidator("), ("Field", " Field(")]);
    let readers: Vec<&str> =
        READERS.iter().map(|(_, reader)| *reader).filter(|reader| uses(reader)).collect();
    let mut bases = vec!["Model"];
    bases.extend(BASES.iter().map(|(_, base)| *base).filter(|base| uses(&format!("(_{base})"))));
    bases.sort_unstable();
    let bases: String =
        bases.into_iter().map(|base| import("._base", &[&format!("{base} as _{base}")])).collect();
    let columns = ["ColumnsModel", "Counts", "Floats", "Statuses", "TraceModel"];
    let columns = columns.into_iter().filter(|name| uses(&format!("_{name}")));
    let columns: String = columns.map(|name| import("._columns", &[&format!("{name} as _{name}")])).collect();
    let mut names: Vec<&str> = types.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    let all: String = names.iter().map(|name| format!("    \"{name}\",\n")).collect();
    let mut third_party = import("typing", &typing);
    if !third_party.is_empty() && !pydantic.is_empty() {
        third_party.push('\n');
    }
    third_party.push_str(&import("pydantic", &pydantic));
    if !third_party.is_empty() {
        third_party.push('\n');
    }
    format!(
        "# Generated by `{COMMAND}` from the Rust types. Do not edit.\n\
         \"\"\"What the functions of sizewell take and return.\n\n\
         Units are in the names of the fields. Values are checked against their ranges by the\n\
         functions, not here.\n\"\"\"\n\n\
         {third_party}{}\n__all__ = [\n{all}]\n",
        bases + &import("._base", &readers) + &columns
    )
}

fn names(one: &Type, members: &[Member]) -> String {
    let reader = READERS.iter().find(|(name, _)| *name == one.name).map(|(_, reader)| *reader);
    let indent = if reader.is_some() { "    " } else { "" };
    let list: String = members
        .iter()
        .map(|member| format!("{indent}    {},\n", python(&Value::from(member.name.as_str()))))
        .collect();
    let literal = format!("{indent}Literal[\n{list}{indent}]");
    let definition = match reader {
        Some(reader) => format!("Annotated[\n{literal},\n    BeforeValidator({reader}),\n]"),
        None => literal,
    };
    let documented = members.iter().any(|member| !member.doc.is_empty());
    let items = members.iter().map(|member| (format!("`\"{}\"`", member.name), member.doc.as_str()));
    let about = if documented { doc::with_list(&one.doc, items) } else { one.doc.clone() };
    format!("{} = {definition}\n{}", one.name, docstring(&about, ""))
}

fn class(one: &Type, fields: &[Field], types: &[Type]) -> Result<String> {
    let mut parts = Vec::with_capacity(fields.len() + 1);
    if !one.doc.is_empty() {
        parts.push(docstring(&one.doc, "    "));
    }
    for field in fields {
        ensure!(!KEYWORDS.contains(&field.name.as_str()), "field `{}` is a Python keyword", field.name);
        let kind = column(one, field).unwrap_or_else(|| type_text(&field.kind));
        let line = match &field.default {
            None => format!("    {}: {kind}", field.name),
            Some(default) => {
                let value = default_text(&field.kind, default, types)
                    .with_context(|| format!("field `{}`", field.name))?;
                let start = format!("    {}: {kind} = ", field.name);
                fitted(&start, &value)
            }
        };
        parts.push(format!("{line}\n{}", docstring(&field.doc, "    ")));
    }
    if parts.is_empty() {
        parts.push("    pass\n".to_owned());
    }
    let bases = BASES.iter().chain(&COLUMNS);
    let base = bases.into_iter().find(|(name, _)| *name == one.name).map_or("Model", |(_, base)| base);
    Ok(format!("class {}(_{base}):\n{}", one.name, parts.join("\n")))
}

/// The type of a field that may be an array; `None` for any other.
fn column(one: &Type, field: &Field) -> Option<String> {
    COLUMNS.iter().find(|(name, _)| *name == one.name)?;
    let Kind::List(inner) = &field.kind else { return None };
    match **inner {
        Kind::Number => Some("_Floats".to_owned()),
        Kind::Integer => Some("_Counts".to_owned()),
        Kind::Named(_) => Some("_Statuses".to_owned()),
        _ => None,
    }
}

/// A statement in one line, or with a call's arguments on a line of their own where it is too long.
fn fitted(start: &str, value: &str) -> String {
    let line = format!("{start}{value}");
    match value.split_once('(') {
        Some((call, arguments)) if line.chars().count() > WIDTH => {
            let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
            format!("{start}{call}(\n        {arguments}\n    )")
        }
        _ => line,
    }
}

fn default_text(kind: &Kind, default: &Value, types: &[Type]) -> Result<String> {
    Ok(match (kind, default) {
        (_, Value::Array(items)) if items.is_empty() => "Field(default_factory=list)".to_owned(),
        (Kind::Map(_), Value::Object(items)) if items.is_empty() => "Field(default_factory=dict)".to_owned(),
        (_, Value::Array(_) | Value::Object(_)) => {
            let value = expression(kind, default, types)?;
            match (kind, value.strip_suffix("()")) {
                (Kind::Named(_), Some(name)) => format!("Field(default_factory={name})"),
                _ => format!("Field(default_factory=lambda: {value})"),
            }
        }
        (_, plain) => python(plain),
    })
}

/// A JSON value of a kind as Python makes it.
fn expression(kind: &Kind, value: &Value, types: &[Type]) -> Result<String> {
    match (kind, value) {
        (Kind::Nullable(inner), value) if !value.is_null() => expression(inner, value, types),
        (Kind::List(inner) | Kind::OneOrMany(inner), Value::Array(items)) => {
            let items = items.iter().map(|item| expression(inner, item, types));
            Ok(format!("[{}]", items.collect::<Result<Vec<_>>>()?.join(", ")))
        }
        (Kind::Map(inner), Value::Object(items)) => {
            let items = items
                .iter()
                .map(|(name, item)| Ok(format!("\"{name}\": {}", expression(inner, item, types)?)));
            Ok(format!("{{{}}}", items.collect::<Result<Vec<_>>>()?.join(", ")))
        }
        (Kind::Named(name), Value::Object(given)) => {
            let part = types.iter().find(|one| one.name == *name).context("a type that is not there")?;
            let Shape::Record(fields) = &part.shape else { bail!("an object as default of `{name}`") };
            let mut arguments = Vec::new();
            for field in fields {
                let value = given.get(&field.name).or(field.default.as_ref());
                let value = value.context("a default that lacks a field")?;
                if field.default.as_ref() != Some(value) {
                    arguments.push(format!("{}={}", field.name, expression(&field.kind, value, types)?));
                }
            }
            Ok(format!("{name}({})", arguments.join(", ")))
        }
        (_, Value::Array(_) | Value::Object(_)) => {
            bail!("codegen cannot express this default yet: {value}")
        }
        (_, plain) => Ok(python(plain)),
    }
}

/// A plain JSON value as Python writes it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

fn type_text(kind: &Kind) -> String {
    type_of(kind, "")
}

/// A type's name, with `models` before those that are generated.
pub(super) fn type_of(kind: &Kind, models: &str) -> String {
    let type_text = |kind: &Kind| type_of(kind, models);
    match kind {
        Kind::Text => "str".to_owned(),
        Kind::Literal(text) => format!("Literal[{}]", python(&Value::from(text.as_str()))),
        Kind::Boolean => "bool".to_owned(),
        Kind::Integer => "int".to_owned(),
        Kind::Number => "float".to_owned(),
        Kind::Any => "Any".to_owned(),
        Kind::List(inner) => format!("list[{}]", type_text(inner)),
        Kind::Map(inner) => format!("dict[str, {}]", type_text(inner)),
        // A column may hold nulls, and be null.
        Kind::Nullable(inner) if matches!(&**inner, Kind::OneOrMany(item) if matches!(**item, Kind::Nullable(_))) => {
            type_text(inner)
        }
        Kind::Nullable(inner) => format!("{} | None", type_text(inner)),
        Kind::OneOrMany(item) => format!("{0} | list[{0}]", type_text(item)),
        Kind::Named(name) => format!("{models}{name}"),
    }
}

/// A documentation string; nothing where there is nothing to say.
fn docstring(text: &str, indent: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let text = text.replace("`true`", "`True`").replace("`false`", "`False`").replace("`null`", "`None`");
    let text = text.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    let lines = doc::wrapped(&text, WIDTH - indent.len() - 3);
    if let [line] = lines.as_slice() {
        // A quote before the closing ones would end the string too early.
        if indent.len() + line.chars().count() + 6 <= WIDTH && !line.ends_with('"') {
            return format!("{indent}\"\"\"{line}\"\"\"\n");
        }
    }
    let body: String = lines
        .iter()
        .enumerate()
        .map(|(number, line)| match (number, line.as_str()) {
            (0, line) => format!("{indent}\"\"\"{line}\n"),
            (_, "") => "\n".to_owned(),
            (_, line) => format!("{indent}{line}\n"),
        })
        .collect();
    format!("{body}{indent}\"\"\"\n")
}

#[cfg(test)]
mod tests {
    use super::super::schema::tests::example;
    use super::*;
    use serde_json::json;

    fn record(name: &str, fields: Vec<Field>) -> Type {
        Type { name: name.to_owned(), doc: String::new(), shape: Shape::Record(fields), is_input: false }
    }

    fn field(name: &str, kind: Kind, default: Option<Value>) -> Field {
        Field { name: name.to_owned(), doc: String::new(), kind, default, always_written: true }
    }

    #[test]
    fn classes_literals_and_defaults() {
        let expected = r#"# Generated by `cargo xtask codegen` from the Rust types. Do not edit.
"""What the functions of sizewell take and return.

Units are in the names of the fields. Values are checked against their ranges by the
functions, not here.
"""

from typing import Any, Literal

from pydantic import Field

from ._base import Model as _Model

__all__ = [
    "Colour",
    "Day",
    "House",
    "Paint",
    "Size",
    "Street",
]

Colour = Literal[
    "red",
    "blue",
]
"""A colour.

- `"red"`: Like blood.
- `"blue"`: Like the sky; `None` is not.
"""

Day = str
"""A day."""


class Paint(_Model):
    """Paint."""

    litres: float = 1.5

    colour: Colour = "red"
    """Its colour."""


class House(_Model):
    """A house; `None` where there is none."""

    floors: int
    """Number of floors."""

    rooms: dict[str, int]

    paint: Paint = Field(default_factory=Paint)

    trim: Paint = Field(default_factory=lambda: Paint(colour="blue"))

    spare: Paint | None = None

    tags: list[str] = Field(default_factory=list)

    built: Day

    extra: Any
    """Anything."""


Size = Literal[
    "s",
    "m",
]


class Street(_Model):
    houses: list[House]

    size: Size
"#;
        assert_eq!(models(&example()).unwrap(), expected);
    }

    #[test]
    fn defaults_may_be_lists_of_records() {
        let rule = record(
            "Rule",
            vec![field("share", Kind::Number, None), field("on", Kind::Boolean, Some(json!(true)))],
        );
        let list = Kind::List(Box::new(Kind::Named("Rule".to_owned())));
        let default = json!([{"share": 0.5, "on": true}, {"share": 1.0, "on": false}]);
        let text = models(&[record("A", vec![field("rules", list, Some(default))]), rule]).unwrap();
        let expected = "[Rule(share=0.5), Rule(share=1.0, on=False)]";
        assert!(text.contains(&format!("lambda: {expected}")), "{text}");
    }

    #[test]
    fn quantiles_are_read_by_the_base() {
        let members = vec![Member { name: "p95".to_owned(), doc: String::new() }];
        let name = "Quantile".to_owned();
        let quantile = Type { name, doc: String::new(), shape: Shape::Names(members), is_input: true };
        let text = models(&[quantile]).unwrap();
        for line in [
            "from typing import Annotated, Literal\n\nfrom pydantic import BeforeValidator\n",
            "from ._base import read_quantile\n",
            "Quantile = Annotated[\n    Literal[\n        \"p95\",\n    ],\n    BeforeValidator(read_quantile),\n]\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn tagged_unions_are_read_by_their_tag() {
        let text = models(&super::super::schema::tests::tagged()).unwrap();
        for line in [
            "from typing import Annotated, Literal\n\nfrom pydantic import Field\n",
            "class ShapeCircle(_Model):\n    \"\"\"A circle.\"\"\"\n\n    kind: Literal[\"circle\"]\n",
            "Shape = Annotated[\n    ShapeThinLine\n    | ShapeCircle,\n    Field(discriminator=\"kind\"),\n]\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn types_with_methods_have_a_base_of_their_own() {
        let text = models(&[record("Recommendation", vec![field("summary", Kind::Text, None)])]).unwrap();
        assert!(text.contains("from ._base import RecommendationModel as _RecommendationModel\n"), "{text}");
        assert!(text.ends_with("class Recommendation(_RecommendationModel):\n    summary: str\n"), "{text}");
    }

    #[test]
    fn docstrings_cannot_be_ended_by_their_text() {
        assert_eq!(docstring("say \"no\"", ""), "\"\"\"say \"no\"\n\"\"\"\n");
        assert_eq!(docstring(r#"a \ and """"#, ""), "\"\"\"a \\\\ and \\\"\\\"\\\"\n\"\"\"\n");
    }

    #[test]
    fn what_python_cannot_say_is_refused_by_name() {
        let refused = |types: &[Type]| format!("{:#}", models(types).unwrap_err());
        assert_eq!(
            refused(&[record("A", vec![field("from", Kind::Text, None)])]),
            "type `A`: field `from` is a Python keyword"
        );
        let wrong = refused(&[record("A", vec![field("b", Kind::Any, Some(json!([1])))])]);
        assert!(wrong.starts_with("type `A`: field `b`"), "{wrong}");
        let of = |name: &str, part: &str| record(name, vec![field("x", Kind::Named(part.to_owned()), None)]);
        assert_eq!(refused(&[of("A", "B"), of("B", "A")]), "types made of one another: A, B");
    }
}
