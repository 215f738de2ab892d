//! What several GitOps applications are told at once.

use pilothouse_model::{Error, Result};
use serde_json::{Value, json};

use super::{BodyInput, object};

pub(super) fn bulk_sync(input: BodyInput<'_>) -> Result<Value> {
    let body = input.body();
    let field = |name: &str| body.get(name).filter(|value| !value.is_null()).cloned();
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
