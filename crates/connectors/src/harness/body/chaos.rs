//! Chaos engineering: fields that the platform spells differently from how callers do.

use pilothouse_model::{Error, Result};
use serde_json::{Map, Value, json};

use super::{
    BodyInput, object,
    read::{first, listed},
};

/// Without an identifier, the experiment gets a new one.
pub(super) fn experiment(input: BodyInput<'_>) -> Value {
    let body = input.body();
    let field = |names: &[&str]| first(&body, names);
    let infrastructure = field(&["infra_id", "infraId"]);
    let kind = field(&["infra_type", "infraType"]);
    object([
        ("id", Some(field(&["id"]).unwrap_or_else(|| json!((input.new_id)())))),
        ("identity", field(&["identity"])),
        ("name", field(&["name"])),
        ("manifest", field(&["manifest"])),
        ("infraId", infrastructure.clone()),
        ("infra_id", infrastructure),
        ("infraType", kind.clone()),
        ("infra_type", kind),
        ("description", field(&["description"])),
        ("tags", field(&["tags"]).map(listed)),
        ("cronSyntax", field(&["cron_syntax", "cronSyntax"])),
        ("isSingleRunCronEnabled", field(&["is_single_run_cron", "isSingleRunCronEnabled"])),
        ("experimentType", field(&["experiment_type", "experimentType"])),
    ])
}

/// Values of variables, of the experiment and of its tasks.
pub(super) fn experiment_run(input: BodyInput<'_>) -> Result<Value> {
    let mut run = Map::new();
    if let Some(identity) = input.either("inputset_identity") {
        run.insert("inputsetIdentity".to_owned(), identity);
    }
    let mut values = match input.either("runtime_inputs") {
        Some(Value::Object(values)) => values,
        _ => Map::new(),
    };
    if let Some(variables) = input.either("experiment_variables") {
        values.insert("experiment".to_owned(), pairs("experiment_variables", &variables)?);
    }
    if let Some(Value::Object(tasks)) = input.either("tasks") {
        let tasks: Result<Map<_, _>> = tasks
            .iter()
            .map(|(task, values)| Ok((task.clone(), pairs("tasks", values)?)))
            .collect();
        values.insert("tasks".to_owned(), Value::Object(tasks?));
    }
    if !values.is_empty() {
        run.insert("runtimeInputs".to_owned(), Value::Object(values));
    }
    Ok(Value::Object(run))
}

/// `[{name, value}]`, which callers may write as an object.
fn pairs(argument: &str, values: &Value) -> Result<Value> {
    match values {
        Value::Object(values) => {
            let pair = |(name, value): (&String, &Value)| json!({"name": name, "value": value});
            Ok(values.iter().map(pair).collect())
        }
        Value::Array(items) if items.iter().all(|item| item.get("name").is_some()) => {
            let pair = |item: &Value| {
                object([("name", item.get("name").cloned()), ("value", item.get("value").cloned())])
            };
            Ok(items.iter().map(pair).collect())
        }
        _ => Err(Error::invalid(format!("{argument}: not variables with values"))
            .hint("pass {\"NAME\": \"value\"}, or [{\"name\": …, \"value\": …}]")),
    }
}

/// Without an identity, an action is called by its name.
pub(super) fn action(input: BodyInput<'_>) -> Value {
    let body = input.body();
    let field = |names: &[&str]| first(&body, names);
    let name = field(&["name"]);
    let infrastructure = field(&["infrastructure_type", "infrastructureType"]);
    let kind = field(&["type", "action_type"]);
    let delay = || {
        let is_delay = kind.as_ref()?.as_str()?.eq_ignore_ascii_case("delay");
        Some(json!({"delayAction": {"duration": field(&["duration"]).filter(|_| is_delay)?}}))
    };
    object([
        ("identity", field(&["identity"]).or_else(|| name.clone())),
        ("name", name),
        ("description", field(&["description"])),
        ("tags", field(&["tags"]).map(listed)),
        ("infrastructureType", infrastructure.clone()),
        ("infrastructure_type", infrastructure),
        ("type", kind.clone()),
        ("variables", field(&["variables"])),
        ("actionProperties", field(&["action_properties", "actionProperties"]).or_else(delay)),
        ("runProperties", field(&["run_properties", "runProperties"])),
        ("inputs", Some(field(&["inputs"]).unwrap_or_else(|| json!([])))),
    ])
}

/// A service that chaos may be applied to.
pub(super) fn service(input: BodyInput<'_>) -> Result<Value> {
    let body = input.body();
    let field = |names: &[&str]| first(&body, names).or_else(|| first(input.args, names));
    let external = field(&["external_service_id", "externalServiceId"]);
    let agent = field(&["agent_id", "agentId"]);
    let environment = field(&["environment_id", "environmentId"]);
    let infrastructure = field(&["infrastructure_id", "infrastructureId"]);
    let probes = field(&["probes"]);
    let is_list =
        |probes: &Value| probes.as_array().is_some_and(|it| it.iter().all(Value::is_object));
    if probes.as_ref().is_some_and(|probes| !is_list(probes)) {
        return Err(Error::invalid("probes: not a list of objects")
            .hint("pass [{\"probe_id\": …}]; chaos_probe.list shows which there are"));
    }
    Ok(object([
        ("identity", field(&["identity"]).or_else(|| input.given("identity").cloned())),
        ("name", field(&["name"])),
        ("description", field(&["description"])),
        ("tags", field(&["tags"]).map(listed)),
        ("externalServiceId", external.clone()),
        ("external_service_id", external),
        ("agentId", agent.clone()),
        ("agent_id", agent),
        ("environmentId", environment.clone()),
        ("environment_id", environment),
        ("infrastructureId", infrastructure.clone()),
        ("infrastructure_id", infrastructure),
        ("infrastructureType", field(&["infrastructure_type", "infrastructureType"])),
        ("onboardingId", field(&["onboarding_id", "onboardingId"])),
        ("probes", probes),
    ]))
}

/// As [`service`]; which one is changed is in the path.
pub(super) fn service_change(input: BodyInput<'_>) -> Result<Value> {
    let mut body = service(input)?;
    if let Some(fields) = body.as_object_mut() {
        fields.remove("identity");
        fields.remove("onboardingId");
    }
    Ok(body)
}

/// A cluster that experiments run in. It is called by its identity, and gets the platform's usual
/// namespace and account, as far as a caller says nothing else.
pub(super) fn infrastructure(input: BodyInput<'_>) -> Value {
    let body = input.body();
    let own = |names: &[&str]| first(&body, names);
    let field = |names: &[&str]| own(names).or_else(|| first(input.args, names));
    let upper = |names: &[&str], usual: &str| {
        let text = field(names).and_then(|it| it.as_str().map(str::to_ascii_uppercase));
        Some(json!(text.unwrap_or_else(|| usual.to_owned())))
    };
    let or = |names: &[&str], usual: Value| Some(field(names).unwrap_or(usual));
    let identity = field(&["identity"]);
    object([
        ("identity", identity.clone()),
        ("name", field(&["name"])),
        ("environmentID", field(&["environment_id", "environmentId"])),
        ("infraID", own(&["infra_id", "infraId"]).or(identity)),
        ("infraNamespace", or(&["infra_namespace", "infraNamespace"], json!("hce"))),
        ("serviceAccount", or(&["service_account", "serviceAccount"], json!("litmus"))),
        ("infraScope", upper(&["infra_scope", "infraScope"], "CLUSTER")),
        ("infraType", upper(&["infra_type", "infraType"], "KUBERNETES")),
        ("aiEnabled", or(&["ai_enabled", "aiEnabled"], json!(false))),
        ("insecureSkipVerify", or(&["insecure_skip_verify", "insecureSkipVerify"], json!(false))),
        ("k8sConnectorID", field(&["k8s_connector_id", "k8sConnectorID"])),
        ("discoveryAgentID", field(&["discovery_agent_id", "discoveryAgentID"])),
        ("description", field(&["description"])),
        ("tags", field(&["tags"]).map(listed)),
    ])
}

pub(super) fn infrastructure_filter(input: BodyInput<'_>) -> Value {
    let kind = input.given("infra_type").and_then(Value::as_str);
    let filter = object([
        ("infraTypeFilter", kind.map(|kind| json!(kind.to_ascii_uppercase()))),
        ("infraScope", input.given("infra_scope").cloned()),
        ("isAIEnabled", input.given("is_ai_enabled").cloned()),
    ]);
    if filter == json!({}) { filter } else { json!({ "filter": filter }) }
}
