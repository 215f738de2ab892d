//! Archives of configurations, up and down.

use axum::{
    Json,
    body::Body,
    extract::{Path, Request, State},
    http::{Extensions, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio_util::io::ReaderStream;

use super::Door;
use crate::terraform::api::{failure::Failure, gate::Subject};

/// The body is the `tar.gz` itself; its size is bounded while it is read.
pub(super) async fn upload(
    State(gate): Door,
    Path((workspace, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Failure> {
    let (operation, subject) = ("configuration_version.upload", Subject::Workspace(&workspace));
    let platform = gate.enter(request.extensions(), operation, subject).await?;
    let body = request.into_body().into_data_stream();
    platform.configuration_version_upload(&workspace, &id, body).await?;
    Ok(Json(json!({})).into_response())
}

pub(super) async fn download(
    State(gate): Door,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let subject = Subject::ConfigurationVersion(&id);
    let platform = gate.enter(&extensions, "configuration_version.download", subject).await?;
    let file = platform.configuration_version_content(&id).await?;
    let body = Body::from_stream(ReaderStream::new(file));
    Ok(([(CONTENT_TYPE, "application/gzip")], body).into_response())
}
