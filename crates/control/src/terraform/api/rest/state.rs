//! State files.

use axum::{
    extract::{Path, State},
    http::{Extensions, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::Door;
use crate::terraform::api::{failure::Failure, gate::Subject};

/// The whole file, sensitive values included.
pub(super) async fn download(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let platform =
        gate.enter(&extensions, "state_version.download", Subject::StateVersion(&id)).await?;
    let content = platform.state_version_content(&id).await?;
    Ok(([(CONTENT_TYPE, "application/json")], content).into_response())
}
