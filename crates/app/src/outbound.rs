//! Documents of other servers at addresses that callers chose: fetched within bounds, and only
//! from public addresses or hosts that the operator named.
//!
//! A name is resolved once and what it resolves to is checked before the connection goes there, so
//! it cannot change in between. Redirects are not followed.

mod address;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use pilothouse_access::federation::Fetch;
use pilothouse_model::Error;
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use url::{Host, Url};

/// From the first byte sent to the last one received.
const TIMEOUT: Duration = Duration::from_secs(5);
const USER_AGENT: &str = concat!("pilothouse/", env!("CARGO_PKG_VERSION"));

/// Fetches documents of strangers.
pub(crate) struct Outbound {
    private_hosts: Arc<[String]>,
    client: reqwest::Client,
}

impl Outbound {
    /// `private_hosts` may have addresses that are not public, and speak plain HTTP.
    pub(crate) fn new(private_hosts: &[String]) -> Result<Self, Error> {
        let private_hosts: Arc<[String]> = private_hosts.into();
        let resolver = Guarded { private_hosts: Arc::clone(&private_hosts) };
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .referer(false)
            // A proxy would resolve names itself, out of our sight.
            .no_proxy()
            .dns_resolver(Arc::new(resolver))
            .build()
            .map_err(Error::internal)?;
        Ok(Self { private_hosts, client })
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
impl Fetch for Outbound {
    async fn get(&self, url: &Url, most: usize) -> Result<Vec<u8>, Error> {
        self.check(url)?;
        let failed = |error: reqwest::Error| refused(url, &reason(&error));
        let mut response = self.client.get(url.clone()).send().await.map_err(failed)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(refused(url, &format!("it answered {}", response.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > most {
                return Err(refused(url, &format!("it sends more than {most} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// The innermost reason, which is the one that helps.
fn reason(error: &reqwest::Error) -> String {
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
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let is_private = self.private_hosts.iter().any(|own| own == name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if !is_private && !found.iter().all(|found| address::is_public(found.ip())) {
                return Err("its address is private".into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn problem(outbound: &Outbound, url: &str) -> String {
        outbound.get(&url.parse().unwrap(), 1000).await.unwrap_err().message
    }

    #[tokio::test]
    async fn strangers_do_not_reach_this_network_through_us() {
        let outbound = Outbound::new(&[]).unwrap();
        for (url, problem_is) in [
            ("http://issuer.example/keys", "not an https address"),
            ("ftp://issuer.example/keys", "not an https address"),
            ("https://127.0.0.1/keys", "private"),
            ("https://169.254.169.254/latest/meta-data", "private"),
            ("https://[::ffff:10.0.0.1]/keys", "private"),
            ("https://[64:ff9b::a00:1]/keys", "private"),
            ("https://2130706433/keys", "private"),
            ("https://localhost/keys", "private"),
        ] {
            let problem = problem(&outbound, url).await;
            assert!(problem.contains(problem_is), "{url}: {problem}");
        }
    }

    #[tokio::test]
    async fn hosts_that_the_operator_named_may_be_private_and_are_bounded_all_the_same() {
        use axum::{Router, response::Redirect, routing::get};
        let routes = Router::new()
            .route("/small", get(|| async { "x".repeat(1000) }))
            .route("/large", get(|| async { "x".repeat(1001) }))
            .route("/away", get(|| async { Redirect::to("/small") }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        let outbound = Outbound::new(&["127.0.0.1".to_owned()]).unwrap();
        let at = |path: &str| format!("http://{address}{path}");
        let small: Url = at("/small").parse().unwrap();
        assert_eq!(outbound.get(&small, 1000).await.unwrap().len(), 1000);
        assert!(problem(&outbound, &at("/large")).await.contains("more than 1000 bytes"));
        assert!(problem(&outbound, &at("/away")).await.contains("303"));
        assert!(problem(&outbound, &at("/gone")).await.contains("404"));
        server.abort();
    }
}
