//! The compact notation for results, and the JSON Schema it stands for.

use serde_json::{Map, Value};
use thiserror::Error;

#[derive(Debug, PartialEq, Eq, Error)]
pub enum NotationError {
    #[error(
        "{field}: unknown type {text:?}; use string, time, integer, number, boolean, map, object \
         or any, with \"?\" behind it if it may be missing"
    )]
    Type { field: String, text: String },
    #[error("{field}: a list has exactly one element, the type of its elements")]
    List { field: String },
    #[error("{field}: a type is a text, a table or a list of one")]
    Form { field: String },
}

/// The schema for a table of the notation.
///
/// Each key is a field of the result, its value the field's type:
///
/// | written | stands for |
/// |---|---|
/// | `"string"`, `"integer"`, `"number"`, `"boolean"` | these |
/// | `"time"` | a text holding an RFC 3339 date and time |
/// | `"map"` | an object whose values are texts |
/// | `"object"` | any object |
/// | `"any"` | any value |
/// | a table | an object with these fields |
/// | `[type]` | a list of that type |
///
/// A `?` behind a type makes its field optional: it may be missing or `null`. In a table the
/// key `"?"` with the value `true` does that for the table's own field. In a list the mark
/// stands at the element and means the list: `["string?"]` is a list that may be missing; elements
/// are never `null`. Everything not marked is always there.
///
/// ```toml
/// [output]
/// total = "integer"
/// tags = ["string?"]
/// [output.plan]
/// "?" = true
/// plan_id = "string"
/// error_message = "string?"
/// ```
pub fn output(table: &toml::Table) -> Result<Value, NotationError> {
    Ok(object(table, "")?.schema.into())
}

/// A type and whether the field that has it may be missing.
struct Type {
    schema: Map<String, Value>,
    optional: bool,
}

fn field(value: &toml::Value, path: &str) -> Result<Type, NotationError> {
    match value {
        toml::Value::String(text) => scalar(text, path),
        toml::Value::Table(table) => object(table, path),
        toml::Value::Array(list) => match list.as_slice() {
            [element] => {
                let Type { schema: items, optional } = field(element, path)?;
                let mut schema = typed("array");
                schema.insert("items".to_owned(), items.into());
                Ok(Type { schema, optional })
            }
            _ => Err(NotationError::List { field: path.to_owned() }),
        },
        _ => Err(NotationError::Form { field: path.to_owned() }),
    }
}

fn object(table: &toml::Table, path: &str) -> Result<Type, NotationError> {
    let optional = table.get("?").and_then(toml::Value::as_bool).unwrap_or(false);
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    for (name, value) in table.iter().filter(|(name, _)| *name != "?") {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let Type { mut schema, optional } = field(value, &path)?;
        if optional {
            allow_null(&mut schema);
        } else {
            required.push(name.as_str().into());
        }
        properties.insert(name.clone(), schema.into());
    }
    let mut schema = typed("object");
    schema.insert("properties".to_owned(), properties.into());
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    Ok(Type { schema, optional })
}

fn scalar(text: &str, path: &str) -> Result<Type, NotationError> {
    let name = text.strip_suffix('?').unwrap_or(text);
    let schema = match name {
        "string" | "integer" | "number" | "boolean" | "object" => typed(name),
        "time" => {
            let mut schema = typed("string");
            schema.insert("format".to_owned(), "date-time".into());
            schema
        }
        "map" => {
            let mut schema = typed("object");
            schema.insert("additionalProperties".to_owned(), typed("string").into());
            schema
        }
        "any" => Map::new(),
        _ => {
            return Err(NotationError::Type { field: path.to_owned(), text: text.to_owned() });
        }
    };
    Ok(Type { schema, optional: name.len() < text.len() })
}

fn typed(name: &str) -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), name.into())])
}

/// A type that is absent allows `null` already.
fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(name) = schema.get("type").cloned() {
        schema.insert("type".to_owned(), vec![name, "null".into()].into());
    }
}
