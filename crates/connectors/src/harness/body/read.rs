//! How the fields of bodies are read: under one of several names, as a list, as texts.

use serde_json::{Map, Value, json};

/// A field that has a value.
pub(in crate::harness) fn given<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

/// The first of these fields that has a value.
pub(in crate::harness) fn first(fields: &Map<String, Value>, names: &[&str]) -> Option<Value> {
    names.iter().find_map(|name| given(fields, name)).cloned()
}

/// A single value as a list of it.
pub(in crate::harness) fn listed(value: Value) -> Value {
    if value.is_array() { value } else { json!([value]) }
}

/// A list, or a text with commas.
pub(in crate::harness) fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        }
        Some(Value::String(text)) => {
            text.split(',').map(|item| item.trim().to_owned()).filter(|it| !it.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_may_have_several_names_and_no_value() {
        let fields = json!({"a": null, "b": 1, "c": 2}).as_object().unwrap().clone();
        assert_eq!(first(&fields, &["a", "c", "b"]), Some(json!(2)));
        assert_eq!(first(&fields, &["a", "d"]), None);
    }

    #[test]
    fn a_list_may_be_written_in_several_ways() {
        for value in [json!(["a", "b"]), json!("a, b,"), json!(["a", 1, "b"])] {
            assert_eq!(texts(Some(&value)), ["a", "b"], "{value}");
        }
        assert!(texts(None).is_empty() && texts(Some(&json!(1))).is_empty());
        assert_eq!([listed(json!("a")), listed(json!(["a"]))], [json!(["a"]), json!(["a"])]);
    }
}
