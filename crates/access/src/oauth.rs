//! The authorization server's rules (OAuth 2.1), without HTTP: who a client is, what a person gives
//! it, and which tokens follow from that.

mod account;
pub mod assertion;
pub mod authorize;
pub mod client;
pub mod document;
pub mod pkce;
mod redirect;
pub mod token;

use std::{sync::Arc, time::Duration};

use pilothouse_model::{Error, Kind};
use pilothouse_store::Store;

use self::document::Documents;
use crate::Bearers;

/// How long a grant lives without its refresh token being used.
pub const GRANT: Duration = Duration::from_hours(24 * 30);

/// The authorization server.
pub struct OAuth {
    pub store: Store,
    pub bearers: Arc<Bearers>,
    /// Clients that are known by an address, where that is offered.
    pub documents: Option<Documents>,
}

/// A refusal as RFC 6749 spells it.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Refusal {
    /// `invalid_request`, `invalid_client`, …
    pub code: &'static str,
    pub description: String,
    /// When it makes sense to try again.
    pub wait: Option<Duration>,
}

impl Refusal {
    pub fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), wait: None }
    }

    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    fn invalid_client() -> Self {
        Self::new("invalid_client", "the client is unknown or did not prove who it is")
    }

    /// Too many wrong secrets.
    pub fn slow_down(wait: Duration) -> Self {
        Self::too_often("wrong secrets", wait)
    }

    /// Too many of what nobody needs so much of.
    pub fn too_often(what: &str, wait: Duration) -> Self {
        let description = format!("{what} too often; try again in {} s", wait.as_secs() + 1);
        Self { code: "slow_down", description, wait: Some(wait) }
    }

    /// The status of the token endpoint's answer.
    pub fn status(&self) -> u16 {
        match self.code {
            "invalid_client" => 401,
            "slow_down" => 429,
            "server_error" => 500,
            "temporarily_unavailable" => 503,
            _ => 400,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.kind {
            Kind::Internal => {
                tracing::error!(%error, source = ?error.source, "the authorization server failed");
                Self::new("server_error", error.message)
            }
            Kind::Unavailable | Kind::Limited => {
                Self::new("temporarily_unavailable", error.message)
            }
            _ => Self::invalid_request(error.message),
        }
    }
}

impl From<pilothouse_store::StoreError> for Refusal {
    fn from(error: pilothouse_store::StoreError) -> Self {
        Error::from(error).into()
    }
}

/// Named values of a request. RFC 6749 wants each at most once.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Refuses a name that occurs twice.
    pub fn new(pairs: Vec<(String, String)>) -> Result<Self, Refusal> {
        for (at, (name, _)) in pairs.iter().enumerate() {
            if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(Refusal::invalid_request(format!("{name:?} is given twice")));
            }
        }
        Ok(Self(pairs))
    }

    /// An empty value counts as not given.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::invalid_request(format!("{name} is missing")))
    }
}
