//! Feature flags, as Harness had them before they moved to feature management and experimentation.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    refusal::Refusal,
    request::Ask,
    state::{Item, State},
};

pub(super) const KIND: &str = "feature_flag";
const PATH: &str = "/cf/admin/features";

pub(super) fn answer(state: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let rest = ask.path.strip_prefix(PATH)?;
    let id = rest.strip_prefix('/').unwrap_or(rest);
    let found = state.find(KIND, ask.org(), ask.project(), id).cloned();
    let missing = || Refusal::not_found("feature flag", id);
    Some(match (&ask.method, id) {
        (&Method::GET, "") => Ok(list(state, ask)),
        (&Method::POST, "") => make(state, ask),
        (&Method::GET, _) => found.map(|item| item.body).ok_or_else(missing),
        (&Method::PATCH, _) => found.map(|item| switch(state, ask, item)).ok_or_else(missing),
        (&Method::DELETE, _) if state.remove(KIND, ask.org(), ask.project(), id) => Ok(json!({})),
        _ => Err(missing()),
    })
}

fn list(state: &State, ask: &Ask) -> Value {
    let here = |item: &&Item| item.org == ask.org() && item.project == ask.project();
    let features: Vec<Value> =
        state.all(KIND).iter().filter(here).map(|item| item.body.clone()).collect();
    json!({ "features": features, "itemCount": features.len(), "pageCount": 1, "pageIndex": 0 })
}

fn make(state: &mut State, ask: &Ask) -> Result<Value, Refusal> {
    let Some(id) = ask.json.get("identifier").and_then(Value::as_str) else {
        return Err(Refusal::invalid("identifier is required"));
    };
    let (org, project) = (ask.org().to_owned(), ask.project().to_owned());
    state.put(KIND, Item { org, project, id: id.to_owned(), body: ask.json.clone() });
    Ok(ask.json.clone())
}

/// Turns the flag on or off, as the instructions say.
fn switch(state: &mut State, ask: &Ask, mut item: Item) -> Value {
    let on = ask.json.pointer("/instructions/0/kind") == Some(&json!("turnFlagOn"));
    item.body["envProperties"]["state"] = json!(if on { "on" } else { "off" });
    let body = item.body.clone();
    state.put(KIND, item);
    body
}
