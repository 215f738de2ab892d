//! What callers may ask of a run that Tharsis' gRPC has no method for.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::Extensions,
};
use pilothouse_model::{Error, id::ResourceType};
use pilothouse_store::terraform::RunRecord;
use serde::{Deserialize, Serialize};

use super::Door;
use crate::terraform::{
    api::{failure::Failure, gate::Subject},
    reference::{gid, trn_by_id},
};

/// A run after the change; `Runs.GetRunByID` tells more.
#[derive(Debug, Serialize)]
pub(super) struct RunView {
    id: String,
    trn: String,
    status: &'static str,
    auto_apply: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AutoApply {
    auto_apply: bool,
}

fn view(record: &RunRecord) -> Json<RunView> {
    let run = &record.run;
    Json(RunView {
        id: gid(ResourceType::Run, &run.meta.id),
        trn: trn_by_id(ResourceType::Run, &run.workspace_path, &run.meta.id),
        status: run.status.as_str(),
        auto_apply: run.auto_apply,
    })
}

pub(super) async fn discard(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Json<RunView>, Failure> {
    let platform = gate.enter(&extensions, "run.discard", Subject::Run(&id)).await?;
    Ok(view(&platform.run_discard(&id).await?))
}

pub(super) async fn undiscard(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Json<RunView>, Failure> {
    let platform = gate.enter(&extensions, "run.undiscard", Subject::Run(&id)).await?;
    Ok(view(&platform.run_undiscard(&id).await?))
}

pub(super) async fn retry(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Json<RunView>, Failure> {
    let platform = gate.enter(&extensions, "run.retry", Subject::Run(&id)).await?;
    Ok(view(&platform.run_retry(&id).await?))
}

/// The body is `{"auto_apply": true}` or `false`.
pub(super) async fn set_auto_apply(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
    body: Bytes,
) -> Result<Json<RunView>, Failure> {
    let platform = gate.enter(&extensions, "run.set_auto_apply", Subject::Run(&id)).await?;
    let AutoApply { auto_apply } = serde_json::from_slice(&body).map_err(|error| {
        Error::invalid(format!("the body is not {{\"auto_apply\": true}} or false: {error}"))
    })?;
    Ok(view(&platform.run_set_auto_apply(&id, auto_apply).await?))
}
