//! HTTP replies: one JSON document, or a stream when there is more to say.

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use http::{HeaderName, HeaderValue, StatusCode, header};
use rmcp::model::{ErrorData, JsonRpcError, RequestId};
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use super::sse::{self, Event};
use crate::mcp::{
    error::limited,
    message::Malformed,
    outlet::{Outgoing, Role},
};

pub(super) fn json(status: StatusCode, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

pub(super) fn empty(status: StatusCode) -> Response {
    status.into_response()
}

/// A JSON-RPC error under an HTTP status.
pub(super) fn refusal(status: StatusCode, id: Option<RequestId>, error: ErrorData) -> Response {
    json(status, error_text(id, error))
}

pub(super) fn error_text(id: Option<RequestId>, error: ErrorData) -> String {
    let message = JsonRpcError::new(id, error);
    // The error's data was built from JSON, so it can be written as JSON.
    serde_json::to_string(&message).unwrap_or_default()
}

pub(super) fn malformed(malformed: Malformed) -> Response {
    let code = malformed.error.code.0;
    refusal(status(code, StatusCode::BAD_REQUEST), malformed.id, *malformed.error)
}

pub(super) fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The status that goes with a JSON-RPC error code, or `otherwise`.
pub(super) fn status(code: i32, otherwise: StatusCode) -> StatusCode {
    match code {
        -32601 => StatusCode::NOT_FOUND,
        -32022..=-32020 => StatusCode::BAD_REQUEST,
        // Codes of ours outside JSON-RPC's range are HTTP statuses.
        code => u16::try_from(code)
            .ok()
            .filter(|code| (400..600).contains(code))
            .and_then(|code| StatusCode::from_u16(code).ok())
            .unwrap_or(otherwise),
    }
}

/// The answer as one document, whatever else is said before it. `status` makes an HTTP status of
/// the code of a JSON-RPC error.
pub(super) async fn document(
    mut messages: mpsc::Receiver<Outgoing>,
    status: impl Fn(Option<i32>) -> StatusCode,
) -> Response {
    while let Some(message) = messages.recv().await {
        if let Role::Answer { code } = message.role {
            return json(status(code), message.text);
        }
    }
    no_answer()
}

/// The answer as one document if it is the first thing said within `silence`, else a stream.
/// Dropping the reply drops `guard`.
pub(super) async fn whatever_fits(
    mut messages: mpsc::Receiver<Outgoing>,
    guard: DropGuard,
    silence: Duration,
    keep_alive: Duration,
) -> Response {
    let first = match tokio::time::timeout(silence, messages.recv()).await {
        Ok(Some(Outgoing { text, role: Role::Answer { code } })) => {
            return json(answer_status(code), text);
        }
        Ok(Some(message)) => Some(message),
        Ok(None) => return no_answer(),
        Err(_) => None,
    };
    let rest = stream::unfold((messages, guard), |(mut messages, guard)| async move {
        let message = messages.recv().await?;
        Some((message, (messages, guard)))
    });
    let messages = stream::iter(first).chain(rest);
    sse::reply(messages.map(|message| Event::of(message.text)), keep_alive)
}

/// The modern era's status of an answer; `code` is the JSON-RPC error's, if it is one.
pub(super) fn answer_status(code: Option<i32>) -> StatusCode {
    code.map_or(StatusCode::OK, |code| status(code, StatusCode::OK))
}

/// The exchange ended without an answer: the server is going away.
fn no_answer() -> Response {
    refusal(StatusCode::SERVICE_UNAVAILABLE, None, limited("the request was cancelled"))
}
