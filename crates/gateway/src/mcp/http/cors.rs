//! What browsers ask before a page may call another origin, and what they need to hear afterwards.
//! Pages that [`Access`] lets in are told so by name; nobody else is, and nobody may send cookies.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{Access, SESSION_ID, reply};
use crate::mcp::error::invalid_request;

const METHODS: &str = "GET, POST, DELETE, OPTIONS";
/// Headers of ours that a page cannot read unless it is told that it may.
const READABLE: [HeaderName; 3] =
    [HeaderName::from_static(SESSION_ID), header::WWW_AUTHENTICATE, header::RETRY_AFTER];
/// How long a browser may remember the answer, in seconds.
const MAX_AGE: &str = "600";

/// Middleware, outside of authentication: answers preflights, which carry no credential, and says
/// on every other answer which origin may read it.
pub async fn share(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let problem = access.problem(request.uri(), request.headers());
    if request.method() == Method::OPTIONS {
        return match problem {
            None => preflight(origin, request.headers()),
            Some(problem) => reply::refusal(StatusCode::FORBIDDEN, None, invalid_request(problem)),
        };
    }
    let mut response = next.run(request).await;
    if let (Some(origin), None) = (origin, problem) {
        name(response.headers_mut(), origin);
        let readable = READABLE.map(|name| name.to_string()).join(", ");
        if let Ok(readable) = HeaderValue::from_str(&readable) {
            response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
        }
    }
    response
}

/// The origin was admitted, so it may send whichever headers it wants to.
fn preflight(origin: Option<HeaderValue>, asked: &HeaderMap) -> Response {
    let mut response = reply::empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(METHODS));
    let Some(origin) = origin else { return response };
    name(headers, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

fn name(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
