//! POST of the modern era: every request stands alone, and closing the connection cancels it.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use rmcp::model::{ErrorData, GetMeta, JsonObject, JsonRpcMessage, ProtocolVersion, RequestId};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Visit, accept::Accept, header, reply};
use crate::mcp::{
    dispatch::Dispatch,
    error::invalid_request,
    exchange::Underway,
    message::{Envelope, Kind},
    outlet::{Outgoing, Outlet},
};

/// Messages that may wait for a slow reader before the handler has to.
const PENDING: usize = 16;

pub(super) async fn serve(visit: Visit, envelope: Envelope) -> Response {
    let id = match &envelope.kind {
        Kind::Request { id, .. } => id.clone(),
        Kind::Notification { .. } => return reply::empty(StatusCode::ACCEPTED),
        Kind::Answer { id } => {
            let error = invalid_request("nothing was asked; answers travel in inputResponses");
            return reply::refusal(StatusCode::BAD_REQUEST, Some(id.clone()), error);
        }
    };
    match begin(&visit, envelope, id.clone()) {
        Err((status, error)) => reply::refusal(status, Some(id), error),
        Ok(Begun { underway, messages, cancel }) => {
            let settings = visit.endpoint.settings();
            let guard = cancel.drop_guard();
            match visit.accept {
                Accept::Stream => {
                    let (silence, keep_alive) = (settings.silence, settings.keep_alive);
                    let reply = reply::whatever_fits(messages, guard, silence, keep_alive);
                    underway.until(reply).await
                }
                Accept::Json | Accept::Neither => {
                    underway.until(reply::document(messages, reply::answer_status)).await
                }
            }
        }
    }
}

struct Begun {
    underway: Underway,
    messages: mpsc::Receiver<Outgoing>,
    cancel: CancellationToken,
}

fn begin(
    visit: &Visit,
    envelope: Envelope,
    id: RequestId,
) -> Result<Begun, (StatusCode, ErrorData)> {
    let bad = |error| (StatusCode::BAD_REQUEST, error);
    let schema = header_schema(visit, &envelope);
    let answer_only = visit.accept != Accept::Stream;
    if answer_only && envelope.method() == Some("subscriptions/listen") {
        let error = invalid_request("a subscription needs Accept: text/event-stream");
        return Err((StatusCode::NOT_ACCEPTABLE, error));
    }
    let problem_with_headers = header::check(&visit.head.headers, &envelope, schema.as_deref());
    let request = envelope.into_typed().map_err(|malformed| bad(*malformed.error))?;
    require_meta(&request).map_err(bad)?;
    problem_with_headers.map_err(bad)?;

    let (sender, messages) = mpsc::channel(PENDING);
    let cancel = CancellationToken::new();
    let dispatch = Dispatch {
        endpoint: &visit.endpoint,
        caller: visit.caller.clone(),
        session: None,
        answer_only,
        http: Some(Arc::clone(&visit.head)),
    };
    let underway = dispatch
        .start(id, request, None, Outlet::Channel(sender), cancel.clone())
        .map_err(|error| (reply::status(error.code.0, StatusCode::BAD_REQUEST), error))?;
    Ok(Begun { underway, messages, cancel })
}

fn header_schema(visit: &Visit, envelope: &Envelope) -> Option<Arc<JsonObject>> {
    if envelope.method() != Some("tools/call") {
        return None;
    }
    visit.endpoint.backend().header_schema(envelope.param("name").and_then(Value::as_str)?)
}

/// `-32602` unless the request says which version it speaks and what its client can do.
fn require_meta(message: &rmcp::model::ClientJsonRpcMessage) -> Result<(), ErrorData> {
    let JsonRpcMessage::Request(request) = message else { return Ok(()) };
    let missing = request.request.get_meta().missing_required_keys(&ProtocolVersion::V_2026_07_28);
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("_meta lacks or garbles {}", missing.join(", "));
    Err(ErrorData::invalid_params(message, None))
}
