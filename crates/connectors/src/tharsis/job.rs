//! `job.latest`: the newest job of a plan, an apply or a run.

use pilothouse_model::{Error, Kind, Result, id::ResourceType};
use serde_json::{Map, Value, json};

use super::{answer::text, reference, run::Run};
use crate::connector::hook::HookContext;

pub(super) async fn latest(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let id = text(&args, "id");
    match reference::kind(id)? {
        ResourceType::Plan => context.call("job.latest_for_plan", json!({"id": id})).await,
        ResourceType::Apply => context.call("job.latest_for_apply", json!({"id": id})).await,
        ResourceType::Run => of_run(context, id).await,
        _ => Err(reference::unexpected(id, "a plan, apply or run")),
    }
}

/// The apply's job, or the plan's while the apply has none.
async fn of_run(context: &HookContext<'_>, id: &str) -> Result<Value> {
    let run = Run::find(context, id).await?;
    for stage in [&run.apply, &run.plan].into_iter().flatten() {
        if let Some(job) = stage.job_id(context).await? {
            return context.call("job.get", json!({"id": job})).await;
        }
    }
    Err(Error::new(Kind::NotFound, "this run has no job yet")
        .hint(format!("it is {}; ask again when it has started", run.status)))
}
