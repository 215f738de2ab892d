//! Who is who, over HTTP: the documents by which clients find the authorization server, its
//! endpoints, the pages on which people sign in and consent, and the console.
//!
//! Only form, headers and pages; the rules are `access`'s.

mod browser;
mod console;
mod document;
mod endpoint;
mod external;
mod form;
mod page;
mod sign_in;
mod visit;
mod who;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, header},
    routing::{get, post},
};
use pilothouse_access::{Attempts, Directory, OAuth, Policy, Site};
use pilothouse_model::Error;

use self::page::Pages;
pub(super) use self::who::userinfo;
use crate::{compose::Product, web::provider::Providers};

/// A form or a client's metadata has at most this many bytes.
const MOST_BYTES: usize = 64 * 1024;

/// What the handlers share.
pub(crate) struct Identity {
    oauth: OAuth,
    providers: Providers,
    directory: Directory,
    policy: Policy,
    pages: Pages,
    attempts: Attempts,
    behind_proxy: bool,
}

impl Identity {
    pub(crate) fn new(
        oauth: OAuth,
        providers: Providers,
        product: &Product,
        behind_proxy: bool,
    ) -> Result<Self, Error> {
        Ok(Self {
            oauth,
            providers,
            directory: product.directory.clone(),
            policy: product.policy.clone(),
            pages: Pages::new()?,
            attempts: Attempts::new(),
            behind_proxy,
        })
    }

    pub(super) fn behind_proxy(&self) -> bool {
        self.behind_proxy
    }

    fn site(&self) -> &Site {
        self.oauth.bearers.site()
    }

    /// The base address under which this request reached us, which is the issuer for it.
    fn issuer(&self, headers: &HeaderMap) -> &str {
        self.site().base(headers.get(header::HOST).and_then(|host| host.to_str().ok()))
    }
}

/// The routes that need no credential.
pub(super) fn router(identity: Arc<Identity>) -> Router {
    const RESOURCE: &str = "/.well-known/oauth-protected-resource";
    Router::new()
        .route(RESOURCE, get(document::resource))
        .route(&format!("{RESOURCE}/{{*path}}"), get(document::resource_at))
        .route("/.well-known/oauth-authorization-server", get(document::server))
        .route("/.well-known/openid-configuration", get(document::server))
        .route("/oauth/jwks", get(document::keys))
        .route("/oauth/register", post(endpoint::register))
        .route("/oauth/token", post(endpoint::token))
        .route("/oauth/revoke", post(endpoint::revoke))
        .route("/oauth/introspect", post(endpoint::introspect))
        .route("/oauth/authorize", get(sign_in::ask).post(sign_in::answer))
        .route("/oauth/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/oauth/sign-out", post(sign_in::leave))
        .route("/oauth/external/{provider}", get(external::depart))
        .route("/oauth/external/{provider}/callback", get(external::arrive))
        .route("/oauth/setup", get(sign_in::setup).post(sign_in::set_up))
        .route("/console", get(console::show))
        .route("/oauth/style.css", get(page::style))
        .route("/oauth/htmx.js", get(page::htmx))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(identity)
}
