//! What clients read first: where tokens come from (RFC 9728), what the authorization server can do
//! (RFC 8414, `OpenID` Connect Discovery), and its public keys.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use pilothouse_access::oauth::{assertion, token::GRANT_TYPES};
use pilothouse_model::{Scopes, Timestamp};
use serde_json::{Value, json};

use super::{Identity, endpoint};

pub(super) async fn resource(
    State(identity): State<Arc<Identity>>,
    headers: HeaderMap,
) -> Response {
    described(&identity, &headers, "")
}

pub(super) async fn resource_at(
    State(identity): State<Arc<Identity>>,
    headers: HeaderMap,
    Path(path): Path<String>,
) -> Response {
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/-_".contains(c));
    if !plain || !(path == "mcp" || path.starts_with("mcp/")) {
        return StatusCode::NOT_FOUND.into_response();
    }
    described(&identity, &headers, &format!("/{}", path.trim_end_matches('/')))
}

fn described(identity: &Identity, headers: &HeaderMap, path: &str) -> Response {
    let issuer = identity.issuer(headers);
    Json(json!({
        "resource": format!("{issuer}{path}"),
        "resource_name": "Pilothouse",
        "authorization_servers": [issuer],
        "scopes_supported": Scopes::names().collect::<Vec<_>>(),
        "bearer_methods_supported": ["header"],
    }))
    .into_response()
}

pub(super) async fn server(
    State(identity): State<Arc<Identity>>,
    headers: HeaderMap,
) -> Json<Value> {
    let issuer = identity.issuer(&headers);
    let at = |name: &str| format!("{issuer}/oauth/{name}");
    let methods = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
    let mut scopes: Vec<_> = Scopes::names().collect();
    scopes.extend(["openid", "offline_access"]);
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "registration_endpoint": at("register"),
        "revocation_endpoint": at("revoke"),
        "introspection_endpoint": at("introspect"),
        "jwks_uri": at("jwks"),
        "userinfo_endpoint": at("userinfo"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GRANT_TYPES,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": assertion::algorithms().collect::<Vec<_>>(),
        "client_id_metadata_document_supported": identity.oauth.documents.is_some(),
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nonce", "name"],
    }))
}

pub(super) async fn keys(State(identity): State<Arc<Identity>>) -> Response {
    match identity.oauth.bearers.keys().published(Timestamp::now()).await {
        Ok(keys) => Json(keys).into_response(),
        Err(error) => endpoint::refused(&error.into()),
    }
}
