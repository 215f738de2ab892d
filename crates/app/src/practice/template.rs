//! Templates: YAML under an identifier and a version.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    page, pipeline,
    refusal::Refusal,
    request::Ask,
    state::{Item, State},
    success,
};

const KIND: &str = "template";

pub(super) fn answer(state: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["template", "api", "templates", rest @ ..] = segments.as_slice() else { return None };
    Some(match (&ask.method, rest) {
        (&Method::POST, ["list" | "list-metadata"]) => Ok(list(state, ask)),
        (&Method::GET, [id]) => get(state, ask, id),
        (&Method::POST, []) => put(state, ask, None),
        (&Method::PUT, ["update", id, _]) => put(state, ask, Some(id)),
        (&Method::DELETE, [id, ..]) => delete(state, ask, id),
        _ => return None,
    })
}

/// Where a request acts: at the account, unless it says otherwise.
fn place(ask: &Ask) -> (&str, &str) {
    let part = |name| ask.query(name).unwrap_or_default();
    (part("orgIdentifier"), part("projectIdentifier"))
}

fn find<'a>(state: &'a State, ask: &Ask, id: &str) -> Result<&'a Item, Refusal> {
    let (org, project) = place(ask);
    let found = state.find(KIND, org, project, id);
    found.ok_or_else(|| Refusal::not_found("Template", id))
}

fn list(state: &State, ask: &Ask) -> Value {
    let words = ask.search().unwrap_or_default();
    let here = |item: &&Item| (item.org.as_str(), item.project.as_str()) == place(ask);
    let named = |item: &&Item| item.id.to_lowercase().contains(&words);
    let found = state.all(KIND).iter().filter(here).filter(named);
    page(ask, found.map(|item| item.body.clone()).collect())
}

fn get(state: &State, ask: &Ask, id: &str) -> Result<Value, Refusal> {
    Ok(success(find(state, ask, id)?.body.clone()))
}

/// Makes a template, or replaces the one with this identifier.
fn put(state: &mut State, ask: &Ask, id: Option<&str>) -> Result<Value, Refusal> {
    let stated = |key| pipeline::stated(&ask.text, key);
    let Some(named) = stated("identifier").or_else(|| id.map(str::to_owned)) else {
        return Err(Refusal::invalid("Invalid yaml: template.identifier is missing"));
    };
    match id {
        Some(id) => drop(find(state, ask, id)?),
        None if find(state, ask, &named).is_ok() => {
            let message = format!("A template with identifier [{named}] already exists");
            return Err(Refusal::new(400, "DUPLICATE_FIELD", message));
        }
        None => {}
    }
    let (org, project) = place(ask);
    let body = json!({
        "identifier": named, "name": stated("name"), "yaml": ask.text,
        "versionLabel": stated("versionLabel"), "templateEntityType": stated("type"),
        "orgIdentifier": org, "projectIdentifier": project, "stableTemplate": true,
    });
    let (org, project) = (org.to_owned(), project.to_owned());
    state.put(KIND, Item { org, project, id: named, body: body.clone() });
    Ok(success(json!({ "templateResponseDTO": body })))
}

fn delete(state: &mut State, ask: &Ask, id: &str) -> Result<Value, Refusal> {
    let (org, project) = place(ask);
    if state.remove(KIND, org, project, id) {
        return Ok(success(json!(true)));
    }
    Err(Refusal::not_found("Template", id))
}
