//! The platform's wire: Tharsis' gRPC services, its REST, and a few REST routes of our own for
//! what its gRPC lacks. Translates, and decides nothing.

mod cursor;
mod door;
mod failure;
mod gate;
mod grpc;
mod proto;
mod record;
mod rest;
mod token;
mod view;

use std::sync::Arc;

use axum::{Router, middleware};
use pilothouse_access::service_account::token::Tokens;

use super::Terraform;

pub(super) fn router(platform: &Arc<Terraform>) -> Router {
    Router::new()
        .merge(grpc::router(platform))
        .merge(rest::router(platform))
        .fallback(door::no_such_route)
        .layer(middleware::from_fn_with_state(Arc::clone(platform), record::direct))
        .layer(middleware::from_fn(door::require_caller))
}

/// Where service accounts sign in; see [`super::token_routes`].
pub(super) fn token_routes(tokens: &Arc<Tokens>, prefix: &str) -> Router {
    let rest = token::rest(Arc::clone(tokens));
    rest.clone().nest(prefix, rest).merge(token::grpc(Arc::clone(tokens)))
}
