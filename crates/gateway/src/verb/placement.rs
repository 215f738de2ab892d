//! Arguments and fields of a body that were given in the place of each other: people know what they
//! want to say, and not always on which side of the body the platform wants it.

use pilothouse_registry::{
    Operation,
    spec::{Arg, ArgType},
};
use serde_json::{Map, Value};

use super::spelling;

/// Moves what is known on the other side only. What is there already wins.
pub(super) fn correct(operation: &Operation, arguments: &mut Map<String, Value>) {
    let Some(spec) = operation.args.get("body").map(|argument| &argument.spec) else { return };
    let given = arguments.remove("body");
    let was_given = given.is_some();
    let mut body = match given {
        None => Map::new(),
        Some(Value::Object(body)) => body,
        Some(other) => {
            arguments.insert("body".to_owned(), other);
            return;
        }
    };
    let fields = || spec.fields.iter().map(|(name, field)| (name.as_str(), field));
    let strange = arguments.keys().filter(|name| !operation.args.contains_key(*name));
    for name in strange.cloned().collect::<Vec<_>>() {
        let Some(own) = spelling::own_name(fields(), &name) else { continue };
        if let Some(value) = arguments.remove(&name) {
            body.entry(own).or_insert(value);
        }
    }
    for (name, argument) in &operation.args {
        if spec.fields.contains_key(name) || arguments.contains_key(name) && spec.open {
            continue;
        }
        // An open body keeps what it has, also if an argument needs it.
        let value = match (spec.open, argument.spec.required) {
            (false, _) if !spec.fields.is_empty() => body.remove(name),
            (true, true) => body.get(name).cloned(),
            _ => None,
        };
        if let Some(value) = value {
            arguments.entry(name).or_insert(value);
        }
    }
    body.retain(|name, value| !(value.is_null() && spec.fields.get(name).is_some_and(has_type)));
    if was_given || !body.is_empty() {
        arguments.insert("body".to_owned(), Value::Object(body));
    }
}

/// Nothing is no value of a type, so it was left out.
fn has_type(field: &Arg) -> bool {
    field.kind != ArgType::Any
}

#[cfg(test)]
mod tests {
    use pilothouse_registry::Catalog;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_on_the_wrong_side_is_moved() {
        for (operation, given, expected) in [
            (
                "harness.chaos_dr_test.create",
                json!({"tags": {"a": "b"}, "body": {"name": "n"}}),
                json!({"body": {"name": "n", "tags": {"a": "b"}}}),
            ),
            (
                "harness.chaos_action.create",
                json!({"action_type": "delay", "runProperties": {}, "body": {}}),
                json!({"body": {"type": "delay", "run_properties": {}}}),
            ),
            // What the body says itself wins.
            (
                "harness.chaos_dr_test.create",
                json!({"tags": "x", "body": {"tags": {"a": "b"}}}),
                json!({"body": {"tags": {"a": "b"}}}),
            ),
            (
                "harness.iacm_provider.update",
                json!({"id": "i", "body": {"version": "1", "protocol": []}}),
                json!({"id": "i", "version": "1", "body": {"protocol": []}}),
            ),
            (
                "harness.template.update",
                json!({"template_id": "t", "body": {"version_label": "v", "template_yaml": "y"}}),
                json!({"template_id": "t", "version_label": "v",
                       "body": {"version_label": "v", "template_yaml": "y"}}),
            ),
            // Nothing is left out where it could be no value.
            (
                "harness.service.update",
                json!({"body": {"name": "n", "description": null, "other": null}}),
                json!({"body": {"name": "n", "other": null}}),
            ),
            (
                "harness.pipeline.create",
                json!({"branch": "b", "body": "yaml"}),
                json!({"branch": "b", "body": "yaml"}),
            ),
            ("harness.template.create", json!({"colour": 1}), json!({"colour": 1})),
            ("harness.agent.update", json!({"body": {}}), json!({"body": {}})),
        ] {
            let Value::Object(mut arguments) = given.clone() else { panic!("{operation}") };
            correct(Catalog::embedded().operation(operation).unwrap(), &mut arguments);
            assert_eq!(Value::Object(arguments), expected, "{operation}: {given}");
        }
    }
}
