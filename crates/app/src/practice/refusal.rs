//! How Harness says no.

use axum::{
    body::Body,
    http::{Method, Response, StatusCode},
};
use serde_json::json;

#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_REQUEST", message)
    }

    pub(super) fn not_found(kind: &str, id: &str) -> Self {
        let message = format!("{kind} with identifier [{id}] not found");
        Self::new(404, "RESOURCE_NOT_FOUND_EXCEPTION", message)
    }

    pub(super) fn no_route(method: &Method, path: &str) -> Self {
        Self::new(404, "RESOURCE_NOT_FOUND", format!("HTTP 404 Not Found: {method} {path}"))
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let body = json!({
            "status": "ERROR", "code": self.code, "message": self.message,
            "correlationId": "practice", "detailedMessage": null, "responseMessages": [],
        });
        super::respond(self.status, "application/json", body.to_string())
    }
}
