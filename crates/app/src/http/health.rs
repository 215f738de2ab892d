//! Liveness and readiness, for people and orchestrators.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use pilothouse_gateway::mcp::Endpoint;
use pilothouse_store::Store;
use serde_json::{Value, json};

/// The process answers, and how many MCP sessions it holds.
pub(super) async fn health(State(endpoints): State<Vec<Arc<Endpoint>>>) -> Json<Value> {
    let sessions: usize = endpoints.iter().map(|endpoint| endpoint.session_count()).sum();
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "sessions": sessions }))
}

/// The process can do its work: the store answers.
pub(super) async fn ready(State(store): State<Store>) -> (StatusCode, Json<Value>) {
    match store.ping().await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Err(error) => {
            tracing::warn!(%error, "the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "store unavailable" })))
        }
    }
}
