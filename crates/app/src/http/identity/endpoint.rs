//! The endpoints that clients call: registration, tokens, revocation, introspection.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use pilothouse_access::oauth::{
    Parameters, Refusal,
    client::{Known, Metadata},
};
use pilothouse_model::Timestamp;
use serde_json::{Value, json};

use super::{Identity, form};

pub(super) async fn register(State(identity): State<Arc<Identity>>, body: Bytes) -> Response {
    let metadata: Metadata = match serde_json::from_slice(&body) {
        Ok(metadata) => metadata,
        Err(error) => {
            return refused(&Refusal::new("invalid_client_metadata", error.to_string()));
        }
    };
    match identity.oauth.register(metadata, Timestamp::now()).await {
        Ok(made) => {
            let mut answer = json!(made.metadata);
            answer["client_id"] = json!(made.id);
            answer["client_id_issued_at"] = json!(made.issued_at.0 / 1000);
            answer["response_types"] = json!(["code"]);
            if let Some(secret) = made.secret {
                answer["client_secret"] = json!(secret);
                answer["client_secret_expires_at"] = json!(0);
            }
            private(StatusCode::CREATED, &answer)
        }
        Err(refusal) => refused(&refusal),
    }
}

pub(super) async fn token(
    State(identity): State<Arc<Identity>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let issued = async {
        let now = Timestamp::now();
        let (oauth, issuer) = (&identity.oauth, identity.issuer(&headers));
        let (parameters, basic) = (form::body(&headers, &body)?, form::basic(&headers));
        if let Some(issued) =
            oauth.issue_to_account(&parameters, basic.as_ref(), issuer, now).await?
        {
            return Ok(issued);
        }
        let (client, parameters) = client(&identity, &headers, &body, "token", now).await?;
        oauth.issue(&client, &parameters, issuer, now).await
    };
    match issued.await {
        Ok(issued) => private(StatusCode::OK, &json!(issued)),
        Err(refusal) => refused(&refusal),
    }
}

pub(super) async fn revoke(
    State(identity): State<Arc<Identity>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let revoked = async {
        let now = Timestamp::now();
        let (client, parameters) = client(&identity, &headers, &body, "revoke", now).await?;
        identity.oauth.revoke(&client, parameters.required("token")?, now).await
    };
    match revoked.await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refusal) => refused(&refusal),
    }
}

pub(super) async fn introspect(
    State(identity): State<Arc<Identity>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let looked = async {
        let now = Timestamp::now();
        let (client, parameters) = client(&identity, &headers, &body, "introspect", now).await?;
        let token = parameters.required("token")?;
        Ok::<_, Refusal>(identity.oauth.introspect(&client, token, now).await)
    };
    match looked.await {
        Ok(answer) => private(StatusCode::OK, &answer),
        Err(refusal) => refused(&refusal),
    }
}

async fn client(
    identity: &Identity,
    headers: &HeaderMap,
    body: &[u8],
    endpoint: &str,
    now: Timestamp,
) -> Result<(Known, Parameters), Refusal> {
    let parameters = form::body(headers, body)?;
    let endpoint = format!("{}/oauth/{endpoint}", identity.issuer(headers));
    let basic = form::basic(headers);
    let client = identity.oauth.authenticate(&parameters, basic, &endpoint, now).await?;
    Ok((client, parameters))
}

pub(super) fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({ "error": refusal.code, "error_description": refusal.description });
    let mut response = private(status, &body);
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"pilothouse\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// What no cache may keep.
fn private(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
