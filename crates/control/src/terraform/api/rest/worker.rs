//! Whether runs can be executed here, and how many wait for it.

use axum::{Json, extract::State, http::Extensions};
use serde::Serialize;

use super::Door;
use crate::terraform::api::{failure::Failure, gate::Subject};

#[derive(Debug, Serialize)]
pub(super) struct WorkerView {
    /// There is a program that runs jobs.
    available: bool,
    /// Of that program.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// What to do when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Of all servers.
    queued_jobs: i64,
    running_jobs: i64,
    /// What this server executes at once.
    parallel_jobs: usize,
}

pub(super) async fn status(
    State(gate): Door,
    extensions: Extensions,
) -> Result<Json<WorkerView>, Failure> {
    let platform = gate.enter(&extensions, "job.worker", Subject::Everywhere).await?;
    let (version, message) = match platform.runner.version().await {
        Ok(version) => (Some(version), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let jobs = platform.store.job_counts().await.map_err(pilothouse_model::Error::from)?;
    Ok(Json(WorkerView {
        available: version.is_some(),
        version,
        message,
        queued_jobs: jobs.queued,
        running_jobs: jobs.running,
        parallel_jobs: platform.config.max_jobs,
    }))
}
