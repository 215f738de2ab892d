//! Puts one entry into a client's JSON and leaves every other character as it was, comments too.

use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstObject, CstRootNode},
};
use serde_json::{Map, Value};

use super::entry::OWN_KEYS;

/// Gives `text` with `entry` at `servers_key.name`. An error is a sentence about `text`.
pub(super) fn merge(
    text: &str,
    servers_key: &str,
    name: &str,
    entry: &Map<String, Value>,
) -> Result<String, String> {
    let root = CstRootNode::parse(text, &ParseOptions::default())
        .map_err(|error| format!("is not JSON: {error}"))?;
    let top = root.object_value_or_create().ok_or("is not a JSON object")?;
    let servers = top
        .object_value_or_create(servers_key)
        .ok_or_else(|| format!("has something else than an object under {servers_key:?}"))?;
    match servers.get(name) {
        None => {
            servers.append(name, input(&Value::Object(entry.clone())));
        }
        Some(property) => match property.object_value() {
            Some(existing) => update_entry(&existing, entry),
            None => property.set_value(input(&Value::Object(entry.clone()))),
        },
    }
    let mut merged = root.to_string();
    if !merged.ends_with('\n') && text.trim().is_empty() {
        merged.push('\n');
    }
    Ok(merged)
}

/// Keeps what the user added to our entry, and drops what we wrote and do not write any more.
fn update_entry(existing: &CstObject, entry: &Map<String, Value>) {
    for key in OWN_KEYS {
        if !entry.contains_key(key)
            && let Some(stale) = existing.get(key)
        {
            stale.remove();
        }
    }
    update_object(existing, entry);
}

fn update_object(existing: &CstObject, wanted: &Map<String, Value>) {
    for (key, value) in wanted {
        let Some(property) = existing.get(key) else {
            existing.append(key, input(value));
            continue;
        };
        match (property.object_value(), value) {
            (Some(inner), Value::Object(fields)) => update_object(&inner, fields),
            _ if property.to_serde_value().as_ref() == Some(value) => {}
            _ => property.set_value(input(value)),
        }
    }
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(fields) => CstInputValue::Object(
            fields.iter().map(|(key, value)| (key.clone(), input(value))).collect(),
        ),
    }
}
