//! What answers say about the health of GitOps applications. Pure.

use serde_json::{Value, json};

use crate::harness::clean;

/// The application itself, and what is wrong with it.
pub(super) fn shown(found: &Value) -> Value {
    let app = found.get("app").unwrap_or(found);
    let issues = issues(app);
    json!({
        "application": {
            "name": found.get("name").or_else(|| app.pointer("/metadata/name")),
            "agent": found.get("agentIdentifier"),
            "repository": app.pointer("/spec/source/repoURL"),
            "revision": app.pointer("/status/sync/revision"),
        },
        "overall_health": health(app),
        "sync_status": sync(app),
        "healthy": issues.is_empty(),
        "issues": issues,
        "last_sync_operation": app.pointer("/status/operationState/phase"),
        "conditions": app.pointer("/status/conditions").cloned().unwrap_or_else(|| json!([])),
    })
}

fn health(app: &Value) -> &str {
    text(app, "/status/health/status").unwrap_or("Unknown")
}

fn sync(app: &Value) -> &str {
    text(app, "/status/sync/status").unwrap_or("Unknown")
}

fn issues(app: &Value) -> Vec<String> {
    let mut issues = Vec::new();
    if health(app) != "Healthy" {
        issues.push(format!("its health is {}", health(app)));
    }
    if sync(app) != "Synced" {
        issues.push(format!("it is not in sync: {}", sync(app)));
    }
    if let Some(phase) = text(app, "/status/operationState/phase")
        && phase != "Succeeded"
        && phase != "Running"
    {
        let message = text(app, "/status/operationState/message").map(clean).unwrap_or_default();
        issues.push(format!("the last sync ended as {phase}: {message}"));
    }
    issues
}

/// How many resources the application has, and the first `max` of those that are not well.
pub(super) fn resources(tree: &Value, max: usize) -> Value {
    let nodes = tree.get("nodes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let state = |node: &Value| text(node, "/health/status").map(str::to_owned);
    let unwell: Vec<Value> = nodes
        .iter()
        .filter(|node| state(node).is_some_and(|state| state != "Healthy"))
        .take(max)
        .map(|node| {
            json!({
                "kind": node.get("kind"),
                "name": node.get("name"),
                "namespace": node.get("namespace"),
                "health": state(node),
                "message": text(node, "/health/message").map(clean),
            })
        })
        .collect();
    json!({ "total_resources": nodes.len(), "unhealthy_resources": unwell })
}

/// The last `max` warnings of the cluster.
pub(super) fn warnings(events: &Value, max: usize) -> Value {
    let listed = events.get("items").or_else(|| events.get("events")).and_then(Value::as_array);
    let mut warnings: Vec<Value> = listed
        .into_iter()
        .flatten()
        .filter(|event| text(event, "/type") == Some("Warning"))
        .map(|event| {
            json!({
                "reason": event.get("reason"),
                "message": text(event, "/message").map(clean),
                "object": event.pointer("/involvedObject/name"),
                "last_seen": event.get("lastTimestamp"),
            })
        })
        .collect();
    let start = warnings.len().saturating_sub(max);
    warnings.split_off(start).into()
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_that_is_not_well_says_why() {
        let found = json!({"name": "shop", "app": {"status": {
            "health": {"status": "Degraded"}, "sync": {"status": "OutOfSync"},
            "operationState": {"phase": "Failed", "message": "one resource failed"}}}});
        let shown = shown(&found);
        assert_eq!(shown["healthy"], false);
        assert_eq!(shown["issues"].as_array().unwrap().len(), 3);
        let tree = json!({"nodes": [
            {"kind": "Pod", "name": "p", "health": {"status": "Degraded", "message": "crash"}},
            {"kind": "Service", "name": "s", "health": {"status": "Healthy"}}]});
        let resources = resources(&tree, 15);
        assert_eq!(resources["total_resources"], 2);
        assert_eq!(resources["unhealthy_resources"][0]["name"], "p");
        let events = json!({"items": [{"type": "Warning", "reason": "BackOff", "message": "m"},
            {"type": "Normal"}]});
        assert_eq!(warnings(&events, 15).as_array().unwrap().len(), 1);
        assert_eq!(warnings(&events, 0), json!([]));
    }
}
