//! Code repositories, databases and portal workflows.

use pilothouse_model::{Error, Result};
use serde_json::{Map, Value, json};

use super::{BodyInput, object, read};
use crate::yaml;

/// A comment on a line of a pull request says on which side the line is.
pub(super) fn comment(input: BodyInput<'_>) -> Value {
    let mut body = input.body();
    let new = body.remove("line_new").filter(|line| !line.is_null());
    let line = new.clone().or_else(|| body.get("line_old").cloned()).filter(|line| !line.is_null());
    if let Some(line) = line {
        for name in ["line_start", "line_end"] {
            body.insert(name.to_owned(), line.clone());
            body.insert(format!("{name}_new"), json!(new.is_some()));
        }
    }
    Value::Object(body)
}

/// A migration written by a model, in a given pipeline or in the default one.
pub(super) fn migration(input: BodyInput<'_>) -> Value {
    let body = input.body();
    let field = |names: &[&str]| read::first(&body, names);
    let pipeline = field(&["pipelineIdentifier", "pipeline_identifier"]);
    let inputs = field(&["runtimeInputs", "runtime_inputs"]).filter(|_| pipeline.is_some());
    object([
        ("conversationId", field(&["conversationId", "conversation_id"])),
        ("schemaId", field(&["schemaId", "schema_id"])),
        ("instanceId", field(&["instanceId", "instance_id"])),
        ("changeset", field(&["changeset"])),
        ("useDefaultPipeline", field(&["useDefaultPipeline", "use_default_pipeline"])),
        ("pipelineIdentifier", pipeline),
        ("runtimeInputs", inputs),
    ])
}

pub(super) fn changesets(input: BodyInput<'_>) -> Value {
    let ids = input.given("changeset_ids").and_then(Value::as_array).into_iter().flatten();
    let changesets: Vec<Value> = ids.map(|id| json!({ "id": id })).collect();
    json!({ "changeSets": changesets })
}

/// Steps of a workflow name the parameters that stand for who runs it; they are filled in.
pub(super) fn workflow(input: BodyInput<'_>) -> Result<Value> {
    let body = input.body();
    let details = body.get("workflow_details").unwrap_or(&Value::Null);
    let identifier =
        [body.get("identifier"), details.get("identifier"), input.given("workflow_id")]
            .into_iter()
            .flatten()
            .find(|value| !value.is_null())
            .cloned()
            .ok_or_else(|| Error::invalid("workflow_id: missing"))?;
    let mut values = body.get("values").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(text) = details.get("yaml").and_then(Value::as_str) {
        let definition = yaml::parse("body.workflow_details.yaml", text)?;
        fill(&definition, body.get("api_key_secret"), &mut values);
    }
    Ok(json!({"identifier": identifier, "values": values}))
}

fn fill(definition: &Value, secret: Option<&Value>, values: &mut Map<String, Value>) {
    let parameter = |text: &Value| {
        let inner = text.as_str()?.trim().strip_prefix("${{")?.strip_suffix("}}")?;
        inner.trim().strip_prefix("parameters.").map(str::to_owned)
    };
    match definition {
        Value::Object(fields) => {
            for (name, value) in fields {
                let standing_for = match name.as_str() {
                    "apikey" => Some(json!("user.token")),
                    "apiKeySecret" => secret.cloned(),
                    _ => None,
                };
                if let (Some(parameter), Some(value)) = (parameter(value), standing_for) {
                    values.entry(parameter).or_insert(value);
                } else {
                    fill(value, secret, values);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fill(item, secret, values)),
        _ => {}
    }
}
