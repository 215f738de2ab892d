//! JSON Schema 2020-12 of what operations and tools take and give.
//!
//! Arguments are closed: an unknown one is an error. Results are open: a platform may add fields.
//! For the notation of results see [`output()`].

mod output;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub use self::output::{NotationError, output};
use crate::{
    binding::Place,
    load::json,
    resource::Operation,
    spec::{Arg, ArgType},
    surface::{Tool, Verb},
};

/// The schema of an operation's arguments.
pub fn arguments(operation: &Operation) -> Value {
    let names_something = |name: &str, place: &Place| {
        *place == Place::Path || operation.target.as_deref() == Some(name)
    };
    let fields = operation.args.iter().map(|(name, argument)| {
        let mut schema = of(&argument.spec);
        if argument.spec.kind == ArgType::String && names_something(name, &argument.place) {
            schema.insert("minLength".to_owned(), 1.into());
        }
        (name.as_str(), argument.spec.required, schema)
    });
    object(fields).into()
}

/// The schema of a surface tool's arguments.
pub fn tool_arguments(tool: &Tool) -> Value {
    fields(&tool.args).into()
}

/// The schema of a generic tool's arguments. It is open: what it does not list are arguments of the
/// operation, which are checked when the operation is known.
pub fn verb_arguments(verb: &Verb) -> Value {
    let mut schema = fields(&verb.args);
    schema.remove("additionalProperties");
    schema.into()
}

fn fields(args: &BTreeMap<String, Arg>) -> Map<String, Value> {
    object(args.iter().map(|(name, arg)| (name.as_str(), arg.required, of(arg))))
}

/// What is required comes first: readers of a long schema look there.
fn object<'a>(
    fields: impl Iterator<Item = (&'a str, bool, Map<String, Value>)>,
) -> Map<String, Value> {
    let mut fields: Vec<_> = fields.collect();
    fields.sort_by_key(|(_, is_required, _)| !is_required);
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    for (name, is_required, schema) in fields {
        if is_required {
            required.push(name.into());
        }
        properties.insert(name.to_owned(), schema.into());
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

/// The schema of one argument.
fn of(arg: &Arg) -> Map<String, Value> {
    let mut schema = match arg.kind {
        ArgType::String => text(arg),
        ArgType::Integer => range("integer", arg),
        ArgType::Number => range("number", arg),
        ArgType::Boolean => plain("boolean"),
        ArgType::Object if arg.fields.is_empty() => plain("object"),
        ArgType::Object => {
            let mut schema = fields(&arg.fields);
            if arg.open {
                schema.remove("additionalProperties");
            }
            schema
        }
        ArgType::Objects => list(arg, fields(&arg.fields)),
        ArgType::Array => list(arg, text(arg)),
        ArgType::Map => map(arg),
        ArgType::Any => Map::new(),
    };
    if !arg.about.is_empty() {
        schema.insert("description".to_owned(), arg.about.as_str().into());
    }
    if let Some(Ok(default)) = arg.default.as_ref().map(json) {
        schema.insert("default".to_owned(), default);
    }
    schema
}

fn plain(kind: &str) -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), kind.into())])
}

fn text(arg: &Arg) -> Map<String, Value> {
    let mut schema = plain("string");
    if arg.values.is_empty() {
        schema.insert("maxLength".to_owned(), arg.max_length.unwrap_or(Arg::MAX_TEXT).into());
    } else {
        schema.insert("enum".to_owned(), json!(arg.values));
    }
    schema
}

fn range(kind: &str, arg: &Arg) -> Map<String, Value> {
    let mut schema = plain(kind);
    schema.extend(arg.minimum.map(|minimum| ("minimum".to_owned(), minimum.into())));
    schema.extend(arg.maximum.map(|maximum| ("maximum".to_owned(), maximum.into())));
    schema
}

fn list(arg: &Arg, items: Map<String, Value>) -> Map<String, Value> {
    let mut schema = plain("array");
    schema.insert("items".to_owned(), items.into());
    schema.insert("maxItems".to_owned(), arg.max_items.unwrap_or(Arg::MAX_ITEMS).into());
    schema
}

fn map(arg: &Arg) -> Map<String, Value> {
    let mut schema = plain("object");
    schema.insert("additionalProperties".to_owned(), text(arg).into());
    schema.insert("maxProperties".to_owned(), arg.max_items.unwrap_or(Arg::MAX_ITEMS).into());
    schema
}

#[cfg(test)]
mod tests;
