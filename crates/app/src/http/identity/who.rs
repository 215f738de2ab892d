//! Who calls, in their own words: `OpenID` Connect's userinfo, with roles.

use axum::{Extension, Json};
use pilothouse_model::{Authority, Caller, PrincipalKind};
use serde_json::{Value, json};

pub(in crate::http) async fn userinfo(Extension(caller): Extension<Caller>) -> Json<Value> {
    let roles: Vec<_> = match &caller.authority {
        Authority::Everything => Vec::new(),
        Authority::Granted(grants) => grants
            .iter()
            .map(|grant| {
                json!({"role": grant.role.to_string(), "namespace": grant.namespace.to_string()})
            })
            .collect(),
    };
    Json(json!({
        "sub": caller.principal.id,
        "name": caller.principal.name,
        "operator": caller.principal.kind == PrincipalKind::Operator,
        "scope": caller.scopes.to_string(),
        "roles": roles,
    }))
}
