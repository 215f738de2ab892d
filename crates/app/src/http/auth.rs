//! The network door: a request gets a [`Caller`] here or goes no further.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use pilothouse_access::token::AdminToken;
use pilothouse_model::{Caller, Principal};
use serde_json::json;

/// What opens the door.
pub(crate) struct Door {
    token: AdminToken,
}

impl Door {
    pub(crate) fn new(token: AdminToken) -> Self {
        Self { token }
    }

    /// Who presents these headers. Tharsis' gRPC clients send the bare token, everybody else a
    /// bearer.
    fn principal(&self, headers: &HeaderMap) -> Option<Principal> {
        let presented = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let token = match presented.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            Some(_) => return None,
            None => presented,
        };
        self.token.verify(token)
    }
}

pub(super) async fn authenticate(
    State(door): State<Arc<Door>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(principal) = door.principal(request.headers()) else {
        return unauthenticated(request.headers());
    };
    request.extensions_mut().insert(Caller::new(principal));
    next.run(request).await
}

fn unauthenticated(headers: &HeaderMap) -> Response {
    let presented = headers.contains_key(header::AUTHORIZATION);
    let (challenge, message) = if presented {
        ("Bearer realm=\"pilothouse\", error=\"invalid_token\"", "the token is not valid")
    } else {
        ("Bearer realm=\"pilothouse\"", "a bearer token is required")
    };
    if is_grpc(headers) {
        let status = tonic::Status::unauthenticated(message);
        return status.into_http();
    }
    let body = json!({ "error": { "kind": "unauthenticated", "message": message } });
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], Json(body)).into_response()
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}
