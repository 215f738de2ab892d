//! Updates of things that callers send as they read them, which is inside an envelope.

use serde_json::{Map, Value, json};

use super::BodyInput;

/// The body without its envelope `key`; `id_argument` says the identifier if the body does not.
pub(super) fn unwrapped(input: BodyInput<'_>, key: &str, id_argument: &str) -> Option<Value> {
    if !input.args.contains_key("body") {
        return None;
    }
    let mut fields = inner(input.body(), key);
    fields.retain(|_, value| !value.is_null());
    identify(&mut fields, &input, id_argument);
    Some(Value::Object(fields))
}

/// A connector travels inside an envelope, with or without which callers may send it.
pub(super) fn connector(input: BodyInput<'_>) -> Value {
    let mut fields = inner(input.body(), "connector");
    identify(&mut fields, &input, "connector_id");
    if let Some(kind) = input.given("type") {
        fields.insert("connectionType".to_owned(), kind.clone());
    }
    json!({ "connector": fields })
}

fn inner(mut body: Map<String, Value>, key: &str) -> Map<String, Value> {
    match body.remove(key) {
        Some(Value::Object(inner)) => inner,
        Some(other) => {
            body.insert(key.to_owned(), other);
            body
        }
        None => body,
    }
}

fn identify(fields: &mut Map<String, Value>, input: &BodyInput<'_>, id_argument: &str) {
    if let Some(id) = input.given(id_argument)
        && fields.get("identifier").is_none_or(Value::is_null)
    {
        fields.insert("identifier".to_owned(), id.clone());
    }
}
