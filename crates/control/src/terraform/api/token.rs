//! Where service accounts sign in: the only routes of the platform that need no caller.
//!
//! Source: `contracts/tharsis/platform.json`, `auth.sa_client_credentials` and
//! `auth.sa_oidc_federation`.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Extension, RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use pilothouse_access::{
    Source,
    service_account::token::{Issued, Tokens},
};
use pilothouse_model::{Error, Timestamp};
use serde_json::json;
use tonic::{Request, Status, server::NamedService as _};
use url::form_urlencoded;

use super::{failure::Failure, failure::status, proto};
use crate::terraform::limit;
use proto::service_account::{
    CreateClientCredentialsTokenRequest, CreateOidcTokenRequest, CreateTokenResponse,
    service_accounts_server::{ServiceAccounts, ServiceAccountsServer},
};

/// The platform's REST below a prefix of its own; both paths that Tharsis' documents name.
pub(super) fn rest(tokens: Arc<Tokens>) -> Router {
    Router::new()
        .route("/v1/serviceaccounts/token", post(by_secret))
        .route("/v1/serviceaccounts/oauth/token", post(by_secret))
        .layer(DefaultBodyLimit::max(limit::TOKEN_REQUEST))
        .with_state(tokens)
}

/// The two methods of Tharsis' service that nobody is signed in for yet.
pub(super) fn grpc(tokens: Arc<Tokens>) -> Router {
    type Server = ServiceAccountsServer<Signer>;
    let server = Server::new(Signer(tokens)).max_decoding_message_size(limit::TOKEN_REQUEST);
    Router::new()
        .route_service(&format!("/{}/CreateOIDCToken", Server::NAME), server.clone())
        .route_service(&format!("/{}/CreateClientCredentialsToken", Server::NAME), server)
}

/// A form, or the same fields in the query; the form counts when both name one.
async fn by_secret(
    State(tokens): State<Arc<Tokens>>,
    source: Option<Extension<Source>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let fields = [&body[..], query.as_bytes()].map(form_urlencoded::parse);
    let field = |name: &str| {
        let mut all = fields.iter().flat_map(Clone::clone);
        all.find(|(own, _)| own == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    if field("grant_type") != "client_credentials" {
        return Err(Error::invalid("grant_type must be client_credentials").into());
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let issuer = tokens.site().base(host);
    let (id, secret) = (field("client_id"), field("client_secret"));
    let source = source.map(|Extension(source)| source).unwrap_or_default();
    let given = tokens.by_secret(&source, &id, &secret, issuer, Timestamp::now()).await?;
    let answer = json!({
        "access_token": given.token,
        "token_type": "Bearer",
        "expires_in": given.expires_in.as_secs(),
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// Serves nothing but tokens.
struct Signer(Arc<Tokens>);

#[tonic::async_trait]
impl ServiceAccounts for Signer {
    async fn create_oidc_token(
        &self,
        request: Request<CreateOidcTokenRequest>,
    ) -> Result<tonic::Response<CreateTokenResponse>, Status> {
        let source = source(&request);
        let CreateOidcTokenRequest { service_account_id: id, token } = request.into_inner();
        let issuer = self.0.site().canonical();
        answer(self.0.by_trust(&source, &id, &token, issuer, Timestamp::now()).await)
    }

    async fn create_client_credentials_token(
        &self,
        request: Request<CreateClientCredentialsTokenRequest>,
    ) -> Result<tonic::Response<CreateTokenResponse>, Status> {
        let source = source(&request);
        let CreateClientCredentialsTokenRequest { client_id: id, client_secret: secret } =
            request.into_inner();
        let issuer = self.0.site().canonical();
        answer(self.0.by_secret(&source, &id, &secret, issuer, Timestamp::now()).await)
    }
}

fn source<T>(request: &Request<T>) -> Source {
    request.extensions().get::<Source>().cloned().unwrap_or_default()
}

fn answer(issued: Result<Issued, Error>) -> Result<tonic::Response<CreateTokenResponse>, Status> {
    let Issued { token, expires_in } = issued.map_err(status)?;
    let expires_in = i32::try_from(expires_in.as_secs()).unwrap_or(i32::MAX);
    Ok(tonic::Response::new(CreateTokenResponse { token, expires_in }))
}
