//! Feature flags, of both generations.

use pilothouse_model::{Error, Result};
use serde_json::{Value, json};

use super::{BodyInput, object, read};

/// Fields of a flag that may be replaced.
const CHANGEABLE: [&str; 4] = ["description", "tags", "owners", "rolloutStatus"];

/// A workspace's own API knows the traffic type from the path, and takes tags only later.
pub(super) fn create(input: BodyInput<'_>) -> Value {
    if input.given("workspace_id").is_some() {
        let body = input.body();
        let field = |name: &str| read::given(&body, name).cloned();
        return object([("name", field("name")), ("description", field("description"))]);
    }
    tagged(input)
}

/// The body with tags as objects, as the newer API wants them.
pub(super) fn tagged(input: BodyInput<'_>) -> Value {
    let mut body = input.body();
    if let Some(tags) = body.get_mut("tags").and_then(Value::as_array_mut) {
        for tag in tags.iter_mut().filter(|tag| tag.is_string()) {
            *tag = json!({ "name": tag });
        }
    }
    Value::Object(body)
}

/// What changes: of a flag in a workspace as a JSON patch, of one that moved into Harness as the
/// fields themselves.
pub(super) fn patch(input: BodyInput<'_>) -> Value {
    let body = tagged(input);
    let changes = CHANGEABLE.into_iter().filter_map(|name| Some((name, body.get(name)?)));
    if input.given("workspace_id").is_none() {
        return changes.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    }
    changes
        .map(|(name, value)| json!({"op": "replace", "path": format!("/{name}"), "value": value}))
        .collect()
}

/// Switches a flag of the older generation on or off.
pub(super) fn toggle(input: BodyInput<'_>) -> Result<Value> {
    let kind = match input.either("enable") {
        Some(Value::Bool(true)) => "turnFlagOn",
        Some(Value::Bool(false)) => "turnFlagOff",
        Some(Value::String(text)) if text == "true" => "turnFlagOn",
        Some(Value::String(text)) if text == "false" => "turnFlagOff",
        _ => {
            return Err(Error::invalid("enable: missing, or neither true nor false")
                .hint("pass enable: true to switch the flag on, false to switch it off"));
        }
    };
    Ok(json!({"instructions": [{ "kind": kind }]}))
}
