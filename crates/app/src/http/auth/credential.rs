//! What can prove who calls. Each kind knows its own form and leaves the others to those after it.

mod api_key;
mod bearer;
mod github;
mod operator;
mod shared;

use std::time::Duration;

use async_trait::async_trait;
use axum::http::{HeaderMap, header};
use pilothouse_model::{Caller, Error};

pub(crate) use self::{api_key::ApiKeys, github::GitHub};

/// One kind of credential.
#[async_trait]
pub(crate) trait Credential: Send + Sync {
    /// The caller; `None` when what is presented is not of this kind, an error when it is and is
    /// not good.
    async fn caller(&self, presented: &Presented<'_>) -> Result<Option<Caller>, Refused>;
}

/// What a request presents.
pub(crate) struct Presented<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// The token of the `Authorization` header. Tharsis' gRPC clients send it bare, everybody else
    /// as a bearer.
    pub(crate) token: Option<&'a str>,
    /// What the request is for.
    pub(crate) path: &'a str,
}

impl<'a> Presented<'a> {
    pub(crate) fn new(headers: &'a HeaderMap, path: &'a str) -> Self {
        let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = text.and_then(|text| match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim()),
            Some(_) => None,
            None => Some(text),
        });
        Self { headers, token, path }
    }

    /// Whether there is no attempt at all to say who calls.
    pub(crate) fn is_empty(&self) -> bool {
        !self.headers.contains_key(header::AUTHORIZATION)
    }
}

/// Why a request has no caller.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The credential is missing or not good.
    Credential { message: String, presented: bool },
    /// Nobody has this secret: it may be a guess.
    Unknown { message: String },
    /// Too much comes from there; the rest was not looked at.
    TooFast { message: String, wait: Duration },
    /// It could not be looked at.
    Failed(Error),
}

impl Refused {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Credential { message: message.into(), presented: true }
    }

    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::Unknown { message: message.into() }
    }

    /// Nobody has said who calls.
    pub(super) fn missing() -> Self {
        Self::Credential { message: "a bearer token is required".to_owned(), presented: false }
    }

    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Credential { message, .. } | Self::Unknown { message } => {
                Error::unauthenticated(message)
            }
            Self::TooFast { message, .. } => Error::limited(message),
            Self::Failed(error) => error,
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
