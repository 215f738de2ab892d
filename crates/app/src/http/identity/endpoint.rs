//! The endpoints that clients call: registration, tokens, revocation, introspection.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use pilothouse_access::{
    Source,
    oauth::{
        Parameters, Refusal,
        client::{Known, Metadata},
    },
};
use pilothouse_model::Timestamp;
use serde_json::{Value, json};

use super::{Identity, form};

pub(super) async fn register(
    State(identity): State<Arc<Identity>>,
    extensions: Extensions,
    body: Bytes,
) -> Response {
    let now = Timestamp::now();
    let who = source(&extensions).presenting("registration");
    if let Some(wait) = identity.attempts.wait(&who, now) {
        return refused(&Refusal::too_often("registrations", wait));
    }
    // Each counts: nobody needs many, and what is kept of them is bounded.
    identity.attempts.failed(&who, now);
    let metadata: Metadata = match serde_json::from_slice(&body) {
        Ok(metadata) => metadata,
        Err(error) => {
            return refused(&Refusal::new("invalid_client_metadata", error.to_string()));
        }
    };
    match identity.oauth.register(metadata, now).await {
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
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = Call { identity: &identity, extensions: &extensions, headers: &headers };
    let issued = async {
        let now = Timestamp::now();
        let (oauth, issuer) = (&identity.oauth, identity.issuer(&headers));
        let (parameters, basic) = (form::body(&headers, &body)?, form::basic(&headers));
        let to_account = oauth.issue_to_account(&parameters, basic.as_ref(), issuer, now);
        let who = call.presenter(&parameters, basic.as_ref());
        if let Some(issued) = call.counted(&who, now, to_account).await? {
            return Ok(issued);
        }
        let (client, parameters) = call.client(&body, "token", now).await?;
        call.counted(&who, now, oauth.issue(&client, &parameters, issuer, now)).await
    };
    match issued.await {
        Ok(issued) => private(StatusCode::OK, &json!(issued)),
        Err(refusal) => refused(&refusal),
    }
}

pub(super) async fn revoke(
    State(identity): State<Arc<Identity>>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let revoked = async {
        let now = Timestamp::now();
        let (client, parameters) = {
            let call = Call { identity: &identity, extensions: &extensions, headers: &headers };
            call.client(&body, "revoke", now).await?
        };
        identity.oauth.revoke(&client, parameters.required("token")?, now).await
    };
    match revoked.await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refusal) => refused(&refusal),
    }
}

pub(super) async fn introspect(
    State(identity): State<Arc<Identity>>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let looked = async {
        let now = Timestamp::now();
        let (client, parameters) = {
            let call = Call { identity: &identity, extensions: &extensions, headers: &headers };
            call.client(&body, "introspect", now).await?
        };
        let token = parameters.required("token")?;
        Ok::<_, Refusal>(identity.oauth.introspect(&client, token, now).await)
    };
    match looked.await {
        Ok(answer) => private(StatusCode::OK, &answer),
        Err(refusal) => refused(&refusal),
    }
}

/// A client at one of these endpoints.
struct Call<'a> {
    identity: &'a Identity,
    extensions: &'a Extensions,
    headers: &'a HeaderMap,
}

impl Call<'_> {
    /// The client that calls, once it has proven who it is, and what it says.
    async fn client(
        &self,
        body: &[u8],
        endpoint: &str,
        now: Timestamp,
    ) -> Result<(Known, Parameters), Refusal> {
        let parameters = form::body(self.headers, body)?;
        let endpoint = format!("{}/oauth/{endpoint}", self.identity.issuer(self.headers));
        let basic = form::basic(self.headers);
        let who = self.presenter(&parameters, basic.as_ref());
        let proven = self.identity.oauth.authenticate(&parameters, basic, &endpoint, now);
        let client = self.counted(&who, now, proven).await?;
        Ok((client, parameters))
    }

    /// Who presents a secret: the address that it comes from, and the name that goes with it.
    fn presenter(&self, parameters: &Parameters, basic: Option<&(String, String)>) -> String {
        let posted = parameters.get("client_id").unwrap_or_default();
        let name = basic.map_or(posted, |(id, _)| id.as_str());
        source(self.extensions).presenting(name)
    }

    /// Does `work`, unless wrong secrets came from `who` too often; notes another one.
    async fn counted<T>(
        &self,
        who: &str,
        now: Timestamp,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let is_wrong =
            |refusal: &Refusal| matches!(refusal.code, "invalid_client" | "invalid_grant");
        self.identity.attempts.counted(who, now, work, Refusal::slow_down, is_wrong).await
    }
}

/// Where a request comes from.
fn source(extensions: &Extensions) -> Source {
    extensions.get::<Source>().cloned().unwrap_or_default()
}

pub(super) fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({ "error": refusal.code, "error_description": refusal.description });
    let mut response = private(status, &body);
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"pilothouse\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(wait) = refusal.wait {
        response.headers_mut().insert(header::RETRY_AFTER, (wait.as_secs() + 1).into());
    }
    response
}

/// What no cache may keep.
fn private(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
