//! `workspace.status`: the condition of a workspace at a glance.

use std::collections::BTreeMap;

use pilothouse_model::Result;
use serde_json::{Map, Value, json};

use super::{
    answer::{items, object, owned_at, text, text_at},
    next,
};
use crate::connector::hook::HookContext;

/// How many runs the counts and the last good run are looked for in.
const RECENT_RUNS: usize = 20;

pub(super) async fn status(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let workspace = context.call("workspace.get", json!({"id": text(&args, "id")})).await?;
    let id = owned_at(&workspace, "/metadata/id").unwrap_or_default();
    let list = json!({"workspace_id": id, "limit": RECENT_RUNS, "sort": "CREATED_AT_DESC"});
    let runs = context.call("run.list", list).await?;
    Ok(summary(&workspace, &id, items(&runs)))
}

/// `runs` are the newest, newest first.
fn summary(workspace: &Value, id: &str, runs: &[Value]) -> Value {
    let status = |run: &Value| owned_at(run, "/status").unwrap_or_default();
    let mut counts = BTreeMap::<String, usize>::new();
    for run in runs {
        *counts.entry(status(run)).or_default() += 1;
    }
    let real = || runs.iter().filter(|run| run.get("speculative") != Some(&Value::Bool(true)));
    let latest = real().next();
    let failing = latest.filter(|run| status(run) == "errored");
    let good =
        real().find(|run| matches!(status(run).as_str(), "applied" | "planned_and_finished"));
    let works = |run: &&Value| matches!(status(run).as_str(), "planning" | "applying");
    let active =
        runs.iter().find(works).or_else(|| runs.iter().find(|run| is_active(&status(run))));
    let flag = |name: &str| workspace.get(name) == Some(&Value::Bool(true));
    object([
        ("workspace_id", Some(json!(id))),
        ("trn", workspace.pointer("/metadata/trn").cloned()),
        ("full_path", workspace.get("full_path").cloned()),
        ("condition", Some(json!(condition(flag("locked"), flag("dirty_state"), latest)))),
        ("locked", Some(json!(flag("locked")))),
        ("dirty_state", Some(json!(flag("dirty_state")))),
        ("current_state_version_id", workspace.get("current_state_version_id").cloned()),
        ("latest_run", latest.map(brief)),
        ("failing_run", failing.map(brief)),
        ("active_run", active.map(brief)),
        ("last_good_run", good.map(brief)),
        ("recent_runs_by_status", Some(json!(counts))),
        ("next_steps", Some(json!(next_steps(id, flag("locked"), flag("dirty_state"), latest)))),
    ])
}

pub(super) fn is_active(status: &str) -> bool {
    !matches!(
        status,
        "applied" | "planned_and_finished" | "errored" | "canceled" | "discarded" | "planned"
    )
}

/// One word for the whole.
fn condition(locked: bool, dirty: bool, latest: Option<&Value>) -> &'static str {
    let status = latest.and_then(|run| text_at(run, "/status"));
    match status {
        _ if dirty => "dirty",
        Some("errored") => "failing",
        _ if locked => "locked",
        None => "empty",
        Some("planned") => "waiting_for_approval",
        Some(status) if is_active(status) => "busy",
        Some(_) => "idle",
    }
}

pub(super) fn brief(run: &Value) -> Value {
    let error = ["/plan/error_message", "/apply/error_message"]
        .into_iter()
        .find_map(|pointer| text_at(run, pointer));
    object([
        ("run_id", run.pointer("/metadata/id").cloned()),
        ("status", run.get("status").cloned()),
        ("created_at", run.pointer("/metadata/created_at").cloned()),
        ("created_by", run.get("created_by").cloned()),
        ("is_destroy", run.get("is_destroy").filter(|it| **it == Value::Bool(true)).cloned()),
        ("error_message", error.map(|error| json!(super::clean(error)))),
    ])
}

fn next_steps(id: &str, locked: bool, dirty: bool, latest: Option<&Value>) -> Vec<Value> {
    let run = latest.and_then(|run| text_at(run, "/metadata/id")).unwrap_or_default();
    let mut steps = match latest.and_then(|run| text_at(run, "/status")) {
        None => vec![next::step(
            "configuration_version.upload",
            &json!({"workspace_id": id}),
            "nothing was run here yet",
        )],
        Some("errored") => {
            vec![next::step("run.diagnose", &json!({"id": run}), "the latest run failed")]
        }
        Some("planned") => vec![
            next::step("plan.diff", &json!({"run_id": run}), "see what it would change"),
            next::step("run.apply", &json!({"id": run}), "the plan waits to be applied"),
        ],
        Some(_) => Vec::new(),
    };
    if dirty {
        let why = "an apply ended half way: a new run shows what the state does not know";
        steps.push(next::step("run.create", &json!({"workspace_id": id}), why));
    }
    if locked {
        let why = "locked: nothing but speculative plans runs until it is unlocked";
        steps.push(next::step("workspace.unlock", &json!({"workspace_id": id}), why));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, status: &str, speculative: bool) -> Value {
        json!({"metadata": {"id": id}, "status": status, "speculative": speculative})
    }

    #[test]
    fn the_latest_real_run_decides_the_condition() {
        let clean = json!({"locked": false, "dirty_state": false});
        for (workspace, runs, condition) in [
            (&clean, vec![], "empty"),
            (&clean, vec![run("1", "applied", false)], "idle"),
            (&clean, vec![run("1", "planned", false)], "waiting_for_approval"),
            (&clean, vec![run("1", "applying", false)], "busy"),
            (&clean, vec![run("1", "errored", false)], "failing"),
            (&clean, vec![run("2", "errored", true), run("1", "applied", false)], "idle"),
            (&json!({"locked": true}), vec![run("1", "applied", false)], "locked"),
            (&json!({"dirty_state": true}), vec![run("1", "canceled", false)], "dirty"),
        ] {
            assert_eq!(summary(workspace, "W", &runs)["condition"], condition, "{runs:?}");
        }
    }

    #[test]
    fn failing_good_and_active_runs_are_found_and_counted() {
        let runs = [
            run("4", "errored", false),
            run("3", "planning", true),
            run("2", "errored", false),
            run("1", "applied", false),
        ];
        let shown = summary(&json!({}), "W", &runs);
        assert_eq!(shown["failing_run"]["run_id"], "4");
        assert_eq!(shown["active_run"]["run_id"], "3");
        assert_eq!(shown["last_good_run"]["run_id"], "1");
        assert_eq!(
            shown["recent_runs_by_status"],
            json!({"applied": 1, "errored": 2, "planning": 1})
        );
        assert_eq!(shown["next_steps"][0]["operation"], "tharsis.run.diagnose");
    }

    #[test]
    fn the_run_that_works_is_the_active_one_not_those_that_wait() {
        let runs = [run("3", "queuing", false), run("2", "applying", false)];
        assert_eq!(summary(&json!({}), "W", &runs)["active_run"]["run_id"], "2");
        assert_eq!(summary(&json!({}), "W", &runs[..1])["active_run"]["run_id"], "3");
    }

    #[test]
    fn a_dirty_workspace_is_told_what_to_do() {
        let shown = summary(&json!({"dirty_state": true}), "W", &[run("1", "canceled", false)]);
        assert_eq!(shown["next_steps"][0]["operation"], "tharsis.run.create");
    }
}
