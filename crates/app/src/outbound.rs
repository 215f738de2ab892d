//! Documents of other servers at addresses that callers chose: fetched within bounds, and only
//! from public addresses or hosts that the operator named.
//!
//! A name is resolved once and what it resolves to is checked before the connection goes there, so
//! it cannot change in between. Redirects are not followed.

mod address;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use pilothouse_access::{
    federation,
    oauth::document::{self, Fetched},
};
use pilothouse_model::Error;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{AGE, CACHE_CONTROL, HeaderMap},
};
use tokio::sync::OnceCell;
use url::{Host, Url};

use crate::web;

/// Names to addresses.
#[async_trait]
trait Lookup: Send + Sync + 'static {
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

/// Fetches documents of strangers.
pub(crate) struct Outbound {
    private_hosts: Arc<[String]>,
    lookup: Arc<dyn Lookup>,
    client: OnceCell<Client>,
}

impl Outbound {
    /// `private_hosts` may have addresses that are not public, and speak plain HTTP.
    pub(crate) fn new(private_hosts: &[String]) -> Self {
        Self::with(Arc::new(System), private_hosts)
    }

    fn with(lookup: Arc<dyn Lookup>, private_hosts: &[String]) -> Self {
        Self { private_hosts: private_hosts.into(), lookup, client: OnceCell::new() }
    }

    /// Made when the first document is needed.
    async fn client(&self) -> Result<&Client, Error> {
        let make = || async {
            let private_hosts = Arc::clone(&self.private_hosts);
            let guard = Guarded { private_hosts, lookup: Arc::clone(&self.lookup) };
            web::client()
                // A proxy would resolve names itself, out of our sight.
                .no_proxy()
                .dns_resolver(Arc::new(guard))
                // Each document is a new connection to addresses that were checked for it.
                .pool_max_idle_per_host(0)
                .build()
                .map_err(Error::internal)
        };
        self.client.get_or_try_init(make).await
    }

    /// The headers and the body of an answer 200, which has at most `most` bytes.
    async fn answer(&self, url: &Url, most: usize) -> Result<(HeaderMap, Vec<u8>), Error> {
        self.check(url)?;
        let failed = |error: reqwest::Error| refused(url, &reason(&error));
        let request = self.client().await?.get(url.clone());
        let response = request.send().await.map_err(failed)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(refused(url, &format!("it answered {}", response.status())));
        }
        let headers = response.headers().clone();
        let body = web::body(response, most).await.map_err(|error| refused(url, &error.message))?;
        Ok((headers, body))
    }

    /// Refuses what needs no look at the network to be refused.
    fn check(&self, url: &Url) -> Result<(), Error> {
        let host = url.host().ok_or_else(|| refused(url, "it names no host"))?;
        let is_private = self.private_hosts.iter().any(|own| *own == host.to_string());
        if url.scheme() != "https" && !(is_private && url.scheme() == "http") {
            return Err(refused(url, "it is not an https address"));
        }
        // The resolver never sees addresses.
        let is_public = match host {
            Host::Domain(_) => true,
            Host::Ipv4(address) => address::is_public(address.into()),
            Host::Ipv6(address) => address::is_public(address.into()),
        };
        if is_public || is_private { Ok(()) } else { Err(refused(url, "its address is private")) }
    }
}

#[async_trait]
impl federation::Fetch for Outbound {
    async fn get(&self, url: &Url, most: usize) -> Result<Vec<u8>, Error> {
        Ok(self.answer(url, most).await?.1)
    }
}

#[async_trait]
impl document::Fetch for Outbound {
    async fn fetch(&self, url: &Url, most: usize) -> Result<Fetched, Error> {
        let (headers, body) = self.answer(url, most).await?;
        Ok(Fetched { body, fresh: fresh(&headers) })
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

/// The innermost reason, which is the one that helps.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}

fn refused(url: &Url, why: &str) -> Error {
    Error::unavailable(format!("{url} cannot be fetched: {why}"))
}

/// Resolves names to public addresses only.
struct Guarded {
    private_hosts: Arc<[String]>,
    lookup: Arc<dyn Lookup>,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = Arc::clone(&self.lookup);
        let is_private = self.private_hosts.iter().any(|own| own == name.as_str());
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await?;
            if !is_private && !found.iter().all(|found| address::is_public(*found)) {
                return Err("its address is private".into());
            }
            // The port is the one of the address that was asked for.
            let addresses: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests;
