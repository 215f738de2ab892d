//! What answers say about the health of connectors, delegates and applications. Pure.

use std::time::Duration;

use pilothouse_model::{Error, Result, Timestamp};
use serde_json::{Value, json};

use crate::harness::clean;

/// A delegate that has not been heard of for so long is in trouble.
const SILENT: Duration = Duration::from_mins(5);
/// A replica that expires so soon wants an upgrade.
const EXPIRES_SOON: i64 = 7 * 24 * 60 * 60 * 1000;

pub(super) fn connector(found: &Value, test: &Value) -> Value {
    let own = found.get("connector").unwrap_or(found);
    let said = |value: &Value, names: [&str; 2]| {
        names.into_iter().find_map(|name| value.get(name)?.as_str().map(clean))
    };
    let spec = own.get("spec").cloned().unwrap_or_default();
    let auth = spec.pointer("/auth/type").or_else(|| spec.pointer("/credential/type"));
    let urls = ["url", "masterUrl", "dockerRegistryUrl", "jiraUrl"];
    let url = urls.into_iter().find_map(|name| spec.get(name));
    let errors = test.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
    let status = test.get("status").and_then(Value::as_str).unwrap_or("UNKNOWN");
    let healthy = status.eq_ignore_ascii_case("success");
    json!({
        "connector": {
            "name": own.get("name"),
            "identifier": own.get("identifier"),
            "type": own.get("type"),
            "description": own.get("description"),
            "auth_type": auth,
            "url": url,
        },
        "last_known_status": found.get("status"),
        "healthy": healthy,
        "test_result": {
            "status": status,
            "tested_at": test.get("testedAt").and_then(Value::as_i64)
                .map(|at| Timestamp(at).to_string()),
            "error_summary": said(test, ["errorSummary", "message"]),
            "errors": errors,
        },
    })
}

pub(super) fn delegates(items: &[Value], wanted: Option<&str>, now: Timestamp) -> Result<Value> {
    let named = |item: &&Value| {
        let wanted = wanted.unwrap_or_default();
        ["name", "delegateName", "identifier", "delegateGroupIdentifier", "uuid"]
            .into_iter()
            .any(|field| item.get(field).and_then(Value::as_str) == Some(wanted))
    };
    let chosen: Vec<&Value> = match wanted {
        Some(_) => items.iter().filter(named).collect(),
        None => items.iter().collect(),
    };
    if let Some(wanted) = wanted.filter(|_| chosen.is_empty()) {
        return Err(Error::not_found("delegate", wanted).hint("delegate.list shows them"));
    }
    let shown: Vec<Value> = chosen.into_iter().map(|item| delegate(item, now)).collect();
    let healthy =
        shown.iter().filter(|it| it["issues"].as_array().is_some_and(Vec::is_empty)).count();
    let (well, unwell): (Vec<_>, Vec<_>) =
        shown.into_iter().partition(|it| it["issues"].as_array().is_some_and(Vec::is_empty));
    Ok(json!({
        "total_delegates": items.len(),
        "healthy_count": healthy,
        "unhealthy_count": unwell.len(),
        "unhealthy_delegates": unwell,
        "healthy_delegates": well,
    }))
}

fn delegate(item: &Value, now: Timestamp) -> Value {
    let number = |names: [&str; 2]| names.into_iter().find_map(|name| item.get(name)?.as_i64());
    let heartbeat = number(["lastHeartBeat", "lastHeartbeat"]);
    let connected = item
        .get("connected")
        .or_else(|| item.get("activelyConnected"))
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let mut issues = Vec::new();
    if !connected {
        issues.push("it is not connected".to_owned());
    }
    if let Some(at) = heartbeat.filter(|at| now.since(Timestamp(*at)) > SILENT) {
        issues.push(format!("it was last heard of at {}", Timestamp(at)));
    }
    let replicas = item.get("delegateReplicas").or_else(|| item.get("delegateInstanceDetails"));
    let expiring = replicas
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|replica| {
            replica.get("expiringAt").or_else(|| replica.get("delegateExpirationTime"))?.as_i64()
        })
        .filter(|at| *at > 0)
        .min();
    if let Some(at) = expiring.filter(|at| at - now.0 < EXPIRES_SOON) {
        issues.push(format!("a replica is supported only until {}", Timestamp(at)));
    }
    if item.get("legacy").and_then(Value::as_bool) == Some(true) {
        issues.push("it is of the old kind, which is not supported any more".to_owned());
    }
    json!({
        "name": item.get("name").or_else(|| item.get("delegateName")),
        "type": item.get("type").or_else(|| item.get("delegateType")),
        "connected": connected,
        "last_heartbeat": heartbeat.map(|at| Timestamp(at).to_string()),
        "version": item.get("version"),
        "issues": issues,
    })
}

pub(super) fn application(found: &Value, tree: &Value, events: &Value, max: usize) -> Value {
    let app = found.get("app").unwrap_or(found);
    let at = |pointer: &str| app.pointer(pointer).and_then(Value::as_str);
    let health = at("/status/health/status").unwrap_or("Unknown");
    let sync = at("/status/sync/status").unwrap_or("Unknown");
    let conditions = app.pointer("/status/conditions").cloned().unwrap_or_else(|| json!([]));
    let nodes = tree.get("nodes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let state =
        |node: &Value| node.pointer("/health/status").and_then(Value::as_str).map(str::to_owned);
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
                "message": node.pointer("/health/message").and_then(Value::as_str).map(clean),
            })
        })
        .collect();
    let listed = events.get("items").or_else(|| events.get("events")).and_then(Value::as_array);
    let mut warnings: Vec<Value> = listed
        .into_iter()
        .flatten()
        .filter(|event| event.get("type").and_then(Value::as_str) == Some("Warning"))
        .map(|event| {
            json!({
                "reason": event.get("reason"),
                "message": event.get("message").and_then(Value::as_str).map(clean),
                "object": event.pointer("/involvedObject/name"),
                "last_seen": event.get("lastTimestamp"),
            })
        })
        .collect();
    let start = warnings.len().saturating_sub(max);
    let warnings = warnings.split_off(start);
    let mut issues = Vec::new();
    if health != "Healthy" {
        issues.push(format!("its health is {health}"));
    }
    if sync != "Synced" {
        issues.push(format!("it is not in sync: {sync}"));
    }
    if let Some(phase) = at("/status/operationState/phase")
        && phase != "Succeeded"
        && phase != "Running"
    {
        let message = at("/status/operationState/message").map(clean).unwrap_or_default();
        issues.push(format!("the last sync ended as {phase}: {message}"));
    }
    json!({
        "application": {
            "name": found.get("name").or_else(|| app.pointer("/metadata/name")),
            "agent": found.get("agentIdentifier"),
            "repository": app.pointer("/spec/source/repoURL"),
            "revision": app.pointer("/status/sync/revision"),
        },
        "overall_health": health,
        "sync_status": sync,
        "healthy": issues.is_empty(),
        "issues": issues,
        "last_sync_operation": app.pointer("/status/operationState/phase"),
        "conditions": conditions,
        "resource_tree": {
            "total_resources": nodes.len(),
            "unhealthy_resources": unwell,
        },
        "recent_warnings": warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delegates_say_what_is_wrong_with_them() {
        let now = Timestamp(1_000_000_000_000);
        let items = [
            json!({"name": "well", "connected": true, "lastHeartBeat": now.0 - 1000}),
            json!({"name": "silent", "connected": true, "lastHeartBeat": now.0 - 600_000}),
            json!({"name": "old", "connected": false, "legacy": true,
                "delegateReplicas": [{"expiringAt": now.0 + 1000}]}),
        ];
        let all = delegates(&items, None, now).unwrap();
        assert_eq!((&all["healthy_count"], &all["unhealthy_count"]), (&json!(1), &json!(2)));
        let one = delegates(&items, Some("old"), now).unwrap();
        assert_eq!(one["unhealthy_delegates"][0]["issues"].as_array().unwrap().len(), 3);
        assert!(delegates(&items, Some("nobody"), now).is_err());
    }

    #[test]
    fn an_application_that_is_not_well_says_why() {
        let found = json!({"name": "shop", "app": {"status": {
            "health": {"status": "Degraded"}, "sync": {"status": "OutOfSync"},
            "operationState": {"phase": "Failed", "message": "one resource failed"}}}});
        let tree = json!({"nodes": [
            {"kind": "Pod", "name": "p", "health": {"status": "Degraded", "message": "crash"}},
            {"kind": "Service", "name": "s", "health": {"status": "Healthy"}}]});
        let events = json!({"items": [{"type": "Warning", "reason": "BackOff", "message": "m"},
            {"type": "Normal"}]});
        let shown = application(&found, &tree, &events, 15);
        assert_eq!(shown["healthy"], false);
        assert_eq!(shown["issues"].as_array().unwrap().len(), 3);
        assert_eq!(shown["resource_tree"]["unhealthy_resources"][0]["name"], "p");
        assert_eq!(shown["recent_warnings"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_connector_says_whether_it_works() {
        let found = json!({"connector": {"identifier": "gh", "type": "Github",
            "spec": {"url": "https://git.example", "auth": {"type": "Ssh"}}},
            "status": {"status": "FAILURE"}});
        let shown = connector(&found, &json!({"status": "SUCCESS"}));
        assert_eq!(
            (&shown["healthy"], &shown["connector"]["auth_type"]),
            (&json!(true), &json!("Ssh"))
        );
        assert_eq!(connector(&found, &json!({"status": "FAILURE"}))["healthy"], false);
    }
}
