//! JSON to messages: field names as in the protocol file, enums by name in any case, times as
//! RFC 3339. What does not fit is an error that names the field.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pilothouse_model::{Error, Result};
use pilothouse_registry::nearest;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};
use serde_json::{Map, Value as Json};

/// Builds a message of this type. `null` leaves a field unset.
pub(crate) fn from_json(descriptor: MessageDescriptor, json: &Json) -> Result<DynamicMessage> {
    message(descriptor, json, "")
}

fn message(descriptor: MessageDescriptor, json: &Json, at: &str) -> Result<DynamicMessage> {
    if descriptor.full_name() == "google.protobuf.Timestamp" {
        return timestamp(descriptor, json, at);
    }
    let empty = Map::new();
    let fields = match json {
        Json::Object(fields) => fields,
        Json::Null => &empty,
        _ => return Err(mismatch(at, "an object", json)),
    };
    let mut built = DynamicMessage::new(descriptor.clone());
    for (name, value) in fields {
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        let field =
            descriptor.get_field_by_name(name).ok_or_else(|| unknown(&descriptor, name, &path))?;
        if !value.is_null() {
            built.set_field(&field, whole(&field, value, &path)?);
        }
    }
    Ok(built)
}

/// The value of a field: a list, a map or a single one.
fn whole(field: &FieldDescriptor, json: &Json, at: &str) -> Result<Value> {
    if field.is_map() {
        let Json::Object(entries) = json else { return Err(mismatch(at, "an object", json)) };
        let Kind::Message(entry) = field.kind() else { return Err(unsupported(at)) };
        let value_field = entry.map_entry_value_field();
        let entries = entries.iter().map(|(key, value)| {
            let value = single(&value_field, value, &format!("{at}.{key}"))?;
            Ok((MapKey::String(key.clone()), value))
        });
        return Ok(Value::Map(entries.collect::<Result<_>>()?));
    }
    if field.is_list() {
        let Json::Array(items) = json else { return Err(mismatch(at, "a list", json)) };
        let items = items
            .iter()
            .enumerate()
            .map(|(index, item)| single(field, item, &format!("{at}[{index}]")));
        return Ok(Value::List(items.collect::<Result<_>>()?));
    }
    single(field, json, at)
}

fn single(field: &FieldDescriptor, json: &Json, at: &str) -> Result<Value> {
    match field.kind() {
        Kind::Message(descriptor) => message(descriptor, json, at).map(Value::Message),
        Kind::Enum(descriptor) => enumerated(&descriptor, json, at),
        Kind::String => {
            let text = json.as_str().ok_or_else(|| mismatch(at, "a text", json))?;
            Ok(Value::String(text.to_owned()))
        }
        Kind::Bool => {
            json.as_bool().map(Value::Bool).ok_or_else(|| mismatch(at, "a boolean", json))
        }
        Kind::Bytes => {
            let text = json.as_str().and_then(|text| STANDARD.decode(text).ok());
            text.map(|bytes| Value::Bytes(bytes.into()))
                .ok_or_else(|| mismatch(at, "base64 text", json))
        }
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => integer(json, at).map(Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => integer(json, at).map(Value::I64),
        Kind::Uint32 | Kind::Fixed32 => integer(json, at).map(Value::U32),
        Kind::Uint64 | Kind::Fixed64 => integer(json, at).map(Value::U64),
        Kind::Double => number(json, at).map(Value::F64),
        #[expect(clippy::cast_possible_truncation, reason = "the protocol asks for 32 bits")]
        Kind::Float => number(json, at).map(|number| Value::F32(number as f32)),
    }
}

fn integer<T: TryFrom<i128>>(json: &Json, at: &str) -> Result<T> {
    let value = json.as_i64().map(i128::from).or_else(|| json.as_u64().map(i128::from));
    value
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| mismatch(at, "an integer that fits", json))
}

fn number(json: &Json, at: &str) -> Result<f64> {
    json.as_f64().ok_or_else(|| mismatch(at, "a number", json))
}

fn enumerated(descriptor: &EnumDescriptor, json: &Json, at: &str) -> Result<Value> {
    let text = json.as_str().ok_or_else(|| mismatch(at, "the name of a value", json))?;
    let found = descriptor.values().find(|value| value.name().eq_ignore_ascii_case(text));
    found.map(|value| Value::EnumNumber(value.number())).ok_or_else(|| {
        let known: Vec<_> =
            descriptor.values().map(|value| value.name().to_ascii_lowercase()).collect();
        Error::invalid(format!("{at}: {text:?} is not one of its values"))
            .hint(format!("one of: {}", known.join(", ")))
    })
}

fn timestamp(descriptor: MessageDescriptor, json: &Json, at: &str) -> Result<DynamicMessage> {
    let time: jiff::Timestamp = json
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| mismatch(at, "a time such as 2030-01-31T12:00:00Z", json))?;
    let mut built = DynamicMessage::new(descriptor);
    built.set_field_by_name("seconds", Value::I64(time.as_second()));
    built.set_field_by_name("nanos", Value::I32(time.subsec_nanosecond()));
    Ok(built)
}

fn mismatch(at: &str, expected: &str, json: &Json) -> Error {
    let got = match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    };
    Error::invalid(format!("{at}: expected {expected}, got {got}"))
}

fn unsupported(at: &str) -> Error {
    Error::internal(format!("field {at} has a kind that cannot be written"))
}

fn unknown(descriptor: &MessageDescriptor, name: &str, at: &str) -> Error {
    let error = Error::invalid(format!("{at}: {} has no such field", descriptor.name()));
    let known: Vec<String> = descriptor.fields().map(|field| field.name().to_owned()).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    match nearest(name, &known, 1).first() {
        Some(close) => error.hint(format!("did you mean {close}?")),
        None => error.hint(format!("its fields are: {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{THARSIS, to_json};

    fn request(service: &str, method: &str, json: &Json) -> Result<Json> {
        let input = THARSIS.unary(service, method).unwrap().input();
        from_json(input, json).map(|message| to_json(&message))
    }

    #[test]
    fn every_kind_of_field_is_written_and_read_back() {
        for (service, method, sent, read) in [
            (
                "Runs",
                "GetRuns",
                json!({"pagination_options": {"first": 5, "after": null}, "sort": "created_at_desc"}),
                json!({"pagination_options": {"first": 5}, "sort": "created_at_desc"}),
            ),
            (
                "Workspaces",
                "GetWorkspaces",
                json!({"label_filters": {"team": "net"}}),
                json!({"label_filters": {"team": "net"}}),
            ),
            (
                "Groups",
                "UpdateGroup",
                json!({"id": "g", "version": 7, "runner_tags": ["a", "b"]}),
                json!({"id": "g", "version": 7, "runner_tags": ["a", "b"]}),
            ),
            (
                "ServiceAccounts",
                "UpdateServiceAccount",
                json!({"id": "s", "client_secret_expires_at": "2030-01-31T12:00:00.5Z"}),
                json!({"id": "s", "oidc_trust_policies": [],
                    "client_secret_expires_at": "2030-01-31T12:00:00.5Z"}),
            ),
        ] {
            assert_eq!(request(service, method, &sent).unwrap(), read);
        }
    }

    #[test]
    fn what_does_not_fit_names_the_field() {
        for (json, message) in [
            (
                json!({"worksace_id": "w"}),
                "worksace_id: GetRunsRequest has no such field (did you mean workspace_id?)",
            ),
            (
                json!({"pagination_options": {"first": "5"}}),
                "pagination_options.first: expected an integer that fits, got a text",
            ),
            (
                json!({"pagination_options": {"first": 1_i64 << 40}}),
                "pagination_options.first: expected an integer that fits, got a number",
            ),
            (
                json!({"pagination_options": [1]}),
                "pagination_options: expected an object, got a list",
            ),
            (
                json!({"sort": "newest"}),
                "sort: \"newest\" is not one of its values (one of: created_at_asc, created_at_desc, updated_at_asc, updated_at_desc)",
            ),
            (json!([]), ": expected an object, got a list"),
        ] {
            let error = request("Runs", "GetRuns", &json).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
