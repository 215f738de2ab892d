//! What several GitOps applications are told at once, and `ApplicationSets`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pilothouse_model::{Error, Result};
use serde_json::{Value, json};

use super::{BodyInput, object, read};

pub(super) fn bulk_sync(input: BodyInput<'_>) -> Result<Value> {
    let body = input.body();
    let field = |name: &str| read::given(&body, name).cloned();
    let options = field("syncOptions");
    Ok(object([
        ("applicationTargets", Some(targets(&input)?)),
        ("dryRun", field("dryRun")),
        ("prune", field("prune")),
        ("strategy", field("strategy")),
        ("retryStrategy", field("retryStrategy")),
        ("syncOptions", options.map(|it| if it.is_array() { json!({ "items": it }) } else { it })),
    ]))
}

pub(super) fn refresh(input: BodyInput<'_>) -> Result<Value> {
    let body = input.body();
    Ok(json!({
        "applicationTargets": targets(&input)?,
        "refresh": body.get("refresh").cloned().unwrap_or_else(|| json!("normal")),
    }))
}

/// An `ApplicationSet` as it shall be. The platform takes the elements of list generators encoded, and
/// finds the one to change by its uid.
pub(super) fn application_set(input: BodyInput<'_>) -> Result<Value> {
    let body = input.body();
    let mut set = body.get("applicationset").cloned().unwrap_or_default();
    if set.pointer("/metadata/uid").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(Error::invalid("body.applicationset.metadata.uid: missing").hint(
            "gitops_applicationset.get shows it; pass the document as it is there, changed",
        ));
    }
    if let (Some(name), None) = (input.given("appset_id"), set.pointer("/metadata/name")) {
        set["metadata"]["name"] = name.clone();
    }
    if let Some(generators) = set.pointer_mut("/spec/generators") {
        encode_elements(generators);
    }
    Ok(object([
        ("applicationset", Some(set)),
        ("upsert", body.get("upsert").cloned()),
        ("dryRun", Some(body.get("dryRun").cloned().unwrap_or(json!(false)))),
    ]))
}

/// Elements of list generators, those inside of other generators included.
fn encode_elements(generators: &mut Value) {
    match generators {
        Value::Array(items) => items.iter_mut().for_each(encode_elements),
        Value::Object(fields) => {
            for (name, value) in fields {
                let elements = value.get_mut("elements").filter(|_| name == "list");
                match elements.and_then(Value::as_array_mut) {
                    Some(elements) => elements.iter_mut().for_each(encode),
                    None => encode_elements(value),
                }
            }
        }
        _ => {}
    }
}

fn encode(element: &mut Value) {
    if element.get("raw").is_none() {
        *element = json!({ "raw": STANDARD.encode(element.to_string()) });
    }
}

/// `body.targets`, or the one application that the arguments name.
fn targets(input: &BodyInput<'_>) -> Result<Value> {
    let body = input.body();
    let Some(targets) = body.get("targets").and_then(Value::as_array).filter(|it| !it.is_empty())
    else {
        return match (input.given("agent_id"), input.given("app_name")) {
            (Some(agent), Some(name)) => Ok(json!([target(agent, name)])),
            _ => Err(Error::invalid("no application is named")
                .hint("pass agent_id and app_name, or body.targets as a list of them")),
        };
    };
    let of =
        |item: &Value, names: [&str; 3]| names.into_iter().find_map(|it| item.get(it)).cloned();
    targets
        .iter()
        .map(|item| {
            let agent = of(item, ["agent_id", "agentIdentifier", "agentId"]);
            let name = of(item, ["app_name", "applicationName", "appName"]);
            agent
                .zip(name)
                .map(|(agent, name)| target(&agent, &name))
                .ok_or_else(|| Error::invalid("body.targets: each needs agent_id and app_name"))
        })
        .collect()
}

fn target(agent: &Value, name: &Value) -> Value {
    json!({"applicationName": name, "agentIdentifier": agent})
}
