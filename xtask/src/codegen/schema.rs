//! The public types as the generators see them, read from the two JSON schemas that schemars gives
//! of each type: what serde writes (every field) and what it reads (fields with a default may be
//! left out).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use sizewell::catalog::CatalogData;
use sizewell::error::ErrorReport;
use sizewell::monitor::{
    CapacityAlert, CollectorOptions, CollectorState, DashboardOptions, ForecastQuery, Reading,
    ResourceForecast, ServiceStatus, ThresholdRule,
};
use sizewell::queueing::EstimateColumns;
use sizewell::workload::Intent;

use super::doc;
use super::functions::functions;

/// What callers give beside the arguments of the functions: rows, columns that are read as they come,
/// and what a collector takes.
const INPUTS: [&str; 8] = [
    "CatalogData",
    "CollectorOptions",
    "CollectorState",
    "DashboardOptions",
    "EstimateColumns",
    "ForecastQuery",
    "Reading",
    "ThresholdRule",
];

fn definitions(settings: SchemaSettings) -> Map<String, Value> {
    let mut generator = settings.into_generator();
    sizewell::api::signatures(&mut generator);
    generator.subschema_for::<(CatalogData, EstimateColumns, ErrorReport)>();
    generator.subschema_for::<(CollectorOptions, CollectorState, Reading, ThresholdRule, ForecastQuery)>();
    generator.subschema_for::<(ServiceStatus, CapacityAlert, ResourceForecast, DashboardOptions)>();
    generator.take_definitions(true)
}

/// The public types, sorted by name.
pub(crate) fn types() -> Result<Vec<Type>> {
    let settings = SchemaSettings::draft2020_12;
    let functions = functions()?;
    let arguments = functions.iter().flat_map(|function| &function.arguments);
    let inputs: Vec<&str> = arguments.filter_map(|argument| argument.kind.named()).chain(INPUTS).collect();
    read(&definitions(settings().for_serialize()), &definitions(settings().for_deserialize()), &inputs)
}

/// The JSON schema of an intent as it is read, as schemars gives it.
pub(crate) fn intent() -> Result<String> {
    let generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    Ok(serde_json::to_string_pretty(&generator.into_root_schema_for::<Intent>())? + "\n")
}

/// A doc comment in JSON's words.
pub(crate) fn null_for_none(text: &str) -> String {
    text.replace("`None`", "`null`")
}

/// A public type.
#[derive(Debug, PartialEq)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) shape: Shape,
    /// Whether callers give it, so that what may be left out matters to them.
    pub(crate) is_input: bool,
}

/// What a type is made of.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape {
    /// Fields, in the order of their declaration.
    Record(Vec<Field>),
    /// One of a fixed list of names.
    Names(Vec<Member>),
    /// A plain value with a name of its own, such as a date.
    Alias(Kind),
    /// One of several records, told apart by a field that each has.
    Union { tag: String, records: Vec<String> },
}

/// One name of a fixed list.
#[derive(Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) doc: String,
}

/// A field of a record.
#[derive(Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) kind: Kind,
    /// What serde takes when the field is left out; `None` where it must be given.
    pub(crate) default: Option<Value>,
    /// Whether serde always writes the field.
    pub(crate) always_written: bool,
}

/// The kind of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Text,
    Boolean,
    Integer,
    Number,
    /// Any JSON value.
    Any,
    List(Box<Kind>),
    /// Values by name.
    Map(Box<Kind>),
    Nullable(Box<Kind>),
    /// A value, or a list of such.
    OneOrMany(Box<Kind>),
    /// Another public type.
    Named(String),
    /// This text alone.
    Literal(String),
}

impl Kind {
    /// The public type that this is made of, if it is.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::List(inner) | Self::Map(inner) | Self::Nullable(inner) | Self::OneOrMany(inner) => {
                inner.named()
            }
            Self::Text | Self::Boolean | Self::Integer | Self::Number | Self::Any | Self::Literal(_) => None,
        }
    }
}

impl Type {
    /// The public types that this one is made of.
    pub(crate) fn parts(&self) -> BTreeSet<&str> {
        match &self.shape {
            Shape::Record(fields) => fields.iter().filter_map(|field| field.kind.named()).collect(),
            Shape::Alias(kind) => kind.named().into_iter().collect(),
            Shape::Names(_) => BTreeSet::new(),
            Shape::Union { records, .. } => records.iter().map(String::as_str).collect(),
        }
    }
}

/// Reads the definitions of both views; `inputs` are the types that callers give.
pub(crate) fn read(
    output: &Map<String, Value>,
    input: &Map<String, Value>,
    inputs: &[&str],
) -> Result<Vec<Type>> {
    let mut types = BTreeMap::new();
    for (name, written) in output {
        // schemars tells types of the same name apart by a number, which would move with the order.
        let base = name.trim_end_matches(|character: char| character.is_ascii_digit());
        ensure!(base == name || !output.contains_key(base), "two public types are called `{base}`");
        let read = input.get(name).with_context(|| format!("type `{name}` is written but never read"))?;
        if let Some((tag, records)) = union(name, written, read).with_context(|| format!("type `{name}`"))? {
            let names = records.iter().map(|record| record.name.clone()).collect();
            let shape = Shape::Union { tag, records: names };
            let doc = description(written);
            types.insert(name.clone(), Type { name: name.clone(), doc, shape, is_input: false });
            for record in records {
                let known = types.insert(record.name.clone(), record);
                ensure!(known.is_none(), "a part of the union `{name}` has the name of another type");
            }
            continue;
        }
        let shape = shape(written, read).with_context(|| format!("type `{name}`"))?;
        types.insert(
            name.clone(),
            Type { name: name.clone(), doc: description(written), shape, is_input: false },
        );
    }
    let mut waiting: Vec<String> = inputs.iter().map(|name| (*name).to_owned()).collect();
    while let Some(name) = waiting.pop() {
        let found = types.get_mut(&name).with_context(|| format!("there is no type `{name}`"))?;
        if !found.is_input {
            found.is_input = true;
            waiting.extend(found.parts().into_iter().map(str::to_owned));
        }
    }
    Ok(types.into_values().collect())
}

fn description(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).map(doc::plain).unwrap_or_default()
}

fn shape(written: &Value, read: &Value) -> Result<Shape> {
    if let Some(members) = members(written) {
        return Ok(Shape::Names(members));
    }
    if written.get("properties").is_some() {
        return Ok(Shape::Record(fields(written, read)?));
    }
    Ok(Shape::Alias(kind(written)?))
}

/// The names of an enum without data; documented ones come as `oneOf`, others as `enum`.
fn members(schema: &Value) -> Option<Vec<Member>> {
    let undocumented = |names: &Value| -> Option<Vec<Member>> {
        let member = |name: &Value| Some(Member { name: name.as_str()?.to_owned(), doc: String::new() });
        names.as_array()?.iter().map(member).collect()
    };
    if let Some(names) = schema.get("enum") {
        return undocumented(names);
    }
    let mut members = Vec::new();
    for choice in schema.get("oneOf")?.as_array()? {
        match choice.get("const") {
            Some(name) => members.push(Member { name: name.as_str()?.to_owned(), doc: description(choice) }),
            None => members.extend(undocumented(choice.get("enum")?)?),
        }
    }
    Some(members)
}

/// The field that tells a union's records apart, and these, named after the union and their tag; of
/// other types nothing.
fn union(name: &str, written: &Value, read: &Value) -> Result<Option<(String, Vec<Type>)>> {
    let choices = |schema: &Value| schema.get("oneOf").and_then(Value::as_array).cloned();
    let (Some(written), Some(read)) = (choices(written), choices(read)) else { return Ok(None) };
    let tag = |schema: &Value| -> Option<(String, String)> {
        let properties = schema.get("properties")?.as_object()?;
        properties
            .iter()
            .find_map(|(name, property)| Some((name.clone(), property.get("const")?.as_str()?.to_owned())))
    };
    let tags: Option<Vec<_>> = written.iter().map(tag).collect();
    let Some(tags) = tags else { return Ok(None) };
    let Some((field, _)) = tags.first().cloned() else { return Ok(None) };
    let mut records = Vec::with_capacity(tags.len());
    for ((written, read), (own, value)) in written.iter().zip(&read).zip(tags) {
        ensure!(own == field, "its parts are told apart by different fields");
        let words = value.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
        records.push(Type {
            name: format!("{name}{}", words.collect::<String>()),
            doc: description(written),
            shape: Shape::Record(fields(written, read).with_context(|| format!("`{value}`"))?),
            is_input: false,
        });
    }
    Ok(Some((field, records)))
}

fn fields(written: &Value, read: &Value) -> Result<Vec<Field>> {
    let properties = written.get("properties").and_then(Value::as_object).context("has no properties")?;
    let always_written = required(written);
    let must_be_given = required(read);
    // The properties are sorted by name; the list of the required ones has the declaration's order.
    let mut names = always_written.clone();
    names.extend(properties.keys().map(String::as_str).filter(|name| !always_written.contains(name)));
    let field = |name: &str| -> Result<Field> {
        let property = properties.get(name).context("has no schema")?;
        let kind = kind(property)?;
        let read =
            read.get("properties").and_then(|properties| properties.get(name)).context("is never read")?;
        ensure!(self::kind(read)? == kind, "is read as another type than it is written as");
        let default = match read.get("default") {
            _ if must_be_given.contains(&name) => None,
            Some(default) => Some(default.clone()),
            // serde takes an `Option` that is left out for `None`, with or without a default.
            None if matches!(kind, Kind::Nullable(_)) => Some(Value::Null),
            None => bail!("may be left out, but its schema has no default"),
        };
        let always_written = always_written.contains(&name);
        Ok(Field { name: name.to_owned(), doc: description(property), kind, default, always_written })
    };
    names.iter().map(|name| field(name).with_context(|| format!("field `{name}`"))).collect()
}

fn required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

pub(super) fn kind(schema: &Value) -> Result<Kind> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.strip_prefix("#/$defs/").context("a reference that is not to a definition")?;
        return Ok(Kind::Named(name.to_owned()));
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let is_null = |choice: &&Value| choice.get("type").and_then(Value::as_str) == Some("null");
        return match choices.as_slice() {
            [inner, null] if is_null(&null) => Ok(Kind::Nullable(Box::new(kind(inner)?))),
            [one, many] => match (kind(one)?, kind(many)?) {
                (one, Kind::List(item)) if one == *item => Ok(Kind::OneOrMany(item)),
                _ => unsupported(schema),
            },
            _ => unsupported(schema),
        };
    }
    let of_type = |name: &str| match name {
        "string" if schema.get("enum").is_none() && schema.get("const").is_none() => Ok(Kind::Text),
        "boolean" => Ok(Kind::Boolean),
        "integer" => Ok(Kind::Integer),
        "number" => Ok(Kind::Number),
        "array" => Ok(Kind::List(Box::new(kind(schema.get("items").unwrap_or(&Value::Bool(true)))?))),
        "object" if schema.get("properties").is_none() => {
            Ok(Kind::Map(Box::new(kind(schema.get("additionalProperties").unwrap_or(&Value::Bool(true)))?)))
        }
        _ => unsupported(schema),
    };
    if let Some(text) = schema.get("const").and_then(Value::as_str) {
        return Ok(Kind::Literal(text.to_owned()));
    }
    match schema.get("type") {
        Some(Value::String(name)) => of_type(name),
        Some(Value::Array(names)) => match names.as_slice() {
            [Value::String(name), Value::String(null)] if null == "null" => {
                Ok(Kind::Nullable(Box::new(of_type(name)?)))
            }
            _ => unsupported(schema),
        },
        None if says_nothing(schema) => Ok(Kind::Any),
        _ => unsupported(schema),
    }
}

fn says_nothing(schema: &Value) -> bool {
    match schema {
        Value::Bool(anything) => *anything,
        Value::Object(words) => words.keys().all(|word| matches!(word.as_str(), "description" | "default")),
        _ => false,
    }
}

fn unsupported<T>(schema: &Value) -> Result<T> {
    bail!("codegen cannot express this schema yet: {schema}")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// A schema with an enum, an optional field, a map, a nested type, defaults and a free value.
    pub(crate) fn example() -> Vec<Type> {
        let colour = json!({"description": "A colour.", "oneOf": [
            {"const": "red", "type": "string", "description": "Like blood."},
            {"const": "blue", "type": "string", "description": "Like the sky; `None` is not."},
        ]});
        let size = json!({"type": "string", "enum": ["s", "m"]});
        let view = |required: Value| {
            json!({
                "Colour": colour,
                "Size": size,
                "Day": {"type": "string", "description": "A day.", "pattern": "^x$"},
                "Paint": {
                    "type": "object", "description": "Paint.\n\n# Errors\n\nNone.", "properties": {
                        "colour": {"$ref": "#/$defs/Colour", "default": "red", "description": "Its colour."},
                        "litres": {"type": "number", "format": "double", "default": 1.5},
                    },
                    "required": if required == json!([]) { json!([]) } else { json!(["litres", "colour"]) },
                },
                "House": {
                    "type": "object", "description": "A house; `None` where there is none.", "properties": {
                        "paint": {"$ref": "#/$defs/Paint", "default": {"colour": "red", "litres": 1.5}},
                        "trim": {"$ref": "#/$defs/Paint", "default": {"colour": "blue", "litres": 1.5}},
                        "spare": {"anyOf": [{"$ref": "#/$defs/Paint"}, {"type": "null"}]},
                        "floors": {"type": "integer", "minimum": 0, "description": "Number of floors."},
                        "rooms": {"type": "object", "additionalProperties": {"type": "integer"}},
                        "tags": {"type": "array", "items": {"type": "string"}, "default": []},
                        "built": {"$ref": "#/$defs/Day"},
                        "extra": {"description": "Anything."},
                    },
                    "required": required,
                },
                "Street": {
                    "type": "object", "properties": {
                        "houses": {"type": "array", "items": {"$ref": "#/$defs/House"}},
                        "size": {"$ref": "#/$defs/Size"},
                    },
                    "required": ["houses", "size"],
                },
            })
        };
        let all = json!(["floors", "rooms", "paint", "trim", "spare", "tags", "built", "extra"]);
        let given = json!(["floors", "rooms", "built", "extra"]);
        let (mut output, mut input) = (view(all), view(given));
        input["Paint"]["required"] = json!([]);
        let map = |value: &mut Value| value.as_object_mut().map(std::mem::take).unwrap();
        read(&map(&mut output), &map(&mut input), &["House"]).unwrap()
    }

    fn fields_of<'a>(types: &'a [Type], name: &str) -> &'a [Field] {
        match &types.iter().find(|one| one.name == name).unwrap().shape {
            Shape::Record(fields) => fields,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fields_keep_their_order_kinds_and_defaults() {
        let types = example();
        let summary: Vec<(&str, String, Option<Value>)> = fields_of(&types, "House")
            .iter()
            .map(|field| (field.name.as_str(), format!("{:?}", field.kind), field.default.clone()))
            .collect();
        let paint = |colour: &str| Some(json!({"colour": colour, "litres": 1.5}));
        let expected = [
            ("floors", "Integer", None),
            ("rooms", "Map(Integer)", None),
            ("paint", r#"Named("Paint")"#, paint("red")),
            ("trim", r#"Named("Paint")"#, paint("blue")),
            ("spare", r#"Nullable(Named("Paint"))"#, Some(Value::Null)),
            ("tags", "List(Text)", Some(json!([]))),
            ("built", r#"Named("Day")"#, None),
            ("extra", "Any", None),
        ];
        assert_eq!(summary, expected.map(|(name, kind, default)| (name, kind.to_owned(), default)));
    }

    #[test]
    fn what_inputs_reach_is_input() {
        let types = example();
        let inputs: Vec<&str> =
            types.iter().filter(|one| one.is_input).map(|one| one.name.as_str()).collect();
        assert_eq!(inputs, ["Colour", "Day", "House", "Paint"]);
    }

    #[test]
    fn what_cannot_be_expressed_is_refused_by_name() {
        let one = |schema: Value| {
            let definitions = json!({"Thing": schema}).as_object().unwrap().clone();
            format!("{:#}", read(&definitions, &definitions, &[]).unwrap_err())
        };
        let data = json!({"oneOf": [{"type": "object", "properties": {"a": {"type": "string"}}}]});
        assert!(one(data).starts_with("type `Thing`: codegen cannot express"));
        let tuple = json!({"type": "object", "properties": {"a": {"type": ["string", "integer"]}}, "required": ["a"]});
        assert!(one(tuple).starts_with("type `Thing`: field `a`: codegen cannot express"));
        let no_default = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        assert!(one(no_default).contains("field `a`: may be left out"));
    }

    /// A line or a circle, told apart by `kind`.
    pub(crate) fn tagged() -> Vec<Type> {
        let record = |kind: &str, field: &str, given: Value| {
            json!({"type": "object", "description": format!("A {kind}."), "properties": {
                "kind": {"type": "string", "const": kind},
                field: {"type": "number", "default": 1.5},
            }, "required": given})
        };
        let view = |line: Value| {
            let either = json!({"description": "A shape.", "oneOf": [
                record("thin_line", "length", line), record("circle", "radius", json!(["kind", "radius"]))]});
            json!({"Shape": either}).as_object().unwrap().clone()
        };
        read(&view(json!(["kind", "length"])), &view(json!(["kind"])), &["Shape"]).unwrap()
    }

    #[test]
    fn a_tagged_union_has_a_record_for_each_tag() {
        let types = tagged();
        let names: Vec<&str> = types.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["Shape", "ShapeCircle", "ShapeThinLine"]);
        assert!(types.iter().all(|one| one.is_input));
        assert_eq!(fields_of(&types, "ShapeThinLine")[0].kind, Kind::Literal("thin_line".to_owned()));
    }

    #[test]
    fn two_types_of_one_name_are_refused() {
        let definitions =
            json!({"A": {"type": "string"}, "A2": {"type": "string"}}).as_object().unwrap().clone();
        assert_eq!(
            read(&definitions, &definitions, &[]).unwrap_err().to_string(),
            "two public types are called `A`"
        );
    }

    #[test]
    fn the_schema_of_an_intent_is_whole() {
        let schema: Value = serde_json::from_str(&intent().unwrap()).unwrap();
        assert_eq!(schema["title"], "Intent");
        assert_eq!(schema["additionalProperties"], false);
        assert!(schema.get("required").is_none());
        assert!(schema["$defs"]["UseCase"].is_object());
    }
}
