//! What the YAML of an entity may contain, as Harness says it now.

use pilothouse_model::{Kind, Result};
use pilothouse_registry::definition;
use serde_json::{Map, Value, json};

use crate::connector::hook::HookContext;

/// The operations that make what the platform has a schema of.
const CREATE: [(&str, &str); 4] = [
    ("Connectors", "connector.create"),
    ("Environment", "environment.create"),
    ("Infrastructure", "infrastructure.create"),
    ("Service", "service.create"),
];

/// One part of the schema of `entity`, the platform's name for a kind of thing.
pub(super) async fn of(
    context: &HookContext<'_>,
    mut args: Map<String, Value>,
    entity: &'static str,
) -> Result<Value> {
    let path = args.remove("path");
    let level = match (args.get("project_id"), args.get("org_id")) {
        (Some(_), _) => "project",
        (None, Some(_)) => "org",
        (None, None) => "account",
    };
    args.insert("entity_type".to_owned(), json!(entity));
    args.insert("level".to_owned(), json!(level));
    match context.call("connector.entity_schema", Value::Object(args)).await {
        Ok(schema) => part(path.as_ref(), &schema),
        // Not every installation has it.
        Err(error) if error.kind == Kind::NotFound => {
            let create = CREATE.iter().find(|(name, _)| *name == entity);
            let (_, create) = create.ok_or(error)?;
            declared(context, create, path.as_ref())
        }
        Err(error) => Err(error),
    }
}

/// What there is to say without the platform: the body that the operation takes.
fn declared(context: &HookContext<'_>, create: &str, path: Option<&Value>) -> Result<Value> {
    let arguments = context.arguments(create)?;
    let mut shown = part(path, arguments.pointer("/properties/body").unwrap_or(&arguments))?;
    shown["note"] = json!(format!(
        "this Harness offers no schema of its own; it is what {create} takes as body"
    ));
    Ok(shown)
}

/// As [`of`], of what releases are made from: `PROCESS` or `ACTIVITY`.
pub(super) async fn of_release(
    context: &HookContext<'_>,
    mut args: Map<String, Value>,
    entity: &'static str,
) -> Result<Value> {
    let path = args.remove("path");
    args.insert("entity_type".to_owned(), json!(entity));
    let answer = context.call("release_process.yaml_schema", Value::Object(args)).await?;
    part(path.as_ref(), answer.get("data").unwrap_or(&answer))
}

fn part(path: Option<&Value>, schema: &Value) -> Result<Value> {
    let path = path.and_then(Value::as_str).unwrap_or_default();
    Ok(json!({ "path": path, "schema": definition::part(schema, path)? }))
}
