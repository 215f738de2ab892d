//! Arguments in the types that a schema asks for. Models write numbers, switches, lists and objects
//! as text, and one value where a list belongs. What can be read only one way is read so; anything
//! else stays as it is, for whoever checks it to explain.

use std::borrow::Cow;

use serde_json::{Map, Number, Value, json};

/// Longest text that is read as JSON, in bytes.
pub const MAX_JSON: usize = 1 << 20;
/// Names a type: a number or a switch in its place is a mistake, not another way to write it.
const NEVER_A_NUMBER: &str = "resource_type";
/// Nested lists and objects that are looked into.
const MAX_DEPTH: usize = 32;

/// The fields of an object by their schema.
pub fn fields(schema: &Value, fields: &mut Map<String, Value>) {
    inside(schema, fields, MAX_DEPTH);
}

fn inside(schema: &Value, fields: &mut Map<String, Value>, depth: usize) {
    for (name, value) in fields {
        if let Some(known) = schema.get("properties").and_then(|properties| properties.get(name)) {
            if name != NEVER_A_NUMBER {
                read(known, value, depth);
            }
        } else if let Some(other) = schema.get("additionalProperties").filter(|it| it.is_object())
            && other.get("type").is_none_or(|kind| kind != "string")
        {
            read(other, value, depth);
        }
    }
}

fn read(schema: &Value, value: &mut Value, depth: usize) {
    let Some(kind) = schema.get("type").and_then(Value::as_str).filter(|_| depth > 0) else {
        return;
    };
    match kind {
        "integer" => replace(value, integer(value)),
        "number" => replace(value, number(value)),
        "boolean" => replace(value, boolean(value)),
        "string" => replace(value, text(schema, value)),
        "array" => list(schema, value, depth),
        "object" => object(schema, value, depth),
        _ => {}
    }
}

fn replace(value: &mut Value, found: Option<Value>) {
    if let Some(found) = found {
        *value = found;
    }
}

fn integer(value: &Value) -> Option<Value> {
    let whole = |number: f64| {
        // Beyond this, neighbours are no longer told apart.
        let is_exact = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
        is_exact.then(|| format!("{number:.0}").parse::<i64>().ok()).flatten()
    };
    let found = match value {
        Value::String(text) => {
            let text = text.trim();
            text.parse::<i64>().ok().or_else(|| whole(text.parse().ok()?))
        }
        Value::Number(number) if !number.is_i64() && !number.is_u64() => whole(number.as_f64()?),
        _ => None,
    };
    found.map(Value::from)
}

fn number(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| Number::from_f64(text.parse().ok()?).map(Value::Number))
}

fn boolean(value: &Value) -> Option<Value> {
    let found = match value {
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => true,
            "false" | "no" | "off" | "0" => false,
            _ => return None,
        },
        Value::Number(number) => match number.as_u64() {
            Some(1) => true,
            Some(0) => false,
            _ => return None,
        },
        _ => return None,
    };
    Some(found.into())
}

/// Numbers and switches as text; a listed value as it is spelt there.
fn text(schema: &Value, value: &Value) -> Option<Value> {
    let listed = schema.get("enum").and_then(Value::as_array);
    let text = match value {
        Value::String(_) if listed.is_none() => return None,
        Value::String(text) => Cow::Borrowed(text),
        Value::Number(_) | Value::Bool(_) => Cow::Owned(value.to_string()),
        _ => return None,
    };
    let mut known = listed.into_iter().flatten().filter_map(Value::as_str);
    let known = known.find(|known| same(known, &text));
    Some(known.map_or_else(|| Value::String(text.into_owned()), Value::from))
}

/// Without regard to case, and to what separates words.
fn same(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> String {
        let plain = text.trim().chars().map(|c| if matches!(c, '-' | ' ') { '_' } else { c });
        plain.flat_map(char::to_lowercase).collect()
    };
    letters(one) == letters(other)
}

fn list(schema: &Value, value: &mut Value, depth: usize) {
    let items = schema.get("items");
    let takes_text = items.and_then(|items| items.get("type")).is_some_and(|kind| kind == "string");
    let found = match value {
        Value::String(text) => json_text(text, '[').or_else(|| {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            takes_text.then(|| parts.map(Value::from).collect())
        }),
        Value::Object(_) | Value::Number(_) | Value::Bool(_) => Some(json!([value])),
        _ => None,
    };
    replace(value, found);
    if let (Some(items), Value::Array(list)) = (items, value) {
        for item in list {
            read(items, item, depth - 1);
        }
    }
}

fn object(schema: &Value, value: &mut Value, depth: usize) {
    if let Value::String(text) = value {
        let found = json_text(text, '{');
        replace(value, found);
    }
    if let Value::Object(found) = value {
        inside(schema, found, depth - 1);
    }
}

/// A list or an object that was written as text.
fn json_text(text: &str, opening: char) -> Option<Value> {
    let text = text.trim();
    let is_read = text.len() <= MAX_JSON && text.starts_with(opening);
    is_read.then(|| serde_json::from_str(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coerced(schema: &Value, value: &Value) -> Value {
        let schema = json!({"properties": {"it": schema}});
        let mut given = Map::from_iter([("it".to_owned(), value.clone())]);
        fields(&schema, &mut given);
        given["it"].clone()
    }

    #[test]
    fn what_can_be_read_one_way_is_read_so() {
        let texts =
            json!({"type": "array", "items": {"type": "string", "enum": ["Failed", "NOT_RUN"]}});
        let things = json!({"type": "array", "items": {"type": "object", "properties": {
            "size": {"type": "integer"}}}});
        let map = json!({"type": "object", "additionalProperties": {"type": "string"}});
        for (schema, given, expected) in [
            (json!({"type": "integer"}), json!(" 20 "), json!(20)),
            (json!({"type": "integer"}), json!("2e1"), json!(20)),
            (json!({"type": "integer"}), json!(20.0), json!(20)),
            (json!({"type": "number"}), json!("1.5"), json!(1.5)),
            (json!({"type": "number"}), json!("3"), json!(3)),
            (json!({"type": "boolean"}), json!("True"), json!(true)),
            (json!({"type": "boolean"}), json!("no"), json!(false)),
            (json!({"type": "boolean"}), json!(0), json!(false)),
            (json!({"type": "string"}), json!(7), json!("7")),
            (json!({"type": "string"}), json!(true), json!("true")),
            (
                json!({"type": "string", "enum": ["IN_PROGRESS"]}),
                json!("in progress"),
                json!("IN_PROGRESS"),
            ),
            (texts.clone(), json!("failed, not-run"), json!(["Failed", "NOT_RUN"])),
            (texts.clone(), json!("[\"FAILED\"]"), json!(["Failed"])),
            (texts.clone(), json!(""), json!([])),
            (things.clone(), json!("[{\"size\": \"1\"}]"), json!([{"size": 1}])),
            (things, json!({"size": "1"}), json!([{"size": 1}])),
            (map.clone(), json!("{\"a\": \"1\"}"), json!({"a": "1"})),
            // What a map of texts holds, such as files, is taken as it is.
            (map, json!({"a": 1}), json!({"a": 1})),
        ] {
            assert_eq!(coerced(&schema, &given), expected, "{given}");
        }
    }

    #[test]
    fn what_is_not_clear_stays_as_it_is() {
        for (kind, given) in [
            ("integer", json!("ten")),
            ("integer", json!(1.5)),
            ("integer", json!("1e300")),
            ("integer", json!(true)),
            ("number", json!("inf")),
            ("boolean", json!("maybe")),
            ("boolean", json!(2)),
            ("string", json!(["a"])),
            ("string", json!(null)),
            ("object", json!("{broken")),
            ("object", json!("[1]")),
            ("array", json!(null)),
            ("array", json!("{\"a\": 1}")),
        ] {
            assert_eq!(coerced(&json!({ "type": kind }), &given), given, "{kind}");
        }
        let mut named = Map::from_iter([("resource_type".to_owned(), json!(5))]);
        fields(&json!({"properties": {"resource_type": {"type": "string"}}}), &mut named);
        assert_eq!(named["resource_type"], 5);
        let long = json!(format!("{{\"a\": \"{}\"}}", "x".repeat(MAX_JSON)));
        assert_eq!(coerced(&json!({"type": "object"}), &long), long);
    }
}
