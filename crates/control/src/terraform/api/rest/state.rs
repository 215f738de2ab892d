//! State files.

use axum::{
    extract::{Path, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use super::Platform;
use crate::terraform::api::failure::Failure;

/// The whole file, sensitive values included.
pub(super) async fn download(
    State(platform): Platform,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let content = platform.state_version_content(&id).await?;
    Ok(([(CONTENT_TYPE, "application/json")], content).into_response())
}
