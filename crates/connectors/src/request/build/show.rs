//! What is shown of a request before it is sent: secrets masked, long texts cut.

use http::HeaderMap;
use pilothouse_model::text::prefix;
use pilothouse_registry::{Operation, spec::Arg};
use serde_json::{Map, Value, json};

use super::Parts;
use crate::request::{GrpcRequest, HttpRequest, Payload};

/// Longest text of a plan that is shown whole, in bytes.
const MAX_SHOWN_TEXT: usize = 4000;
/// A plan that is longer shows only the beginnings of its texts.
pub(super) const MAX_SHOWN: usize = 64 << 10;

pub(super) fn masked(operation: &Operation, args: &Map<String, Value>) -> Map<String, Value> {
    let masked = |(name, value): (&String, &Value)| {
        let spec = operation.args.get(name).map(|argument| &argument.spec);
        (name.clone(), spec.map_or_else(|| value.clone(), |spec| mask(spec, value)))
    };
    args.iter().map(masked).collect()
}

/// The value with everything secret in it replaced, down to the fields of objects in lists.
fn mask(spec: &Arg, value: &Value) -> Value {
    match value {
        _ if spec.secret => json!("***"),
        Value::Array(items) => items.iter().map(|item| mask(spec, item)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let spec = spec.fields.get(name);
                (name.clone(), spec.map_or_else(|| value.clone(), |spec| mask(spec, value)))
            })
            .collect(),
        single => single.clone(),
    }
}

pub(super) fn hook(operation: &Operation, name: &str, masked: &Map<String, Value>) -> Value {
    shorten(&json!({"operation": operation.id, "hook": name, "arguments": masked}))
}

pub(super) fn grpc(operation: &Operation, call: &GrpcRequest, masked: Parts) -> Value {
    shorten(&json!({
        "operation": operation.id,
        "grpc": call.path(),
        "message": masked.body.unwrap_or(json!({})),
    }))
}

/// `masked` is the request with masked arguments.
pub(super) fn http(operation: &Operation, masked: &HttpRequest) -> Value {
    let mut shown = json!({"operation": operation.id});
    shown["http"] = json!(format!("{} {}", masked.method, masked.target));
    if let Some(host) = &masked.host {
        shown["host"] = json!(host);
    }
    if !masked.headers.is_empty() {
        shown["headers"] = headers(&masked.headers);
    }
    match &masked.body {
        Payload::Json(body) | Payload::Form { fields: body, .. } => shown["body"] = body.clone(),
        Payload::Text(text) => shown["body"] = json!(text),
        Payload::None | Payload::Raw { .. } => {}
    }
    shorten(&shown)
}

fn headers(headers: &HeaderMap) -> Value {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), json!(text(value)))).collect()
}

/// Keeps what is shown readable: long texts are cut, and all but the shortest if they are many.
fn shorten(shown: &Value) -> Value {
    let readable = cut_texts(shown, MAX_SHOWN_TEXT);
    if readable.to_string().len() > MAX_SHOWN {
        return cut_texts(shown, MAX_SHOWN_TEXT / 50);
    }
    readable
}

fn cut_texts(value: &Value, max: usize) -> Value {
    match value {
        Value::String(text) if text.len() > max => {
            json!(format!("{}… ({} bytes in all)", prefix(text, max), text.len()))
        }
        Value::Array(items) => items.iter().map(|item| cut_texts(item, max)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), cut_texts(value, max))).collect()
        }
        other => other.clone(),
    }
}
