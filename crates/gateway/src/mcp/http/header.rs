//! The headers in which a modern request repeats parts of its body, so that a proxy can route it
//! without parsing. They must agree with the body.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderMap;
use rmcp::model::{ErrorData, JsonObject};
use serde_json::Value;

use super::PROTOCOL_VERSION;
use crate::mcp::{dispatch::META_VERSION, message::Envelope};

/// The one value of a header. `Err` when it is repeated or not printable ASCII.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, String> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(format!("the {name} header is repeated"));
    }
    match value.to_str() {
        Ok(value) => Ok(Some(value.trim_matches([' ', '\t']))),
        Err(_) => Err(format!("the {name} header is not printable ASCII")),
    }
}

/// `-32020` when a header is missing, repeated or says something else than the body. `schema` is
/// the input schema of the called tool, if it marks arguments with `x-mcp-header`.
pub(super) fn check(
    headers: &HeaderMap,
    envelope: &Envelope,
    schema: Option<&JsonObject>,
) -> Result<(), ErrorData> {
    let method = envelope.method().unwrap_or_default();
    let version = envelope.meta(META_VERSION).and_then(Value::as_str);
    let checked = version
        .map_or(Ok(()), |version| equal(headers, PROTOCOL_VERSION, version))
        .and_then(|()| equal(headers, "mcp-method", method))
        .and_then(|()| match named(envelope, method) {
            Some(name) => equal_encoded(headers, "mcp-name", name),
            None => Ok(()),
        })
        .and_then(|()| match schema.and_then(|schema| schema.get("properties")) {
            Some(properties) => arguments(headers, properties, envelope.param("arguments")),
            None => Ok(()),
        });
    checked.map_err(|problem| ErrorData::header_mismatch(problem, None))
}

fn equal(headers: &HeaderMap, name: &str, body: &str) -> Result<(), String> {
    match single(headers, name)? {
        Some(value) if value == body => Ok(()),
        Some(value) => Err(format!("the {name} header says {value:?}, the body {body:?}")),
        None => Err(format!("the {name} header is missing")),
    }
}

fn equal_encoded(headers: &HeaderMap, name: &str, body: &str) -> Result<(), String> {
    let value = single(headers, name)?.ok_or_else(|| format!("the {name} header is missing"))?;
    let value = decode(value).ok_or_else(|| format!("the {name} header is not valid Base64"))?;
    if value == body {
        return Ok(());
    }
    Err(format!("the {name} header says {value:?}, the body {body:?}"))
}

/// What `Mcp-Name` repeats, for the methods that have it.
fn named<'a>(envelope: &'a Envelope, method: &str) -> Option<&'a str> {
    let key = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        _ => return None,
    };
    envelope.param(key)?.as_str()
}

/// Undoes `=?base64?…?=`, which carries what a header cannot.
fn decode(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}

/// Checks `Mcp-Param-*` for every marked property that is reached through `properties` alone.
fn arguments(
    headers: &HeaderMap,
    properties: &Value,
    values: Option<&Value>,
) -> Result<(), String> {
    for (property, schema) in properties.as_object().into_iter().flatten() {
        let value = values.and_then(|values| values.get(property)).filter(|value| !value.is_null());
        if let Some(suffix) = schema.get("x-mcp-header").and_then(Value::as_str) {
            argument(headers, &format!("mcp-param-{}", suffix.to_ascii_lowercase()), value)?;
        }
        if let Some(nested) = schema.get("properties") {
            arguments(headers, nested, value)?;
        }
    }
    Ok(())
}

fn argument(headers: &HeaderMap, name: &str, value: Option<&Value>) -> Result<(), String> {
    let header = single(headers, name)?;
    let (header, value) = match (header, value) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(format!("the {name} header is missing")),
        (Some(_), None) => return Err(format!("the {name} header has no argument in the body")),
        (Some(header), Some(value)) => (header, value),
    };
    let header = decode(header).ok_or_else(|| format!("the {name} header is not valid Base64"))?;
    let agrees = match value {
        Value::String(text) => *text == header,
        Value::Bool(flag) => header.parse() == Ok(*flag),
        Value::Number(number) => {
            number.to_string() == header
                || header.parse::<f64>().is_ok_and(|header| number.as_f64() == Some(header))
        }
        _ => false,
    };
    if agrees { Ok(()) } else { Err(format!("the {name} header and the argument differ")) }
}

#[cfg(test)]
mod tests;
