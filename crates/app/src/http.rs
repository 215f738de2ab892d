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
        http::{Access, guard, router as mcp_router, share},
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
    let access = Arc::new(access);
    let mut guarded = Router::new();
    let mut endpoints = Vec::new();
    for (path, surface) in product.surfaces()? {
        let served = ServedSurface::new(Arc::clone(&product.gateway), surface);
        let endpoint = Endpoint::new(served, settings.clone());
        for path in [format!("{path}/"), path] {
            guarded = guarded.merge(mcp_router(&path, Arc::clone(&endpoint), Arc::clone(&access)));
        }
        endpoints.push(endpoint);
    }
    let checked = middleware::from_fn_with_state(Arc::clone(&access), guard);
    for (path, why) in product.unserved() {
        let absent = any(async move || absent(&why));
        guarded = guarded.route(&path, absent.layer(checked.clone()));
    }
    // The platform's REST lives below its own prefix; the paths of its gRPC are absolute.
    let platform = product
        .terraform
        .router()
        .layer(middleware::from_fn_with_state(Arc::clone(&access), guard));
    let guarded = guarded
        .route("/oauth/userinfo", get(identity::userinfo).layer(checked))
        .nest("/platforms/tharsis", platform.clone())
        .fallback_service(platform)
        .layer(middleware::from_fn_with_state(door, auth::authenticate));
    let behind_proxy = identity.behind_proxy();
    let open = Router::new()
        .route("/health", get(health::health).with_state(endpoints.clone()))
        .route("/ready", get(health::ready).with_state(product.store.clone()))
        .merge(identity::router(identity))
        .merge(token_routes(tokens, "/platforms/tharsis"))
        .layer(middleware::from_fn_with_state(behind_proxy, source::tell))
        .layer(middleware::from_fn_with_state(Arc::clone(&access), guard));
    let all = open.fallback_service(guarded);
    Ok((all.layer(middleware::from_fn_with_state(access, share)), endpoints))
}

/// Why there is no MCP where somebody looks for it.
fn absent(why: &str) -> (StatusCode, Json<Value>) {
    let error = json!({ "code": 404, "message": why });
    (StatusCode::NOT_FOUND, Json(json!({ "jsonrpc": "2.0", "id": null, "error": error })))
}
