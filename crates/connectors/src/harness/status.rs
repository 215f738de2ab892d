//! `project.status`: how a project does, from its newest executions.

use pilothouse_model::Result;
use serde_json::{Map, Value, json};

use crate::connector::hook::HookContext;

/// Entries of each list without a limit of the caller's.
const USUAL: u64 = 5;
/// Most entries of a list, whatever the caller's limit.
const MOST: u64 = 20;

/// Failed, running and recent executions, and a verdict. A list that cannot be read is named under
/// `_errors`, unless none can be.
pub(super) async fn project(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let limit = args.get("limit").and_then(Value::as_u64).unwrap_or(USUAL).clamp(1, MOST);
    let (org, project) = (args.get("org_id"), args.get("project_id"));
    let ask = |status: Option<&str>, limit: u64| {
        let mut question = json!({ "org_id": org, "project_id": project, "limit": limit });
        if let Some(status) = status {
            question["status"] = json!(status);
        }
        context.call("execution.list", question)
    };
    let (failed, running, recent) = futures::future::join3(
        ask(Some("Failed"), limit),
        ask(Some("Running"), limit),
        ask(None, (2 * limit).min(MOST)),
    )
    .await;
    if let (Err(_), Err(_), Err(_)) = (&failed, &running, &recent) {
        return recent;
    }
    let mut errors = Map::new();
    let [failed, running, recent] = [("failed", failed), ("running", running), ("recent", recent)]
        .map(|(name, answer)| {
            answer.unwrap_or_else(|error| {
                errors.insert(name.to_owned(), json!(error.to_string()));
                json!({})
            })
        });
    let mut status = json!({
        "project": { "org": org, "project": project },
        "summary": {
            "total_failed": total(&failed), "total_running": total(&running),
            "total_recent": total(&recent), "failure_rate_percent": failure_rate(&recent),
            "health": verdict(&recent, &failed),
        },
        "failed_executions": shown(&failed),
        "running_executions": shown(&running),
        "recent_activity": shown(&recent),
    });
    if !errors.is_empty() {
        status["_errors"] = Value::Object(errors);
    }
    Ok(status)
}

fn items(page: &Value) -> &[Value] {
    page["items"].as_array().map_or(&[], Vec::as_slice)
}

fn total(page: &Value) -> u64 {
    page["total"].as_u64().unwrap_or(items(page).len() as u64)
}

/// How many of the newest executions that have ended failed, in whole percent; none without such.
fn failure_rate(recent: &Value) -> Option<usize> {
    let has_ended = |run: &&Value| run["endTs"].as_u64().is_some_and(|end| end > 0);
    let ended = items(recent).iter().filter(has_ended).count();
    let failed = items(recent).iter().filter(has_ended).filter(|run| is_failed(run)).count();
    (200 * failed + ended).checked_div(2 * ended)
}

fn is_failed(run: &Value) -> bool {
    run["status"] == "Failed"
}

/// As good as the newest executions: old failures that were followed by successes do not count.
fn verdict(recent: &Value, failed: &Value) -> &'static str {
    let bad = items(recent).iter().filter(|run| is_failed(run)).count();
    match (bad, items(recent).len()) {
        (0, 0) if !items(failed).is_empty() => "failing",
        (0, _) => "healthy",
        (bad, all) if bad < all => "degraded",
        _ => "failing",
    }
}

fn shown(page: &Value) -> Vec<Value> {
    let brief = |run: &Value| {
        json!({
            "execution_id": run["planExecutionId"], "pipeline": run["pipelineIdentifier"],
            "name": run["name"], "status": run["status"],
            "started_at": run["startTs"], "ended_at": run["endTs"],
            "openInHarness": run["openInHarness"],
        })
    };
    items(page).iter().map(brief).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_executions_decide() {
        let page = |statuses: &[&str]| {
            let runs: Vec<Value> = statuses.iter().map(|it| json!({ "status": it })).collect();
            json!({ "items": runs })
        };
        for (recent, failed, expected) in [
            (page(&[]), page(&[]), "healthy"),
            (page(&["Success", "Running"]), page(&["Failed"]), "healthy"),
            (page(&["Failed", "Success"]), page(&["Failed"]), "degraded"),
            (page(&["Failed", "Failed"]), page(&["Failed", "Failed"]), "failing"),
            (page(&[]), page(&["Failed"]), "failing"),
        ] {
            assert_eq!(verdict(&recent, &failed), expected, "{recent}");
        }
    }

    #[test]
    fn executions_that_have_ended_make_the_failure_rate() {
        let ran = |status: &str| json!({"status": status, "endTs": 1});
        let running = json!({"status": "Running", "endTs": null});
        for (runs, expected) in [
            (json!([]), None),
            (json!([running]), None),
            (json!([ran("Success"), running]), Some(0)),
            (json!([ran("Failed"), ran("Success"), ran("Aborted"), running]), Some(33)),
            (json!([ran("Failed"), ran("Failed"), ran("Success")]), Some(67)),
            (json!([ran("Failed")]), Some(100)),
        ] {
            assert_eq!(failure_rate(&json!({ "items": runs })), expected, "{runs}");
        }
    }
}
