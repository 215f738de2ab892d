//! Providers that vouch for people: where a browser is sent, and what is asked when it comes back.
//! Which accounts follow from that is `access`'s to say.

mod github;
mod openid;

use pilothouse_access::external::{Admission, Journey, Return, Vouched};
use pilothouse_model::{Error, Timestamp};
use reqwest::{Client, Response, StatusCode};
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use url::Url;

use self::{github::GitHub, openid::OpenId};
use crate::config::SignIn;

/// Bytes of a provider's answer.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

/// All that the operator configured.
pub(crate) struct Providers {
    pub(crate) all: Vec<Provider>,
    pub(crate) admission: Admission,
    http: OnceCell<Client>,
}

pub(crate) struct Provider {
    /// As it stands in our addresses.
    pub(crate) name: &'static str,
    /// As people know it.
    pub(crate) label: String,
    kind: Kind,
}

enum Kind {
    OpenId(Box<OpenId>),
    GitHub(Box<GitHub>),
}

/// What a browser brought back: the code, and the address that it was sent back to.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) code: &'a str,
    pub(crate) callback: &'a str,
    pub(crate) kept: &'a Return,
}

impl Providers {
    pub(crate) fn new(config: &SignIn) -> Self {
        let openid = config.openid.clone().map(|openid| Provider {
            name: "openid",
            label: openid.label.clone(),
            kind: Kind::OpenId(Box::new(OpenId::new(openid))),
        });
        let github = config.github.clone().map(|github| Provider {
            name: "github",
            label: "GitHub".to_owned(),
            kind: Kind::GitHub(Box::new(GitHub::new(github))),
        });
        let all = openid.into_iter().chain(github).collect();
        Self { all, admission: config.accounts.clone(), http: OnceCell::new() }
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Provider> {
        self.all.iter().find(|provider| provider.name == name)
    }

    /// Where to send a browser that shall come back to `callback`.
    pub(crate) async fn departure(
        &self,
        provider: &Provider,
        journey: &Journey,
        callback: &str,
    ) -> Result<Url, Error> {
        match &provider.kind {
            Kind::OpenId(openid) => openid.departure(self.http().await?, journey, callback).await,
            Kind::GitHub(github) => Ok(github.departure(journey, callback)),
        }
    }

    /// Who came back.
    pub(crate) async fn vouched(
        &self,
        provider: &Provider,
        arrival: Arrival<'_>,
        now: Timestamp,
    ) -> Result<Vouched, Error> {
        let http = self.http().await?;
        match &provider.kind {
            Kind::OpenId(openid) => openid.vouched(http, arrival, now).await,
            Kind::GitHub(github) => github.vouched(http, arrival).await,
        }
    }

    /// Made when the first person needs it.
    async fn http(&self) -> Result<&Client, Error> {
        let make = || async { super::client().build().map_err(Error::internal) };
        self.http.get_or_try_init(make).await
    }
}

/// The JSON of a good answer. What a bad one says may repeat what was sent, so only its status is
/// told.
async fn read<T: DeserializeOwned>(
    what: &str,
    sent: reqwest::Result<Response>,
) -> Result<T, Error> {
    let answer = sent.map_err(super::unreachable)?;
    let status = answer.status();
    let body = super::body(answer, MOST_BYTES).await?;
    if status != StatusCode::OK {
        return Err(Error::upstream(format!("the provider's {what} answers {}", status.as_u16())));
    }
    serde_json::from_slice(&body).map_err(|error| {
        Error::upstream(format!("the provider's {what} cannot be read")).source(error.to_string())
    })
}
