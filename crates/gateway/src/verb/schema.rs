//! `schema`: the JSON Schema of an operation's arguments, from the registry alone.

use pilothouse_model::Error;
use pilothouse_registry::{nearest, schema::arguments as arguments_schema};
use serde_json::{Map, Value, json};

use super::{Hints, Reach, Request, Target, Verb, resource_type, take_text};

pub(super) static SCHEMA: Verb = Verb {
    name: "schema",
    title: "Show an argument schema",
    about: "The exact arguments of an operation as JSON Schema: what to put into body, filters \
            or params. Calls no platform.",
    hints: Hints::LOCAL,
    properties: || {
        json!({
            "resource_type": resource_type(),
            "operation": {"type": "string", "maxLength": 64,
                          "description": "Default create; any operation or action of the type"},
            "path": {"type": "string", "maxLength": 500,
                     "description": "Only this part, for instance body.rules"},
        })
    },
    required: &["resource_type"],
    output: || json!({"schema": {"type": "object"}}),
    resolve,
};

fn resolve(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let name = take_text(&mut arguments, "operation").unwrap_or_else(|| "create".into());
    let path = take_text(&mut arguments, "path");
    let target = Target::take(reach, arguments)?;
    let operation = target.public_operation(&name)?;
    let mut schema = arguments_schema(operation);
    if let Some(path) = &path {
        schema = part(schema, path)?;
    }
    let id = format!("{}.{name}", target.type_id());
    let value = json!({ "operation": id, "path": path, "schema": schema });
    Ok(Request::Answer { verb: "schema", value })
}

/// The part of `schema` at a path of property names, such as `body.connector.spec`.
fn part(schema: Value, path: &str) -> Result<Value, Error> {
    let mut part = schema;
    for name in path.split('.') {
        let inside = if part["items"].is_object() { part["items"].take() } else { part };
        let known: Vec<String> = inside["properties"]
            .as_object()
            .map(|properties| properties.keys().cloned().collect())
            .unwrap_or_default();
        let Some(next) = inside["properties"].get(name) else {
            return Err(no_part(name, path, &known));
        };
        part = next.clone();
    }
    Ok(part)
}

fn no_part(name: &str, path: &str, known: &[String]) -> Error {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let error = Error::invalid(format!("path {path:?}: there is no {name:?}"));
    match (nearest(name, &known, 1).first(), known.is_empty()) {
        (_, true) => error.hint("the part before it has no parts of its own"),
        (Some(close), _) => error.hint(format!("did you mean {close:?}?")),
        (None, _) => error.hint(format!("there are: {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_opens_a_part() {
        let schema = json!({"type": "object", "properties": {"body": {"type": "object", "properties": {
            "rules": {"type": "array", "items": {"type": "object", "properties": {
                "name": {"type": "string"}}}}}}}});
        for (path, expected) in [
            ("body.rules.name", Ok(json!({"type": "string"}))),
            ("body.rule", Err("did you mean \"rules\"?")),
            ("body.rules.name.x", Err("no parts of its own")),
        ] {
            match (part(schema.clone(), path), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{path}"),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{path}: {error}");
                }
                (found, _) => panic!("{path}: {found:?}"),
            }
        }
    }
}
