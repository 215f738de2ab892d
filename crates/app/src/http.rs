//! Everything `serve` offers on its port: the only list of routes.
//!
//! Authentication happens here, once, before anything else sees a request.

mod auth;
mod health;
mod identity;
mod source;

use std::sync::Arc;

use axum::{
    Json, Router, middleware,
    routing::{any, get},
};
use http::StatusCode;
use pilothouse_access::service_account::token::Tokens;
use pilothouse_control::terraform::token_routes;
use pilothouse_gateway::{
    ServedSurface,
    mcp::{
        Endpoint, Settings,
        http::{Access, router as mcp_router},
    },
};
use pilothouse_model::Error;
use serde_json::{Value, json};

pub(crate) use self::{
    auth::{
        Door,
        credential::{ApiKeys, Credential, GitHub},
    },
    identity::Identity,
};
use crate::compose::Product;

/// The router over all surfaces and embedded platforms of `product`, and its MCP endpoints, which
/// must be closed before the server stops.
pub(crate) fn router(
    product: &Product,
    door: Arc<Door>,
    identity: Arc<Identity>,
    access: Access,
    tokens: &Arc<Tokens>,
    settings: &Settings,
) -> Result<(Router, Vec<Arc<Endpoint>>), Error> {
    let mut guarded = Router::new();
    let mut endpoints = Vec::new();
    for (path, surface) in product.surfaces()? {
        let served = ServedSurface::new(Arc::clone(&product.gateway), surface);
        let endpoint = Endpoint::new(served, settings.clone());
        for path in [format!("{path}/"), path] {
            guarded = guarded.merge(mcp_router(&path, Arc::clone(&endpoint)));
        }
        endpoints.push(endpoint);
    }
    for (path, why) in product.unserved() {
        guarded = guarded.route(&path, any(async move || absent(&why)));
    }
    // The platform's REST lives below its own prefix; the paths of its gRPC are absolute.
    let platform = product.terraform.router();
    let guarded = guarded
        .route("/oauth/userinfo", get(identity::userinfo))
        .nest("/platforms/tharsis", platform.clone())
        .fallback_service(platform)
        .layer(middleware::from_fn_with_state(door, auth::authenticate));
    let behind_proxy = identity.behind_proxy();
    let open = Router::new()
        .route("/health", get(health::health).with_state(endpoints.clone()))
        .route("/ready", get(health::ready).with_state(product.store.clone()))
        .merge(identity::router(identity))
        .merge(token_routes(tokens, "/platforms/tharsis"))
        .layer(middleware::from_fn_with_state(behind_proxy, source::tell));
    Ok((access.around(open.merge(guarded)), endpoints))
}

/// Why there is no MCP where somebody looks for it.
fn absent(why: &str) -> (StatusCode, Json<Value>) {
    let error = json!({ "code": 404, "message": why });
    (StatusCode::NOT_FOUND, Json(json!({ "jsonrpc": "2.0", "id": null, "error": error })))
}
