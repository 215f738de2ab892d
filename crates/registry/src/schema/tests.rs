//! What the schemas accept and refuse, asked of a real validator.

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn accepts(schema: &Value, instance: &Value) -> bool {
    jsonschema::draft202012::new(schema).unwrap().is_valid(instance)
}

fn arg(toml: &str) -> Arg {
    toml::from_str(toml).unwrap()
}

#[test]
fn an_argument_accepts_its_type_and_nothing_else() {
    for (declared, good, bad) in [
        ("", json!("x"), json!(1)),
        ("max_length = 2", json!("éé"), json!("abc")),
        (r#"values = ["a", "b"]"#, json!("a"), json!("c")),
        ("type = 'integer'\nminimum = 1\nmaximum = 3", json!(3), json!(4)),
        ("type = 'number'", json!(1.5), json!("1.5")),
        ("type = 'boolean'", json!(true), json!("true")),
        ("type = 'object'", json!({"a": [1]}), json!([])),
        ("type = 'map'\nmax_items = 1", json!({"a": "b"}), json!({"a": "b", "c": "d"})),
        ("type = 'map'", json!({}), json!({"a": 1})),
        ("type = 'array'\nmax_items = 1", json!(["a"]), json!(["a", "b"])),
        ("type = 'array'\nvalues = ['a']", json!(["a", "a"]), json!(["b"])),
        (
            "type = 'objects'\nfields.k = { about = '', required = true }",
            json!([{"k": "v"}]),
            json!([{"k": "v", "x": 1}]),
        ),
        ("type = 'object'\nfields.k = { about = '' }", json!({}), json!({"x": 1})),
    ] {
        let schema = Value::Object(of(&arg(&format!("about = 'x'\n{declared}"))));
        assert!(accepts(&schema, &good), "{declared}: {good}");
        assert!(!accepts(&schema, &bad), "{declared}: {bad}");
    }
}

#[test]
fn text_has_a_bound_even_when_none_is_stated() {
    let schema = Value::Object(of(&arg("about = 'x'")));
    assert!(accepts(&schema, &json!("x".repeat(Arg::MAX_TEXT))));
    assert!(!accepts(&schema, &json!("x".repeat(Arg::MAX_TEXT + 1))));
}

#[test]
fn descriptions_and_defaults_are_carried_over() {
    let schema = of(&arg("about = 'How many'\ntype = 'integer'\ndefault = 3"));
    assert_eq!(
        Value::Object(schema),
        json!({"type": "integer", "description": "How many", "default": 3})
    );
}

#[test]
fn arguments_are_closed_and_name_what_is_required() {
    let args = BTreeMap::from([
        ("id".to_owned(), arg("about = ''\nrequired = true")),
        ("force".to_owned(), arg("about = ''\ntype = 'boolean'")),
    ]);
    let schema = Value::Object(fields(&args));
    for (instance, good) in [
        (json!({"id": "x"}), true),
        (json!({"id": "x", "force": false}), true),
        (json!({"force": true}), false),
        (json!({"id": "x", "other": 1}), false),
    ] {
        assert_eq!(accepts(&schema, &instance), good, "{instance}");
    }
}

fn result(notation: &str) -> Result<Value, NotationError> {
    output(&toml::from_str(notation).unwrap())
}

#[test]
fn optional_fields_of_a_result_may_be_missing_or_null() {
    let schema = result(
        r#"
        name = "string"
        at = "time?"
        tags = ["string?"]
        labels = "map?"
        extra = "any?"
        [plan]
        "?" = true
        count = "integer"
        "#,
    )
    .unwrap();
    let full = json!({"name": "n", "at": "2026-01-01T00:00:00Z", "tags": ["a"], "labels": {"a": "b"},
        "extra": 1, "plan": {"count": 1}, "unknown": true});
    let nulls =
        json!({"name": "n", "at": null, "tags": null, "labels": null, "extra": null, "plan": null});
    for (instance, good) in [
        (full, true),
        (nulls, true),
        (json!({"name": "n"}), true),
        (json!({}), false),
        (json!({"name": null}), false),
        (json!({"name": "n", "tags": [null]}), false),
        (json!({"name": "n", "labels": {"a": 1}}), false),
        (json!({"name": "n", "plan": {}}), false),
    ] {
        assert_eq!(accepts(&schema, &instance), good, "{instance}");
    }
}

#[test]
fn what_is_not_notation_is_refused_by_field() {
    for (notation, message) in [
        ("a = 'text'", "a: unknown type \"text\""),
        ("[a]\nb = '?string'", "a.b: unknown type"),
        ("a = []", "a: a list has exactly one element"),
        ("a = ['string', 'string']", "a: a list has exactly one element"),
        ("a = 1", "a: a type is a text"),
    ] {
        let error = result(notation).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
