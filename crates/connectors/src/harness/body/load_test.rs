//! Load tests: flat fields in, the configuration of one tool out, and once more as a manifest.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pilothouse_model::Result;
use serde_json::{Map, Value, json};
use url::Url;

use super::{BodyInput, object, read::given};
use crate::yaml;

const LINUX: &str = "machine-chaos-linux";
const TOOL: &str = "Locust";

/// Fields that keep their meaning, with the platform's names for them.
const FIELDS: [(&str, &str); 8] = [
    ("service_references", "serviceReferences"),
    ("environment_id", "environmentIdentifier"),
    ("infra_id", "infraIdentifier"),
    ("target_type", "targetType"),
    ("max_duration_sec", "maxDurationSec"),
    ("cleanup_policy", "cleanupPolicy"),
    ("resources", "resources"),
    ("variables", "variables"),
];

/// Settings of a tool, with the platform's names for them.
const TUNABLES: [(&str, &str); 9] = [
    ("target_url", "targetUrl"),
    ("users", "targetUsers"),
    ("spawn_rate", "spawnRate"),
    ("duration_sec", "durationSec"),
    ("ramp_up_sec", "rampUpSec"),
    ("worker_count", "workerCount"),
    ("host_url", "hostUrl"),
    ("rps_limit", "rpsLimit"),
    ("iterations", "iterations"),
];

pub(super) fn create(input: BodyInput<'_>) -> Result<Value> {
    let body = input.body();
    let text = |name: &str, otherwise: &str| match given(&body, name) {
        Some(value) => value.clone(),
        None => json!(otherwise),
    };
    let name = text("name", "");
    let identity = given(&body, "identity").cloned().unwrap_or_else(|| {
        let plain = name.as_str().unwrap_or_default().to_lowercase();
        json!(plain.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
    });
    let target = text("target_type", LINUX);
    let tool = text("tool_type", TOOL);
    let plain = configuration(&body, &tool, false);
    let manifest = manifest(&body, &identity, &target, &tool, plain);
    let mut fields = Map::new();
    for (name, value) in [
        ("identity", identity),
        ("name", name),
        ("description", text("description", "")),
        ("tags", given(&body, "tags").cloned().unwrap_or_else(|| json!([]))),
        ("targetType", target),
        ("toolConfig", configuration(&body, &tool, true)),
        ("toolType", tool),
        ("yaml", json!(STANDARD.encode(yaml::render(&manifest)?))),
    ] {
        fields.insert(name.to_owned(), value);
    }
    for name in ["environment_id", "infra_id"] {
        fields.extend(given(&body, name).map(|value| (name.to_owned(), value.clone())));
    }
    rename(&body, &FIELDS, &mut fields);
    Ok(Value::Object(fields))
}

/// Only what is given changes.
pub(super) fn update(input: BodyInput<'_>) -> Value {
    let body = input.body();
    let mut test = Map::new();
    for name in ["name", "description", "tags"] {
        test.extend(given(&body, name).map(|value| (name.to_owned(), value.clone())));
    }
    rename(&body, &FIELDS, &mut test);
    if given(&body, "tool_config").is_some() || given(&body, "script").is_some() {
        let tool = given(&body, "tool_type").cloned().unwrap_or_else(|| json!(TOOL));
        test.insert("toolConfig".to_owned(), configuration(&body, &tool, true));
    }
    Value::Object(test)
}

/// A run without an identity gets a new one.
pub(super) fn run(input: BodyInput<'_>) -> Value {
    let body = input.body();
    let field = |name: &str| given(&body, name).or_else(|| input.given(name)).cloned();
    let new = || json!((input.new_id)());
    object([
        ("identity", Some(field("run_identity").unwrap_or_else(new))),
        ("name", field("run_name")),
        ("values", field("values")),
        ("runtimeValues", field("runtime_values")),
    ])
}

/// The configuration of the tool, under its name; scripts travel encoded.
fn configuration(body: &Map<String, Value>, tool: &Value, encoded: bool) -> Value {
    if let Some(whole) = given(body, "tool_config") {
        return whole.clone();
    }
    let tool = tool.as_str().unwrap_or(TOOL);
    let mut settings = Map::new();
    if let Some(script) = given(body, "script").and_then(Value::as_str) {
        let content = if encoded { STANDARD.encode(script) } else { script.to_owned() };
        settings.insert("mode".to_owned(), json!("script"));
        settings.insert("script".to_owned(), json!({ "content": content }));
    } else if let Some(image) = given(body, "script_image") {
        let entrypoint = given(body, "script_entrypoint").cloned();
        let image = object([
            ("image", Some(image.clone())),
            ("entrypoint", entrypoint),
            ("args", given(body, "load_args").cloned()),
            ("imagePullSecret", given(body, "image_pull_secret").cloned()),
        ]);
        settings.insert("mode".to_owned(), json!("image"));
        settings.insert("image".to_owned(), image);
    }
    for (name, key) in
        [("env_vars", "envVars"), ("properties", "properties"), ("thresholds", "thresholds")]
    {
        settings.extend(given(body, name).map(|value| (key.to_owned(), value.clone())));
    }
    let mut tunables = Map::new();
    // JMeter has all of this in its own plan.
    if !tool.eq_ignore_ascii_case("jmeter") {
        rename(body, &TUNABLES, &mut tunables);
    }
    if tool.eq_ignore_ascii_case("k6")
        && !tunables.contains_key("hostUrl")
        && let Some(url) = given(body, "target_url").and_then(Value::as_str)
        && let Ok(url) = Url::parse(url)
    {
        tunables.insert("hostUrl".to_owned(), json!(url.origin().ascii_serialization()));
    }
    if !tunables.is_empty() {
        settings.insert("tunables".to_owned(), Value::Object(tunables));
    }
    json!({ tool.to_lowercase(): settings })
}

fn manifest(
    body: &Map<String, Value>,
    identity: &Value,
    target: &Value,
    tool: &Value,
    configuration: Value,
) -> Value {
    let kind = if target == "kubernetes" { "kubernetes" } else { "linux" };
    let cleanup = given(body, "cleanup_policy").cloned().unwrap_or_else(|| json!("delete"));
    json!({
        "kind": "LoadTest",
        "apiVersion": "v1alpha1",
        "metadata": {"name": body.get("name")},
        "spec": object([
            ("identity", Some(identity.clone())),
            ("toolType", Some(tool.clone())),
            ("infraType", Some(json!(kind))),
            ("targetType", Some(target.clone())),
            ("cleanupPolicy", Some(cleanup)),
            ("infraId", given(body, "infra_id").cloned()),
            ("envId", given(body, "environment_id").cloned()),
            ("toolConfig", Some(configuration)),
        ]),
    })
}

fn rename(from: &Map<String, Value>, names: &[(&str, &str)], to: &mut Map<String, Value>) {
    for (name, key) in names {
        to.extend(given(from, name).map(|value| ((*key).to_owned(), value.clone())));
    }
}
