//! Clients that are known by the address of a document that describes them (Client ID Metadata
//! Documents). Says which addresses and documents are good; whoever fetches them sees to it that
//! the way there leads to public addresses only.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jsonwebtoken::jwk::JwkSet;
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::identity::ClientKind;
use serde::Deserialize;
use tokio::sync::Semaphore;
use url::{Host, Url};

use super::{
    Refusal,
    assertion::published_keys,
    client::{self, Known, Metadata},
    redirect,
};
use crate::recent::Recent;

/// A longer text is no client's address.
pub const LONGEST_ADDRESS: usize = 1024;
/// Documents that are being fetched at the same time.
const MOST_AT_ONCE: usize = 4;
const REMEMBERED: usize = 256;
/// Bytes of a document.
pub const MOST_BYTES: usize = 16 * 1024;
/// How long a document is good for, whatever its server says.
pub const SHORTEST: Duration = Duration::from_mins(1);
pub const LONGEST: Duration = Duration::from_hours(24);
/// Between two questions for the keys at one address.
const RETRY: Duration = Duration::from_mins(1);

/// The way to a document.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// What stands at `url`: the body of an answer 200, at most `most` bytes, without following any
    /// redirect.
    ///
    /// # Errors
    /// When the way there leads to an address that is not public, or takes too long, or when the
    /// answer is another one or too large.
    async fn fetch(&self, url: &Url, most: usize) -> Result<Fetched, Error>;
}

/// A document as it arrived.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub body: Vec<u8>,
    /// How long its server says that it is good for.
    pub fresh: Option<Duration>,
}

impl Fetched {
    fn fresh(&self) -> Duration {
        self.fresh.unwrap_or(Duration::from_hours(1)).clamp(SHORTEST, LONGEST)
    }
}

/// Where clients may be described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// `https` on the internet.
    Public,
    /// Also plain `http` on this machine, for those who develop a client.
    Loopback,
}

/// All such clients, as far as they were asked about lately.
pub struct Documents {
    fetch: Box<dyn Fetch>,
    reach: Reach,
    known: Recent<String, (Metadata, Timestamp)>,
    /// Keys by their address, until when they are good, and when they were asked for.
    keys: Recent<String, Published>,
    turns: Semaphore,
}

#[derive(Clone)]
struct Published {
    /// None while they cannot be read.
    keys: Option<Arc<JwkSet>>,
    until: Timestamp,
    asked_at: Timestamp,
}

#[derive(Deserialize)]
struct Document {
    client_id: String,
    client_secret: Option<serde_json::Value>,
    #[serde(flatten)]
    metadata: Metadata,
}

impl Documents {
    pub fn new(fetch: Box<dyn Fetch>, reach: Reach) -> Self {
        let turns = Semaphore::new(MOST_AT_ONCE);
        let (known, keys) = (Recent::new(REMEMBERED), Recent::new(REMEMBERED));
        Self { fetch, reach, known, keys, turns }
    }

    /// The client at the address `id`.
    pub async fn client(&self, id: &str, now: Timestamp) -> Result<Known, Refusal> {
        let url = address(id, self.reach).ok_or_else(|| {
            let text = "a client's address is https, with a host name and a path";
            Refusal::new("invalid_client", text)
        })?;
        let key = id.to_owned();
        let metadata = match self.known.get(&key) {
            Some((metadata, until)) if now < until => metadata,
            _ => self.read(key, &url, now).await?,
        };
        Ok(Known::described(id, metadata))
    }

    /// The keys that a client publishes at `url`. They are asked for again when they are old, and
    /// when `wanted` is not among them, but not all the time.
    pub(super) async fn keys(
        &self,
        url: &str,
        wanted: Option<&str>,
        now: Timestamp,
    ) -> Result<JwkSet, Refusal> {
        let known = self.keys.get(&url.to_owned());
        if let Some(Published { keys, until, asked_at }) = known {
            let found = keys.as_ref().filter(|keys| {
                now < until && wanted.is_none_or(|wanted| keys.find(wanted).is_some())
            });
            if found.is_some() || now.since(asked_at) < RETRY {
                return keys.map(|keys| (*keys).clone()).ok_or_else(Refusal::invalid_client);
            }
        }
        let published = self.published(url, now).await;
        self.keys.insert(url.to_owned(), published.clone());
        published.keys.map(|keys| (*keys).clone()).ok_or_else(Refusal::invalid_client)
    }

    async fn published(&self, url: &str, now: Timestamp) -> Published {
        let read = async {
            let address = address(url, self.reach)?;
            let _turn = self.turns.acquire().await.ok()?;
            let fetched = self.fetch.fetch(&address, MOST_BYTES).await;
            let fetched = fetched.inspect_err(|error| {
                tracing::info!(url, %error, "a client's keys cannot be read");
            });
            let fetched = fetched.ok()?;
            Some((published_keys(&fetched.body)?, fetched.fresh()))
        };
        let (keys, fresh) = read.await.unzip();
        let until = now.after(fresh.unwrap_or_default());
        Published { keys: keys.map(Arc::new), until, asked_at: now }
    }

    async fn read(&self, id: String, url: &Url, now: Timestamp) -> Result<Metadata, Refusal> {
        let _turn = self.turns.acquire().await.map_err(Error::internal)?;
        let fetched =
            self.fetch.fetch(url, MOST_BYTES).await.map_err(|error| unreadable(&error.message))?;
        let metadata = metadata(&id, &fetched.body)?;
        if metadata.jwks_uri.as_ref().is_some_and(|keys| address(keys, self.reach).is_none()) {
            return Err(unreadable("its jwks_uri is no address that is asked"));
        }
        self.known.insert(id, (metadata.clone(), now.after(fetched.fresh())));
        Ok(metadata)
    }
}

/// Whether an id is the address of a document rather than a name that we gave.
pub fn is_address(id: &str) -> bool {
    id.starts_with("https://") || id.starts_with("http://")
}

/// The address that `id` is, if a client may be described there. Written in the one form that means
/// it: no second spelling of a host, no `..`.
fn address(id: &str, reach: Reach) -> Option<Url> {
    let url = Url::parse(id).ok().filter(|url| url.as_str() == id)?;
    let plain = id.len() <= LONGEST_ADDRESS
        && url.path() != "/"
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let named = matches!(url.host(), Some(Host::Domain(name)) if is_public_name(name));
    let reachable = match url.scheme() {
        "https" => named,
        "http" => reach == Reach::Loopback && redirect::is_loopback(&url),
        _ => false,
    };
    (plain && reachable).then_some(url)
}

/// Names that never leave a machine or a network are not asked for.
fn is_public_name(name: &str) -> bool {
    let local = ["localhost", "local", "internal", "home.arpa", "test", "invalid", "onion"];
    let ends = |end: &&str| {
        name.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    name.contains('.') && !name.ends_with('.') && !local.iter().any(ends)
}

/// What the document of the client `id` says of it.
fn metadata(id: &str, body: &[u8]) -> Result<Metadata, Refusal> {
    let document: Document =
        serde_json::from_slice(body).map_err(|error| unreadable(&error.to_string()))?;
    if document.client_id != id {
        return Err(unreadable("it describes another client"));
    }
    if document.client_secret.is_some() {
        return Err(unreadable("it holds a secret, which is none any more"));
    }
    client::described(document.metadata)
}

fn unreadable(why: &str) -> Refusal {
    Refusal::new("invalid_client", format!("the client's description does not work: {why}"))
}

impl Known {
    fn described(id: &str, metadata: Metadata) -> Self {
        Self { id: id.to_owned(), kind: ClientKind::Document, metadata, secret: None }
    }
}

#[cfg(test)]
mod tests;
