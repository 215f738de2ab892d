//! What answers say about the health of connectors and delegates. Pure.

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
    let (well, unwell): (Vec<_>, Vec<_>) =
        shown.into_iter().partition(|it| it["issues"].as_array().is_some_and(Vec::is_empty));
    Ok(json!({
        "total_delegates": items.len(),
        "healthy_count": well.len(),
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
