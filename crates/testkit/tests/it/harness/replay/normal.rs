//! Requests in a form in which two ways of writing the same one are equal.

use axum::{body::Bytes, http::request::Parts};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// `METHOD /path`, without percent-encoding.
    pub(crate) line: String,
    /// Sorted.
    pub(crate) query: Vec<(String, String)>,
    /// Those that matter: a null says that there must be none.
    pub(crate) headers: Map<String, Value>,
    /// A server other than the main one.
    pub(crate) host: Option<String>,
    pub(crate) body: Value,
}

pub(crate) fn recorded(line: &str, query: &[(String, String)], body: Option<&Value>) -> Sent {
    let mut query = query.to_vec();
    query.sort();
    let body = normal(body.cloned().unwrap_or_default());
    Sent { line: decoded(line), query, headers: Map::new(), host: None, body }
}

pub(crate) fn sent(parts: &Parts, body: &Bytes) -> Sent {
    let line = decoded(&format!("{} {}", parts.method, parts.uri.path()));
    let url = url::Url::parse(&format!("https://platform.example{}", parts.uri)).unwrap();
    let mut query: Vec<_> = url.query_pairs().into_owned().collect();
    query.sort();
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = text(value);
        let plain = value.split(';').next().unwrap_or_default();
        (name.to_string(), json!(plain))
    });
    let content_type = parts.headers.get("content-type").map(text).unwrap_or_default();
    Sent {
        line,
        query,
        headers: headers.collect(),
        host: None,
        body: normal(read(&content_type, body)),
    }
}

/// The first thing in which they differ.
pub(crate) fn difference(recorded: &[Sent], sent: &[Sent]) -> Option<String> {
    if recorded.len() != sent.len() {
        let lines: Vec<_> = sent.iter().map(|it| it.line.as_str()).collect();
        return Some(format!("recorded {} requests, sent {lines:?}", recorded.len()));
    }
    recorded.iter().zip(sent).find_map(|(recorded, sent)| one_difference(recorded, sent))
}

fn one_difference(recorded: &Sent, sent: &Sent) -> Option<String> {
    let differ = |what: &str, recorded: Value, sent: Value| {
        (recorded != sent).then(|| format!("{what}: recorded {recorded}, sent {sent}"))
    };
    let only = |these: &[(String, String)], others: &[(String, String)]| -> Value {
        these.iter().filter(|it| !others.contains(it)).map(|(k, v)| format!("{k}={v}")).collect()
    };
    let headers = recorded.headers.iter().filter(|(_, value)| !value.is_null());
    let mut headers = headers.map(|(name, value)| {
        let own = sent.headers.get(name).cloned().unwrap_or_default();
        differ(name, value.clone(), own)
    });
    differ("request", json!(recorded.line), json!(sent.line))
        .or_else(|| differ("host", json!(recorded.host), json!(sent.host)))
        .or_else(|| {
            let (gone, added) =
                (only(&recorded.query, &sent.query), only(&sent.query, &recorded.query));
            (recorded.query != sent.query).then(|| format!("query: recorded {gone}, sent {added}"))
        })
        .or_else(|| body_difference("body", &recorded.body, &sent.body))
        .or_else(|| headers.find_map(|it| it))
}

/// Down to the fields.
fn body_difference(at: &str, recorded: &Value, sent: &Value) -> Option<String> {
    if recorded == sent {
        return None;
    }
    let (Value::Object(ours), Value::Object(theirs)) = (sent, recorded) else {
        return Some(format!("{at}: recorded {recorded}, sent {sent}"));
    };
    let names = theirs.keys().chain(ours.keys());
    names.into_iter().find_map(|name| {
        let of = |fields: &Map<String, Value>| fields.get(name).cloned();
        match (of(theirs), of(ours)) {
            (Some(theirs), Some(ours)) => body_difference(&format!("{at}/{name}"), &theirs, &ours),
            (Some(theirs), None) => Some(format!("{at}/{name}: recorded {theirs}, sent nothing")),
            (None, ours) => Some(format!("{at}/{name}: recorded nothing, sent {}", json!(ours))),
        }
    })
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// What two ways of writing the same body have in common: documents as values, not as texts; no
/// identifiers that were made up; GraphQL by the name of its query; forms by their fields.
fn normal(value: Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::String(text) if uuid::Uuid::try_parse(&text).is_ok() => json!("(made up)"),
        Value::String(text) if text.contains('\n') || text.starts_with('{') => {
            let document: Option<Value> = serde_saphyr::from_str(&text).ok();
            match document.filter(Value::is_object) {
                Some(document) => normal(document),
                None => json!(text),
            }
        }
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(mut fields) => {
            if let Some(Value::Object(fields)) = fields.remove("$multipart") {
                return Value::Object(fields);
            }
            if let Some(operation) = fields.get("operationName").cloned() {
                let has_query = fields["query"].to_string().contains(operation.as_str().unwrap());
                fields.insert("query".to_owned(), json!(has_query));
            }
            fields
                .into_iter()
                .map(|(name, value)| (name.clone(), decoded_manifest(&name, value)))
                .collect()
        }
        other => other,
    }
}

/// The manifest of a load test travels encoded.
fn decoded_manifest(name: &str, value: Value) -> Value {
    let text = value.as_str().filter(|_| name == "yaml");
    let decoded = text.and_then(|text| STANDARD.decode(text).ok());
    match decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => normal(json!(text)),
        None => normal(value),
    }
}

/// The body as JSON; a text that is not JSON as a text.
fn read(content_type: &str, body: &Bytes) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    if let Some(boundary) = content_type.strip_prefix("multipart/form-data; boundary=") {
        return form(boundary, body);
    }
    serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body)))
}

/// The fields of a form, a file as the recorder wrote it.
fn form(boundary: &str, body: &Bytes) -> Value {
    let text = String::from_utf8_lossy(body);
    let quoted = |head: &str, name: &str| {
        let (_, rest) = head.split_once(&format!("; {name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let part = |part: &str| {
        let (head, content) =
            part.strip_prefix("\r\n")?.strip_suffix("\r\n")?.split_once("\r\n\r\n")?;
        let value = match quoted(head, "filename") {
            Some(name) => {
                let kind = head.split_once("content-type: ")?.1;
                json!({"$file": {"name": name, "type": kind, "text": content}})
            }
            None => json!(content),
        };
        Some((quoted(head, "name")?, value))
    };
    Value::Object(text.split(&format!("--{boundary}")).filter_map(part).collect())
}
