//! One message of a 2025-03-26 batch. Within a batch a request gets its answer and nothing else:
//! no progress, no questions.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use pilothouse_model::Caller;
use rmcp::model::{ErrorData, JsonRpcError, RequestId};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    dispatch::{self, Dispatch},
    endpoint::Endpoint,
    error::{invalid_request, limited},
    message::{Envelope, Kind, Malformed},
    outlet::{Outlet, Role},
    session::Session,
};

pub(crate) const NOT_HERE: &str =
    "batches were removed from the protocol with 2025-06-18; send one message at a time";

/// Messages that may wait before the answer.
const PENDING: usize = 4;

/// Takes in one message and returns its answer's JSON text, unless it needs none.
pub(crate) fn take(
    endpoint: &Arc<Endpoint>,
    session: &Arc<Session>,
    caller: Caller,
    http: Option<Arc<http::request::Parts>>,
    message: Value,
) -> Option<BoxFuture<'static, String>> {
    match begin(endpoint, session, caller, http, message) {
        Ok(answer) => answer.map(FutureExt::boxed),
        Err(Malformed { id, error }) => Some(async move { text(id, *error) }.boxed()),
    }
}

fn begin(
    endpoint: &Arc<Endpoint>,
    session: &Arc<Session>,
    caller: Caller,
    http: Option<Arc<http::request::Parts>>,
    message: Value,
) -> Result<Option<impl Future<Output = String> + Send + use<>>, Malformed> {
    let envelope = Envelope::read(message)?;
    let Kind::Request { id, method } = envelope.kind.clone() else {
        dispatch::note(session, envelope.into_typed()?);
        return Ok(None);
    };
    let fail = |error| Malformed::new(Some(id.clone()), error);
    if method == "initialize" {
        return Err(fail(invalid_request("initialize must not be part of a batch")));
    }
    let request = envelope.into_typed()?;
    let (sender, mut messages) = mpsc::channel(PENDING);
    let client = session.client();
    let underway = Dispatch { endpoint, caller, session: Some(session), answer_only: true, http }
        .start(id.clone(), request, client, Outlet::Channel(sender), CancellationToken::new())
        .map_err(fail)?;
    Ok(Some(underway.until(async move {
        while let Some(message) = messages.recv().await {
            if matches!(message.role, Role::Answer { .. }) {
                return message.text;
            }
        }
        text(Some(id), limited("the request was cancelled"))
    })))
}

fn text(id: Option<RequestId>, error: ErrorData) -> String {
    // The error's data was built from JSON, so it can be written as JSON.
    serde_json::to_string(&JsonRpcError::new(id, error)).unwrap_or_default()
}
