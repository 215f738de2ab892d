//! `installation.status`: how everything stands, from the newest runs and the workspaces.

use std::collections::{BTreeMap, HashSet};

use pilothouse_model::{Kind, Result};
use serde_json::{Map, Value, json};

use super::{
    answer::{items, object, owned_at, text, text_at},
    next,
    workspace::{brief, is_active},
};
use crate::connector::hook::HookContext;

/// How many of the newest runs, and how many workspaces, are looked at.
const LOOK_AT: usize = 100;

/// What was found, before it is cut to what was asked for.
#[derive(Debug, Default)]
struct Findings {
    failing: Vec<Value>,
    waiting: Vec<Value>,
    running: Vec<Value>,
    runs_by_status: BTreeMap<String, usize>,
    locked: Vec<Value>,
    dirty: Vec<Value>,
}

pub(super) async fn status(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let mut runs = json!({"limit": LOOK_AT, "sort": "UPDATED_AT_DESC"});
    let mut workspaces = json!({"limit": LOOK_AT});
    let mut below = String::new();
    if !text(&args, "group_id").is_empty() {
        let group = context.call("group.get", json!({"id": text(&args, "group_id")})).await?;
        let path = owned_at(&group, "/full_path").unwrap_or_default();
        runs["group_id"] = group.pointer("/metadata/id").cloned().unwrap_or_default();
        runs["include_nested_runs"] = json!(true);
        workspaces["search"] = json!(path);
        below = format!("{path}/");
    }
    let runs = context.call("run.list", runs).await?;
    let workspaces = context.call("workspace.list", workspaces).await?;
    let here = |workspace: &&Value| {
        text_at(workspace, "/full_path").is_some_and(|path| path.starts_with(&below))
    };
    let workspaces: Vec<&Value> = items(&workspaces).iter().filter(here).collect();
    let worker = match context.call("job.worker", json!({})).await {
        Ok(worker) => Some(worker),
        // Platforms of Pilothouse's own kind have it; Tharsis does not say.
        Err(error) if error.kind == Kind::NotFound => None,
        Err(error) => return Err(error),
    };
    let limit = args.get("limit").and_then(Value::as_u64).unwrap_or(10);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Findings::of(items(&runs), &workspaces).shown(limit, worker))
}

impl Findings {
    /// `runs` are the newest, newest first.
    fn of(runs: &[Value], workspaces: &[&Value]) -> Self {
        let mut found = Self::default();
        let mut seen = HashSet::new();
        for run in runs {
            let status = text_at(run, "/status").unwrap_or_default();
            *found.runs_by_status.entry(status.to_owned()).or_default() += 1;
            let is_real = run.get("speculative") != Some(&Value::Bool(true));
            let is_newest = is_real && seen.insert(text_at(run, "/workspace_id"));
            match status {
                "errored" if is_newest => found.failing.push(placed(run)),
                "planned" => found.waiting.push(placed(run)),
                status if is_active(status) => found.running.push(placed(run)),
                _ => {}
            }
        }
        let flagged = |name: &str| -> Vec<Value> {
            let is_set = |it: &&&Value| it.get(name) == Some(&Value::Bool(true));
            workspaces.iter().filter(is_set).filter_map(|it| it.get("full_path").cloned()).collect()
        };
        found.locked = flagged("locked");
        found.dirty = flagged("dirty_state");
        found
    }

    fn shown(mut self, limit: usize, worker: Option<Value>) -> Value {
        let next_steps = self.next_steps(worker.as_ref());
        let counts = json!({
            "failing": self.failing.len(), "waiting_for_a_person": self.waiting.len(),
            "running": self.running.len(), "locked": self.locked.len(), "dirty": self.dirty.len(),
        });
        for list in [&mut self.failing, &mut self.waiting, &mut self.running] {
            list.truncate(limit);
        }
        self.locked.truncate(limit);
        self.dirty.truncate(limit);
        object([
            ("counts", Some(counts)),
            ("failing", Some(json!(self.failing))),
            ("waiting_for_a_person", Some(json!(self.waiting))),
            ("running", Some(json!(self.running))),
            ("locked_workspaces", Some(json!(self.locked))),
            ("dirty_workspaces", Some(json!(self.dirty))),
            ("newest_runs_by_status", Some(json!(self.runs_by_status))),
            ("worker", worker),
            ("next_steps", Some(json!(next_steps))),
        ])
    }

    fn next_steps(&self, worker: Option<&Value>) -> Vec<Value> {
        let id = |run: &Value| json!({"id": run["run_id"]});
        let mut steps = Vec::new();
        if let Some(run) = self.failing.first() {
            steps.push(next::step(
                "run.diagnose",
                &id(run),
                "the newest run of its workspace failed",
            ));
        }
        if let Some(run) = self.waiting.first() {
            let plan = json!({"run_id": run["run_id"]});
            steps.push(next::step("plan.diff", &plan, "see what the plan that waits would change"));
        }
        if worker.is_some_and(|worker| worker["available"] == false) {
            let why = "no job can be executed; worker.message says what to install";
            steps.push(next::step("documentation.search", &json!({"query": "install"}), why));
        }
        steps
    }
}

/// A run with the path of its workspace, which its TRN has.
fn placed(run: &Value) -> Value {
    let trn = text_at(run, "/metadata/trn").unwrap_or_default();
    let path = trn.strip_prefix("trn:run:").and_then(|path| path.rsplit_once('/'));
    let mut shown = brief(run);
    if let Some((path, _run)) = path {
        shown["workspace"] = json!(path);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(workspace: &str, id: &str, status: &str) -> Value {
        json!({"metadata": {"id": id, "trn": format!("trn:run:acme/{workspace}/{id}")},
            "workspace_id": workspace, "status": status})
    }

    #[test]
    fn only_the_newest_real_run_of_a_workspace_fails_it() {
        let mut speculative = run("a", "6", "errored");
        speculative["speculative"] = json!(true);
        let runs = [
            speculative,
            run("a", "5", "applied"),
            run("a", "4", "errored"),
            run("b", "3", "errored"),
            run("c", "2", "planned"),
            run("d", "1", "applying"),
        ];
        let locked = json!({"full_path": "acme/c", "locked": true, "dirty_state": false});
        let shown = Findings::of(&runs, &[&locked]).shown(10, None);
        for (list, id) in [("failing", "3"), ("waiting_for_a_person", "2"), ("running", "1")] {
            let ids: Vec<_> =
                shown[list].as_array().unwrap().iter().map(|run| &run["run_id"]).collect();
            assert_eq!(ids, [id], "{list}");
        }
        assert_eq!(shown["failing"][0]["workspace"], "acme/b");
        assert_eq!(shown["locked_workspaces"], json!(["acme/c"]));
        assert_eq!(shown["newest_runs_by_status"]["errored"], 3);
        assert_eq!(shown["next_steps"][0]["operation"], "tharsis.run.diagnose");
    }

    #[test]
    fn lists_are_cut_and_counts_are_not() {
        let runs: Vec<_> = (0..5).map(|n| run("a", &n.to_string(), "planned")).collect();
        let worker = json!({"available": false, "message": "install terraform"});
        let shown = Findings::of(&runs, &[]).shown(2, Some(worker));
        assert_eq!(shown["waiting_for_a_person"].as_array().unwrap().len(), 2);
        assert_eq!(shown["counts"]["waiting_for_a_person"], 5);
        assert!(shown["next_steps"].to_string().contains("install"), "{shown}");
    }
}
