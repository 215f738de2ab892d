//! What the YAML of an entity may contain, as Harness says it now.

use pilothouse_model::Result;
use pilothouse_registry::definition;
use serde_json::{Map, Value, json};

use crate::connector::hook::HookContext;

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
    let schema = context.call("connector.entity_schema", Value::Object(args)).await?;
    part(path.as_ref(), &schema)
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
