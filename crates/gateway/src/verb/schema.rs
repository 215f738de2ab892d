//! `schema`: the JSON Schema of an operation's arguments, or of what the YAML of a definition may
//! contain: ours, or the platform's own where it offers one. And examples of definitions.

mod example;

use pilothouse_model::Error;
use pilothouse_registry::{definition, nearest, schema::arguments as arguments_schema};
use serde_json::{Map, Value, json};

use super::{Hints, Reach, Request, Target, Verb, resource_type, take_text};

pub(super) static SCHEMA: Verb = Verb {
    name: "schema",
    title: "Show an argument schema",
    about: "The exact arguments of an operation as JSON Schema: what to put into body, filters \
            or params. Without an operation: what the YAML of a definition (a pipeline, a \
            template, a trigger) may contain.",
    hints: Hints::READ,
    properties: || {
        json!({
            "resource_type": resource_type(),
            "operation": {"type": "string", "maxLength": 64,
                          "description": "Any operation or action of the type"},
            "path": {"type": "string", "maxLength": 500,
                     "description": "Only this part, for instance body.rules"},
        })
    },
    required: &["resource_type"],
    output: || json!({"schema": {"type": "object"}}),
    resolve,
};

/// The operation that asks the platform for its own schema of a type.
const LIVE: &str = "schema";

fn resolve(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    if let Some(value) = example::answer(reach, &mut arguments)? {
        return Ok(Request::Answer { verb: "schema", value });
    }
    let name = take_text(&mut arguments, "operation");
    let path = take_text(&mut arguments, "path");
    if name.is_none()
        && let Some((platform, name)) = defined(reach, &arguments)
    {
        let schema = definition::document(&platform, &name)?;
        let part = definition::part(schema, path.as_deref().unwrap_or_default())?;
        let mut value = json!({ "definition": name, "path": path, "schema": part });
        if path.is_none() {
            value["examples"] = json!(example::names(&platform, &name)?);
        }
        return Ok(Request::Answer { verb: "schema", value });
    }
    let mut target = Target::take(reach, arguments)?;
    if name.is_none() && target.resource().operations.contains_key(LIVE) {
        target.arguments.extend(path.map(|path| ("path".to_owned(), json!(path))));
        return target.operation(LIVE);
    }
    let name = name.unwrap_or_else(|| "create".into());
    let operation = target.public_operation(&name)?;
    let mut schema = arguments_schema(operation);
    if let Some(path) = &path {
        schema = part(schema, path, &target.resource().name)?;
    }
    let id = format!("{}.{name}", target.type_id());
    let value = json!({ "operation": id, "path": path, "schema": schema });
    Ok(Request::Answer { verb: "schema", value })
}

/// The definition that `resource_type` names, which need not be a type: its platform and its name.
fn defined(reach: Reach<'_>, arguments: &Map<String, Value>) -> Option<(String, String)> {
    let asked = arguments.get("resource_type")?.as_str()?.trim();
    let platforms = reach.catalogs().into_iter().map(|catalog| catalog.name().to_owned());
    platforms.into_iter().find_map(|platform| {
        let own = asked.strip_prefix(&platform).and_then(|rest| rest.strip_prefix('.'));
        let asked = own.unwrap_or(asked);
        let name = definition::names(&platform).find(|name| name.eq_ignore_ascii_case(asked))?;
        Some((platform, name))
    })
}

/// The part of `schema` at a path of property names, such as `body.connector.spec`. The envelope of
/// the type's name, which platforms show and requests add by themselves, may be in it.
fn part(schema: Value, path: &str, envelope: &str) -> Result<Value, Error> {
    let mut part = schema;
    for name in path.split('.') {
        let inside = if part["items"].is_object() { part["items"].take() } else { part };
        let known: Vec<String> = inside["properties"]
            .as_object()
            .map(|properties| properties.keys().cloned().collect())
            .unwrap_or_default();
        part = match inside["properties"].get(name) {
            Some(next) => next.clone(),
            None if name == envelope => inside,
            None => return Err(no_part(name, path, &known)),
        };
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
            ("body.policy.rules.name", Ok(json!({"type": "string"}))),
            ("body.rule", Err("did you mean \"rules\"?")),
            ("body.rules.name.x", Err("no parts of its own")),
        ] {
            match (part(schema.clone(), path, "policy"), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{path}"),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{path}: {error}");
                }
                (found, _) => panic!("{path}: {found:?}"),
            }
        }
    }
}
