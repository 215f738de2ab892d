//! Asks servers that a stranger names, and reaches nothing of ours by it: a name is resolved once,
//! all its addresses must be public, and the connection goes to one of these addresses.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use pilothouse_access::{
    address,
    oauth::document::{Fetch, Fetched, Reach},
};
use pilothouse_model::Error;
use reqwest::{
    Client, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, AGE, CACHE_CONTROL, HeaderMap},
};
use tokio::sync::OnceCell;
use url::Url;

/// Bytes of a client's description.
pub(crate) const MOST_BYTES: usize = 16 * 1024;

/// Names to addresses.
#[async_trait]
pub(crate) trait Lookup: Send + Sync + 'static {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
struct System;

#[async_trait]
impl Lookup for System {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Resolves a name for a connection, if none of its addresses is off limits.
struct Guard {
    lookup: Arc<dyn Lookup>,
    reach: Reach,
}

impl Guard {
    fn admits(reach: Reach, address: IpAddr) -> bool {
        address::is_public(address) || (reach == Reach::Loopback && address.is_loopback())
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, reach) = (Arc::clone(&self.lookup), self.reach);
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await?;
            if let Some(address) = found.iter().find(|address| !Self::admits(reach, **address)) {
                tracing::warn!(name = name.as_str(), %address, "a stranger's name leads inside");
                return Err("the name leads to an address that is not public".into());
            }
            // The port is the one of the address that was asked for.
            let found: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(found)
        })
    }
}

/// Fetches what strangers say that it is theirs.
pub(crate) struct Stranger {
    lookup: Arc<dyn Lookup>,
    reach: Reach,
    http: OnceCell<Client>,
}

impl Stranger {
    pub(crate) fn new(reach: Reach) -> Self {
        Self::with(Arc::new(System), reach)
    }

    fn with(lookup: Arc<dyn Lookup>, reach: Reach) -> Self {
        Self { lookup, reach, http: OnceCell::new() }
    }

    /// Made when the first client needs it.
    async fn http(&self) -> Result<&Client, Error> {
        let make = || async {
            let guard = Guard { lookup: Arc::clone(&self.lookup), reach: self.reach };
            super::client()
                // A proxy would resolve the name again, where nobody checks it.
                .no_proxy()
                .dns_resolver(Arc::new(guard))
                .https_only(self.reach == Reach::Public)
                .pool_max_idle_per_host(0)
                .build()
                .map_err(Error::internal)
        };
        self.http.get_or_try_init(make).await
    }
}

#[async_trait]
impl Fetch for Stranger {
    async fn fetch(&self, url: &Url) -> Result<Fetched, Error> {
        let request = self.http().await?.get(url.clone()).header(ACCEPT, "application/json");
        let answer = request.send().await.map_err(super::unreachable)?;
        if answer.status() != StatusCode::OK {
            let text = format!("the server answers {} instead of 200", answer.status().as_u16());
            return Err(Error::upstream(text));
        }
        let fresh = fresh(answer.headers());
        Ok(Fetched { body: super::body(answer, MOST_BYTES).await?, fresh })
    }
}

/// How long an answer may be used again (RFC 9111), if it says.
fn fresh(headers: &HeaderMap) -> Option<Duration> {
    let control = headers.get(CACHE_CONTROL)?.to_str().ok()?.to_ascii_lowercase();
    let mut directives = control.split(',').map(str::trim);
    if directives.clone().any(|word| word == "no-store" || word == "no-cache") {
        return Some(Duration::ZERO);
    }
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.parse().ok()).unwrap_or(0);
    let seconds: u64 = directives.find_map(|word| word.strip_prefix("max-age=")?.parse().ok())?;
    Some(Duration::from_secs(seconds.saturating_sub(age)))
}

#[cfg(test)]
mod tests;
