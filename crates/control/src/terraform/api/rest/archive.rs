//! Archives of configurations, up and down.

use axum::{
    Json,
    body::Body,
    extract::{Path, Request, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio_util::io::ReaderStream;

use super::Platform;
use crate::terraform::api::failure::Failure;

/// The body is the `tar.gz` itself; its size is bounded while it is read.
pub(super) async fn upload(
    State(platform): Platform,
    Path((workspace, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Failure> {
    let body = request.into_body().into_data_stream();
    platform.configuration_version_upload(&workspace, &id, body).await?;
    Ok(Json(json!({})).into_response())
}

pub(super) async fn download(
    State(platform): Platform,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let file = platform.configuration_version_content(&id).await?;
    let body = Body::from_stream(ReaderStream::new(file));
    Ok(([(CONTENT_TYPE, "application/gzip")], body).into_response())
}
