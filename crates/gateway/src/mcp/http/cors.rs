//! What browsers ask before a page may call another origin, and what they need to hear afterwards.
//! Pages that `Access` lets in are told so by name; nobody else is, and nobody may send cookies.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{SESSION_ID, reply};

const METHODS: &str = "GET, POST, DELETE, OPTIONS";
/// Headers of ours that a page cannot read unless it is told that it may.
const READABLE: [HeaderName; 3] =
    [HeaderName::from_static(SESSION_ID), header::WWW_AUTHENTICATE, header::RETRY_AFTER];
/// How long a browser may remember the answer, in seconds.
const MAX_AGE: &str = "600";

/// Says on an answer that pages of `origin`, which was let in, may read it.
pub(super) fn share(response: &mut Response, origin: HeaderValue) {
    name(response.headers_mut(), origin);
    let readable = READABLE.map(|name| name.to_string()).join(", ");
    if let Ok(readable) = HeaderValue::from_str(&readable) {
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
    }
}

/// The answer to a browser that asks before it sends a request. The origin was let in, so it may
/// send whichever headers it wants to.
pub(super) fn preflight(origin: Option<HeaderValue>, asked: &HeaderMap) -> Response {
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
