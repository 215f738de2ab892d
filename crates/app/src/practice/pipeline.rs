//! Pipelines: YAML under an identifier, and the inputs a run of one asks for.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    page,
    refusal::Refusal,
    request::Ask,
    scene,
    state::{Item, State},
    success,
};

pub(super) fn answer(state: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    Some(match (&ask.method, segments.as_slice()) {
        (&Method::POST, ["pipeline", "api", "inputSets", "template"]) => template(state, ask),
        (method, ["pipeline", "api", "pipelines", rest @ ..]) => match (method, rest) {
            (&Method::POST, ["list"]) => Ok(list(state, ask)),
            (&Method::GET, ["summary", id]) => summary(state, ask, id),
            (&Method::GET, [id]) => get(state, ask, id),
            (&Method::POST, ["v2"]) => put(state, ask, None),
            (&Method::PUT, ["v2", id]) => put(state, ask, Some(id)),
            (&Method::DELETE, [id]) => delete(state, ask, id),
            _ => return None,
        },
        _ => return None,
    })
}

fn find<'a>(state: &'a State, ask: &Ask, id: &str) -> Result<&'a Item, Refusal> {
    let found = state.find("pipeline", ask.org(), ask.project(), id);
    found.ok_or_else(|| Refusal::not_found("Pipeline", id))
}

/// What lists and the summary show of a pipeline.
fn brief(state: &State, item: &Item) -> Value {
    let of_this = |pipeline: &str, org: &str| pipeline == item.id && org == item.org;
    let runs = state.executions.iter().filter(|run| of_this(&run.pipeline, &run.org)).count();
    json!({
        "identifier": item.id, "name": item.body["name"], "description": null, "tags": {},
        "version": 1, "numOfStages": 2, "modules": ["ci", "cd"], "storeType": "INLINE",
        "executionSummaryInfo": { "numOfErrors": [], "deployments": [runs] },
        "createdAt": 1_770_000_000_000_u64, "lastUpdatedAt": 1_770_000_000_000_u64,
    })
}

fn list(state: &State, ask: &Ask) -> Value {
    let words = ask.search().unwrap_or_default();
    let here = |item: &&Item| item.org == ask.org() && item.project == ask.project();
    let named = |item: &&Item| {
        let name = item.body["name"].as_str().unwrap_or_default().to_lowercase();
        name.contains(&words) || item.id.to_lowercase().contains(&words)
    };
    let found = state.all("pipeline").iter().filter(here).filter(named);
    page(ask, found.map(|item| brief(state, item)).collect())
}

fn summary(state: &State, ask: &Ask, id: &str) -> Result<Value, Refusal> {
    Ok(success(brief(state, find(state, ask, id)?)))
}

fn get(state: &State, ask: &Ask, id: &str) -> Result<Value, Refusal> {
    let yaml = &find(state, ask, id)?.body["yaml"];
    Ok(success(json!({ "yamlPipeline": yaml, "resolvedTemplatesPipelineYaml": yaml,
                       "modules": ["ci", "cd"], "storeType": "INLINE", "validationUuid": null })))
}

fn template(state: &State, ask: &Ask) -> Result<Value, Refusal> {
    let id = ask.query("pipelineIdentifier").unwrap_or_default();
    let yaml = find(state, ask, id)?.body["yaml"].as_str().unwrap_or_default();
    let asks = match yaml {
        yaml if scene::asks_for_source(yaml) => Some(scene::build_inputs(id)),
        yaml => yaml.contains("<+input>").then(|| scene::inputs("<+input>")),
    };
    Ok(success(json!({ "inputSetTemplateYaml": asks, "hasInputSets": true, "modules": ["ci"] })))
}

/// The first value of `key` in YAML.
pub(super) fn stated(yaml: &str, key: &str) -> Option<String> {
    let mut lines = yaml.lines().map(str::trim);
    let value = lines.find_map(|line| line.strip_prefix(key)?.trim().strip_prefix(':'))?;
    Some(value.trim().trim_matches('"').to_owned()).filter(|value| !value.is_empty())
}

/// Makes a pipeline, or replaces the one with this identifier.
fn put(state: &mut State, ask: &Ask, id: Option<&str>) -> Result<Value, Refusal> {
    let stated = |key| stated(&ask.text, key);
    let Some(named) = stated("identifier").or_else(|| id.map(str::to_owned)) else {
        return Err(Refusal::invalid("Invalid yaml: pipeline.identifier is missing"));
    };
    match id {
        Some(id) => drop(find(state, ask, id)?),
        None if find(state, ask, &named).is_ok() => {
            let message = format!("A pipeline with identifier [{named}] already exists");
            return Err(Refusal::new(400, "DUPLICATE_FIELD", message));
        }
        None => {}
    }
    let body = json!({ "name": stated("name").unwrap_or_else(|| named.clone()), "yaml": ask.text });
    let (org, project) = (ask.org().to_owned(), ask.project().to_owned());
    state.put("pipeline", Item { org, project, id: named.clone(), body });
    Ok(success(json!({ "identifier": named, "governanceMetadata": { "deny": false } })))
}

fn delete(state: &mut State, ask: &Ask, id: &str) -> Result<Value, Refusal> {
    if state.remove("pipeline", ask.org(), ask.project(), id) {
        return Ok(success(json!(true)));
    }
    Err(Refusal::not_found("Pipeline", id))
}
