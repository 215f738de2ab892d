//! What the job of a plan or an apply found: changes and complaints, as JSON.

use axum::{
    extract::{Path, State},
    http::{Extensions, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::Door;
use crate::terraform::api::{failure::Failure, gate::Subject};

/// JSON text that was stored as such.
fn json(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

/// A [`Diff`](crate::terraform::executor::Diff); empty before the plan is finished.
pub(super) async fn plan_diff(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let platform = gate.enter(&extensions, "plan.changes", Subject::Plan(&id)).await?;
    let record = platform.run_of_plan(&id).await?;
    let report = platform.report(&record.plan.meta.id).await?;
    let diff = report.and_then(|report| report.diff);
    Ok(json(diff.unwrap_or_else(|| r#"{"resources":[],"outputs":[]}"#.to_owned())))
}

/// A list of [`Diagnostic`](crate::terraform::executor::Diagnostic)s; empty before the plan's job
/// has ended.
pub(super) async fn plan_diagnostics(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let platform = gate.enter(&extensions, "plan.diagnostics", Subject::Plan(&id)).await?;
    let record = platform.run_of_plan(&id).await?;
    let report = platform.report(&record.plan.meta.id).await?;
    Ok(json(report.map_or_else(|| "[]".to_owned(), |report| report.diagnostics)))
}

/// The same for an apply.
pub(super) async fn apply_diagnostics(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let platform = gate.enter(&extensions, "apply.diagnostics", Subject::Apply(&id)).await?;
    let (_run, apply) = platform.apply_get(&id).await?;
    let report = platform.report(&apply.meta.id).await?;
    Ok(json(report.map_or_else(|| "[]".to_owned(), |report| report.diagnostics)))
}
