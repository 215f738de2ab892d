//! Streamable HTTP, both eras on one path.
//!
//! The transport is our own rather than `rmcp`'s, over `rmcp`'s message types and dispatch: a
//! legacy session costs a record instead of two tasks and five channels, streams can be resumed
//! after their answer, malformed input gets a JSON-RPC error, a client that accepts only JSON gets
//! JSON, and stdio shares all of it. See `docs/decisions`.
//!
//! A request must carry a `Caller` extension, set by whatever authenticates in front of the
//! router. Without one it is refused.

mod accept;
mod access;
mod batch;
mod body;
mod cors;
mod header;
mod legacy;
mod modern;
mod reply;
mod sse;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use http::{Method, StatusCode, header::ALLOW};
use pilothouse_model::{Caller, Error};

pub use access::Access;

use super::{
    context::Era,
    dispatch,
    endpoint::Endpoint,
    error::{Refusal, invalid_request},
    message::{Incoming, parse},
};
use accept::Accept;

pub(crate) const PROTOCOL_VERSION: &str = "mcp-protocol-version";
pub(crate) const SESSION_ID: &str = "mcp-session-id";

/// Serves `endpoint` at `path`, which may hold axum parameters. Belongs into [`Access::around`].
pub fn router(path: &str, endpoint: Arc<Endpoint>) -> Router {
    Router::new().route(path, any(serve)).with_state(endpoint)
}

/// One HTTP request, as far as the eras share it.
pub(crate) struct Visit {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) caller: Caller,
    pub(crate) accept: Accept,
    pub(crate) head: Arc<http::request::Parts>,
}

impl Visit {
    /// A header of printable ASCII; absent, unreadable and repeated headers are `None`.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header::single(&self.head.headers, name).ok().flatten()
    }
}

async fn serve(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(caller) = head.extensions.get::<Caller>().cloned() else {
        let error = Refusal::from(Error::unauthenticated("this endpoint needs authentication"));
        return reply::refusal(StatusCode::UNAUTHORIZED, None, error.into_data());
    };
    let accept = Accept::of(&head.headers);
    let visit = Visit { endpoint, caller, accept, head: Arc::new(head) };
    match visit.head.method {
        Method::POST => post(visit, body).await,
        Method::GET => legacy::get(visit).await,
        Method::DELETE => legacy::delete(visit).await,
        _ => reply::with_header(
            reply::refusal(StatusCode::METHOD_NOT_ALLOWED, None, invalid_request("use POST")),
            ALLOW,
            "GET, POST, DELETE",
        ),
    }
}

async fn post(visit: Visit, body: axum::body::Body) -> Response {
    if !accept::is_json(&visit.head.headers) {
        let error = invalid_request("Content-Type must be application/json");
        return reply::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, error);
    }
    if visit.accept == Accept::Neither {
        let error = invalid_request("Accept must name application/json");
        return reply::refusal(StatusCode::NOT_ACCEPTABLE, None, error);
    }
    let limits = visit.endpoint.settings().limits;
    let bytes = match body::read(body, limits.message_bytes).await {
        Ok(bytes) => bytes,
        Err(error) => return error.into_response(),
    };
    match parse(&bytes, &limits) {
        Err(malformed) => reply::malformed(malformed),
        Ok(Incoming::Batch(messages)) => batch::serve(visit, messages).await,
        Ok(Incoming::One(envelope)) => {
            match dispatch::era(&envelope, visit.header(PROTOCOL_VERSION)) {
                Era::Modern => modern::serve(visit, envelope).await,
                Era::Legacy => legacy::post(visit, envelope).await,
            }
        }
    }
}
