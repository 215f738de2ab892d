//! GitOps applications: two of one agent, the second degraded until it is synced.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    refusal::Refusal,
    request::Ask,
    state::{Item, State},
};

pub(super) fn answer(state: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["gitops", "api", "v1", rest @ ..] = segments.as_slice() else { return None };
    Some(match (&ask.method, rest) {
        (&Method::POST, ["applications"]) => Ok(list(state, ask)),
        (method, ["agents", agent, "applications", name, below @ ..]) => {
            let Some(index) = position(state, agent, name) else {
                return Some(Err(Refusal::not_found("application", name)));
            };
            let item = &mut state.items.entry(KIND).or_default()[index];
            match (method, below) {
                (&Method::GET, []) => Ok(item.body.clone()),
                (&Method::POST, ["sync"]) => {
                    item.body = application(agent, name, true);
                    Ok(item.body.clone())
                }
                (&Method::GET, ["resource-tree"]) => Ok(tree(item)),
                (&Method::GET, ["events"]) => Ok(events(item)),
                _ => return None,
            }
        }
        _ => return None,
    })
}

pub(super) const KIND: &str = "gitops_application";

fn position(state: &State, agent: &str, name: &str) -> Option<usize> {
    let wanted = |item: &Item| item.id == name && item.body["agentIdentifier"] == agent;
    state.all(KIND).iter().position(wanted)
}

fn list(state: &State, ask: &Ask) -> Value {
    let words = ask.search().unwrap_or_default();
    let found = state.all(KIND).iter().filter(|item| item.id.contains(&words));
    let content: Vec<Value> = found.map(|item| item.body.clone()).collect();
    json!({ "totalItems": content.len(), "pageSize": 20, "pageIndex": 0, "content": content })
}

/// An application as the agent reports it.
pub(super) fn application(agent: &str, name: &str, healthy: bool) -> Value {
    let (health, sync) = if healthy { ("Healthy", "Synced") } else { ("Degraded", "OutOfSync") };
    json!({
        "agentIdentifier": agent, "name": name, "accountIdentifier": super::ACCOUNT,
        "orgIdentifier": super::ORG, "projectIdentifier": super::PROJECT,
        "app": {
            "metadata": { "name": name, "namespace": "gitops" },
            "spec": { "source": { "repoURL": "https://git.example/shop.git", "path": "deploy" } },
            "status": { "health": { "status": health }, "sync": { "status": sync } },
        },
    })
}

fn is_healthy(item: &Item) -> bool {
    item.body.pointer("/app/status/health/status") == Some(&json!("Healthy"))
}

fn tree(item: &Item) -> Value {
    let health = if is_healthy(item) { "Healthy" } else { "Degraded" };
    json!({ "nodes": [
        { "kind": "Deployment", "name": item.id, "namespace": "shop",
          "health": { "status": health } },
        { "kind": "Service", "name": item.id, "namespace": "shop",
          "health": { "status": "Healthy" } },
    ] })
}

fn events(item: &Item) -> Value {
    let warning = json!({ "type": "Warning", "reason": "BackOff", "count": 7,
                          "message": "Back-off pulling image" });
    let items = if is_healthy(item) { vec![] } else { vec![warning] };
    json!({ "items": items })
}
