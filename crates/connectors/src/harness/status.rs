//! `project.status`: how a project does, from its newest executions.

use pilothouse_model::Result;
use serde_json::{Map, Value, json};

use super::{config::LINK, execution::State};
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
        .map(|(name, answer)| match answer {
            Ok(page) => Some(page),
            Err(error) => {
                errors.insert(name.to_owned(), json!(error.to_string()));
                None
            }
        });
    let [failed, running, recent] = [&failed, &running, &recent].map(Option::as_ref);
    let mut status = json!({
        "project": { "org": org, "project": project },
        "summary": {
            "total_failed": failed.map(total), "total_running": running.map(total),
            "total_recent": recent.map(total),
            "failure_rate_percent": recent.and_then(failure_rate),
            "health": verdict(recent, failed),
        },
        "failed_executions": failed.map(shown).unwrap_or_default(),
        "running_executions": running.map(shown).unwrap_or_default(),
        "recent_activity": recent.map(shown).unwrap_or_default(),
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

fn states(page: &Value) -> impl Iterator<Item = State> {
    items(page).iter().map(|run| State::of(run["status"].as_str().unwrap_or_default()))
}

/// How many of the newest executions that have ended failed, in whole percent; none without such.
fn failure_rate(recent: &Value) -> Option<usize> {
    let ended = states(recent).filter(|state| state.has_ended()).count();
    let failed = states(recent).filter(|state| state.has_failed()).count();
    (200 * failed + ended).checked_div(2 * ended)
}

/// As good as the newest executions: old failures that were followed by successes do not count.
fn verdict(recent: Option<&Value>, failed: Option<&Value>) -> &'static str {
    let Some(recent) = recent else { return "unknown" };
    let bad = states(recent).filter(|state| state.has_failed()).count();
    match (bad, items(recent).len()) {
        (0, 0) if failed.is_some_and(|failed| !items(failed).is_empty()) => "failing",
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
            LINK: run[LINK],
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
            (page(&["Errored", "Expired", "ApprovalRejected", "Aborted"]), page(&[]), "failing"),
            (page(&["Errored", "Success"]), page(&[]), "degraded"),
            (page(&["Success", "Running"]), page(&["Failed"]), "healthy"),
            (page(&["Failed", "Success"]), page(&["Failed"]), "degraded"),
            (page(&["Failed", "Failed"]), page(&["Failed", "Failed"]), "failing"),
            (page(&[]), page(&["Failed"]), "failing"),
        ] {
            assert_eq!(verdict(Some(&recent), Some(&failed)), expected, "{recent}");
            assert_eq!(verdict(None, Some(&failed)), "unknown", "the newest could not be read");
        }
        assert_eq!(verdict(Some(&page(&["Success"])), None), "healthy");
    }

    #[test]
    fn executions_that_have_ended_make_the_failure_rate() {
        let ran = |status: &str| json!({ "status": status });
        let running = ran("Running");
        for (runs, expected) in [
            (json!([]), None),
            (json!([running]), None),
            (json!([ran("Success"), running]), Some(0)),
            (json!([ran("Failed"), ran("Success"), ran("Success"), running]), Some(33)),
            (json!([ran("Errored"), ran("Expired"), ran("Aborted"), ran("Success")]), Some(75)),
            (json!([ran("Discontinuing"), ran("Success")]), Some(0)),
            (json!([ran("Failed"), ran("Failed"), ran("Success")]), Some(67)),
            (json!([ran("Failed")]), Some(100)),
        ] {
            assert_eq!(failure_rate(&json!({ "items": runs })), expected, "{runs}");
        }
    }
}
