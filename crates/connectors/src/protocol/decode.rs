//! Messages to JSON: field names as in the protocol file, 64-bit integers as numbers, enums as
//! lower-case names, times as RFC 3339, bytes as base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value,
};
use serde_json::{Map, Value as Json, json};

/// What a newer protocol puts before the name of a field it replaced.
const DEPRECATED: &str = "deprecated_";
/// The zero of enums that have one for "not set".
const UNSPECIFIED: &str = "unspecified";

/// Fields with presence appear when they are set, all others always, except: empty identifiers
/// and maps and unspecified enums are absent, and `deprecated_x` appears as `x` where `x` is absent.
pub(crate) fn to_json(message: &DynamicMessage) -> Json {
    let descriptor = message.descriptor();
    if descriptor.full_name() == "google.protobuf.Timestamp" {
        return timestamp(message);
    }
    let mut fields = Map::new();
    for field in descriptor.fields() {
        if field.supports_presence() && !message.has_field(&field) {
            continue;
        }
        if let Some(json) = whole(&field, &message.get_field(&field)) {
            fields.insert(field.name().to_owned(), json);
        }
    }
    fold_generations(&mut fields);
    Json::Object(fields)
}

fn fold_generations(fields: &mut Map<String, Json>) {
    let old: Vec<_> = fields.keys().filter(|name| name.starts_with(DEPRECATED)).cloned().collect();
    for name in old {
        let value = fields.shift_remove(&name);
        let current = &name[DEPRECATED.len()..];
        if let Some(Json::String(text)) = value
            && !text.is_empty()
            && !fields.contains_key(current)
        {
            fields.insert(current.to_owned(), Json::String(text.to_ascii_lowercase()));
        }
    }
}

/// The JSON of a field, or nothing for a value that says "not set".
fn whole(field: &FieldDescriptor, value: &Value) -> Option<Json> {
    match value {
        Value::Map(entries) if entries.is_empty() => None,
        Value::Map(entries) => {
            let Kind::Message(entry) = field.kind() else { return None };
            let value_field = entry.map_entry_value_field();
            let mut entries: Vec<_> = entries
                .iter()
                .filter_map(|(key, value)| Some((key_text(key), single(&value_field, value)?)))
                .collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            Some(Json::Object(entries.into_iter().collect()))
        }
        Value::List(items) => {
            Some(Json::Array(items.iter().filter_map(|item| single(field, item)).collect()))
        }
        Value::String(text) if text.is_empty() && is_identifier(field.name()) => None,
        single_value => single(field, single_value),
    }
}

fn is_identifier(name: &str) -> bool {
    name == "id" || name == "trn" || name.ends_with("_id") || name.ends_with("_cursor")
}

fn single(field: &FieldDescriptor, value: &Value) -> Option<Json> {
    Some(match value {
        Value::Bool(value) => json!(value),
        Value::I32(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::U32(value) => json!(value),
        Value::U64(value) => json!(value),
        Value::F32(value) => json!(value),
        Value::F64(value) => json!(value),
        Value::String(value) => json!(value),
        Value::Bytes(value) => json!(STANDARD.encode(value)),
        Value::Message(message) => to_json(message),
        Value::EnumNumber(number) => match field.kind() {
            Kind::Enum(descriptor) => return enumerated(&descriptor, *number),
            _ => json!(number),
        },
        Value::List(_) | Value::Map(_) => return None,
    })
}

/// A number that this protocol does not know yet stays a number.
fn enumerated(descriptor: &EnumDescriptor, number: i32) -> Option<Json> {
    let Some(value) = descriptor.get_value(number) else { return Some(json!(number)) };
    let name = value.name().to_ascii_lowercase();
    (name != UNSPECIFIED).then_some(Json::String(name))
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

fn timestamp(message: &DynamicMessage) -> Json {
    let part = |name: &str| match message.get_field_by_name(name).as_deref() {
        Some(Value::I64(seconds)) => *seconds,
        Some(Value::I32(nanos)) => i64::from(*nanos),
        _ => 0,
    };
    let nanos = i32::try_from(part("nanos")).unwrap_or(0);
    // A time outside the years 1 to 9999 cannot be written; nothing is better than a wrong one.
    jiff::Timestamp::new(part("seconds"), nanos)
        .map_or(Json::Null, |time| Json::String(time.to_string()))
}

#[cfg(test)]
mod tests {
    use prost_reflect::MessageDescriptor;

    use super::*;
    use crate::protocol::{THARSIS, from_json};

    fn output(service: &str, method: &str) -> MessageDescriptor {
        THARSIS.unary(service, method).unwrap().output()
    }

    fn read(service: &str, method: &str, sent: &Json) -> Json {
        to_json(&from_json(output(service, method), sent).unwrap())
    }

    #[test]
    fn both_generations_of_a_status_read_the_same() {
        for (sent, status) in [
            (json!({"status": "PLANNED"}), json!("planned")),
            (json!({"deprecated_status": "planned"}), json!("planned")),
            (json!({"deprecated_status": "stale", "status": "ERRORED"}), json!("errored")),
            (json!({}), Json::Null),
        ] {
            let run = read("Runs", "GetRunByID", &sent);
            assert_eq!(run["status"], status, "{sent}");
            assert!(run.get("deprecated_status").is_none());
        }
    }

    #[test]
    fn enums_without_an_unspecified_value_keep_their_zero() {
        assert_eq!(read("Jobs", "GetJobByID", &json!({}))["status"], "queued");
    }

    #[test]
    fn unset_is_absent_and_default_is_shown() {
        let workspace = read(
            "Workspaces",
            "GetWorkspaceByID",
            &json!({"name": "prod", "metadata": {"id": "W", "version": 3,
                "created_at": "2026-01-02T03:04:05Z"}}),
        );
        assert_eq!(
            workspace,
            json!({
                "metadata": {"created_at": "2026-01-02T03:04:05Z", "version": 3, "id": "W"},
                "name": "prod", "description": "", "full_path": "", "created_by": "",
                "locked": false, "dirty_state": false,
            })
        );
    }

    #[test]
    fn bytes_are_base64_and_lists_stay_lists() {
        let outputs = read(
            "StateVersions",
            "GetStateVersionOutputs",
            &json!({"state_version_outputs": [{"name": "x", "value": "MQ=="}]}),
        );
        assert_eq!(outputs["state_version_outputs"][0]["value"], "MQ==");
        assert_eq!(
            read("StateVersions", "GetStateVersionOutputs", &json!({})),
            json!({"state_version_outputs": []})
        );
    }

    #[test]
    fn an_enum_value_from_the_future_stays_a_number() {
        let mut run = DynamicMessage::new(output("Runs", "GetRunByID"));
        run.set_field_by_name("status", Value::EnumNumber(99));
        assert_eq!(to_json(&run)["status"], 99);
    }
}
