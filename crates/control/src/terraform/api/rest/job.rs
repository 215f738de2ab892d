//! A job's log with what a reader needs to page through it, and a job's times.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::Extensions,
};
use pilothouse_model::{Error, Timestamp};
use serde::{Deserialize, Serialize};

use super::Door;
use crate::terraform::api::{failure::Failure, gate::Subject};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// The first byte; 0 when absent.
    offset: Option<i64>,
    /// Instead of `offset`: only so many bytes at the end.
    tail: Option<i64>,
    /// At most so many bytes; as many as allowed when absent.
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(super) struct LogView {
    /// Where `logs` begins, in bytes.
    offset: i64,
    /// Where the next part begins.
    next_offset: i64,
    /// Bytes of the whole log.
    size: i64,
    /// Nothing will be added any more.
    completed: bool,
    logs: String,
    /// In the platform's word.
    status: &'static str,
    queued_at: String,
    pending_at: Option<String>,
    running_at: Option<String>,
    finished_at: Option<String>,
}

pub(super) async fn log(
    State(gate): Door,
    Path(id): Path<String>,
    part: Result<Query<Part>, QueryRejection>,
    extensions: Extensions,
) -> Result<Json<LogView>, Failure> {
    let platform = gate.enter(&extensions, "job.log_range", Subject::Job(&id)).await?;
    let Query(part) = part.map_err(|error| Error::invalid(error.body_text()))?;
    let job = platform.job_get(&id).await?;
    let offset = match (part.offset, part.tail) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid("give offset or tail, not both").into());
        }
        (offset, None) => offset.unwrap_or(0),
        (None, Some(tail)) if tail >= 0 => (job.log_size - tail).max(0),
        (None, Some(tail)) => {
            return Err(Error::invalid(format!("the tail {tail} is negative")).into());
        }
    };
    let slice = platform.job_log(&job, offset, part.limit.unwrap_or(0)).await?;
    let text = |at: Timestamp| at.to_string();
    Ok(Json(LogView {
        offset: slice.offset,
        next_offset: slice.offset + i64::try_from(slice.text.len()).unwrap_or(i64::MAX),
        size: job.log_size,
        completed: job.status.is_final(),
        logs: slice.text,
        status: job.status.as_str(),
        queued_at: text(job.meta.created_at),
        pending_at: job.pending_at.map(text),
        running_at: job.running_at.map(text),
        finished_at: job.finished_at.map(text),
    }))
}
