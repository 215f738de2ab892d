//! Documents: pipelines, input sets, triggers, templates and freezes travel as YAML, which JSON is
//! a part of. What is text already travels as it is, comments and all.

use pilothouse_model::{Error, Result};
use serde_json::{Value, json};

use super::{BodyInput, object, read};
use crate::yaml;

/// A document with its own envelope: a text, `{key: text}`, or the document as an object.
pub(super) fn enveloped(input: BodyInput<'_>, key: &str, envelope: &str) -> Result<Value> {
    match input.given("body") {
        Some(Value::String(text)) => Ok(json!(text)),
        Some(Value::Object(fields)) if !fields.is_empty() => {
            if let Some(text) = fields.get(key).and_then(Value::as_str) {
                return Ok(json!(text));
            }
            let mut document = fields.clone();
            for (name, argument) in
                [("orgIdentifier", "org_id"), ("projectIdentifier", "project_id")]
            {
                if let Some(value) = input.given(argument) {
                    document.entry(name).or_insert_with(|| value.clone());
                }
            }
            Ok(Value::Object(document))
        }
        _ => Err(missing("body", &format!("pass the YAML as text, or {{\"{envelope}\": {{…}}}}"))),
    }
}

/// A trigger as text, or as an object with or without its envelope.
pub(super) fn trigger(input: BodyInput<'_>) -> Result<Value> {
    let body = match input.given("body") {
        Some(Value::String(text)) => return Ok(json!(text)),
        Some(body) => body,
        None => return Ok(json!("")),
    };
    let inner = body.get("trigger").filter(|inner| inner.is_object()).unwrap_or(body);
    yaml::render(&json!({ "trigger": inner })).map(Value::String)
}

/// The inputs of a v1 run: a text, or an object that is written as one.
pub(super) fn inputs(input: BodyInput<'_>) -> Result<Value> {
    let in_body = || input.given("body")?.get("inputs_yaml");
    let text = match input.given("inputs").or_else(in_body) {
        Some(Value::String(text)) => Some(json!(text)),
        Some(values) => Some(json!(yaml::render(values)?)),
        None => None,
    };
    Ok(object([("inputs_yaml", text)]))
}

/// The text in one of these fields of the body, or the body itself.
pub(super) fn text(input: BodyInput<'_>, keys: &[&str]) -> Result<Value> {
    let body = input.given("body");
    if let Some(text) = body.and_then(Value::as_str) {
        return Ok(json!(text));
    }
    match keys.iter().find_map(|key| body?.get(*key).filter(|value| !value.is_null())) {
        Some(Value::String(text)) => Ok(json!(text)),
        Some(document) => yaml::render(document).map(Value::String),
        None => Err(missing(&format!("body.{}", keys[0]), "pass the YAML as text")),
    }
}

/// An infrastructure says everything twice: in fields, and in its own YAML.
pub(super) fn infrastructure(input: BodyInput<'_>) -> Result<Value> {
    let mut fields = match input.body().remove("infrastructureDefinition") {
        Some(Value::Object(inner)) => inner,
        _ => input.body(),
    };
    if let Some(id) = input.given("infrastructure_id") {
        fields.entry("identifier").or_insert_with(|| id.clone());
    }
    if fields.get("yaml").is_none_or(Value::is_null) {
        fields.remove("yaml");
        let text = yaml::render(&json!({ "infrastructureDefinition": fields }))?;
        fields.insert("yaml".to_owned(), json!(text));
    }
    Ok(Value::Object(fields))
}

/// The identifiers of the freeze windows to switch.
pub(super) fn freeze_ids(input: BodyInput<'_>) -> Result<Value> {
    let in_body = || input.given("body")?.get("freeze_ids");
    match in_body().or_else(|| input.given("freeze_ids")) {
        Some(Value::Array(ids)) if !ids.is_empty() => Ok(json!(ids)),
        Some(Value::String(id)) => Ok(json!([id])),
        _ => Err(missing("freeze_ids", "pass the identifiers as a list")),
    }
}

/// A template: in a field of the body, or the body itself under its envelope.
pub(super) fn older_template(input: BodyInput<'_>) -> Result<Value> {
    match input.given("body").and_then(|body| body.get("template")) {
        Some(template) => yaml::render(&json!({ "template": template })).map(Value::String),
        None => text(input, &["template_yaml", "yaml"]),
    }
}

/// A template of the newer API.
pub(super) fn template(input: BodyInput<'_>) -> Result<Value> {
    let document = text(input, &["template_yaml", "yaml"])?;
    let body = input.body();
    let field = |name: &str| read::given(&body, name).cloned();
    let argument = |name: &str| input.given(name).cloned();
    let identifier = field("identifier").or_else(|| argument("template_id"));
    let name = field("name").or_else(|| identifier.clone());
    let label = field("label").or_else(|| field("version_label"));
    let label = label.or_else(|| argument("version_label")).unwrap_or_else(|| json!("1.0.0"));
    Ok(object([
        ("template_yaml", Some(document)),
        ("yaml_version", Some(json!("1"))),
        ("identifier", identifier),
        ("name", name),
        ("label", Some(label)),
        ("git_details", Some(json!({"store_type": "INLINE"}))),
        ("description", field("description")),
        ("tags", field("tags")),
        ("is_stable", field("is_stable").or_else(|| argument("is_stable"))),
        ("comments", field("comments").or_else(|| argument("comments"))),
    ]))
}

/// Which templates to list.
pub(super) fn template_filter(input: BodyInput<'_>) -> Value {
    let kinds = input.given("template_type").cloned();
    object([("filterType", Some(json!("Template"))), ("templateEntityTypes", kinds)])
}

fn missing(what: &str, hint: &str) -> Error {
    Error::invalid(format!("{what}: missing")).hint(hint)
}
