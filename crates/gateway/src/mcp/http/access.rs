//! Which hosts we answer as and which web origins may reach us: the defence against DNS rebinding
//! and against pages in a browser. On by default, for loopback only.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use http::{HeaderMap, Method, StatusCode, Uri, header, uri::Authority};

use super::{cors, header::single, reply};
use crate::mcp::error::invalid_request;

/// The hosts and origins that are let in.
#[derive(Clone, Debug)]
pub struct Access {
    hosts: Hosts,
    origins: Vec<String>,
}

#[derive(Clone, Debug)]
enum Hosts {
    Any,
    Named(Vec<Name>),
}

/// A host as it is compared: in lower case, without the brackets of an IPv6 address.
#[derive(Clone, Debug)]
struct Name {
    host: String,
    /// Any, where there is none.
    port: Option<u16>,
}

impl Name {
    fn read(text: &str) -> Self {
        match text.parse::<Authority>() {
            Ok(named) if named.port().is_some() => {
                Self { host: bare(named.host()).to_ascii_lowercase(), port: named.port_u16() }
            }
            _ => Self { host: bare(text).to_ascii_lowercase(), port: None },
        }
    }

    fn is_of(&self, host: &Authority) -> bool {
        self.host.eq_ignore_ascii_case(bare(host.host()))
            && (self.port.is_none() || self.port == host.port_u16())
    }
}

impl Default for Access {
    /// Loopback names on any port, and no origin but our own.
    fn default() -> Self {
        Self::hosts(["localhost", "127.0.0.1", "::1"])
    }
}

impl Access {
    /// Answers as these hosts: `example.com` on any port, `example.com:8443` on that port.
    pub fn hosts(hosts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let hosts = hosts.into_iter().map(|host| Name::read(host.as_ref())).collect();
        Self { hosts: Hosts::Named(hosts), origins: Vec::new() }
    }

    /// Answers under any name. Only behind a proxy that checks `Host` itself.
    pub fn any_host() -> Self {
        Self { hosts: Hosts::Any, origins: Vec::new() }
    }

    /// Lets pages of these origins in, besides our own: `https://app.example.com`.
    #[must_use]
    pub fn with_origins(mut self, origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let origins = origins.into_iter().map(|origin| origin.into().to_ascii_lowercase());
        self.origins.extend(origins);
        self
    }

    /// The routes, for those only that are let in.
    pub fn around(self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(Arc::new(self), guard))
    }

    /// Says what is wrong with a request's `Host` or `Origin`, if anything.
    pub fn problem(&self, uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
        let Some(host) = host_of(uri, headers) else {
            return Some("the Host header is missing or unreadable");
        };
        if !self.answers_as(&host) {
            return Some(
                "this Host is not served here: PILOTHOUSE_ALLOWED_HOSTS names others than loopback",
            );
        }
        match single(headers, "origin") {
            Ok(None) => None,
            Ok(Some(origin)) if self.admits(origin, &host) => None,
            _ => Some(
                "this Origin is not allowed: PILOTHOUSE_ALLOWED_ORIGINS names others than our own",
            ),
        }
    }

    fn answers_as(&self, host: &Authority) -> bool {
        match &self.hosts {
            Hosts::Any => true,
            Hosts::Named(named) => named.iter().any(|name| name.is_of(host)),
        }
    }

    /// Our own origin is the one whose authority is the host we were called as, which
    /// [`Self::answers_as`] has checked, or another of our names on the same port. What else runs
    /// on this machine is a stranger: its pages could use what a browser keeps for ours.
    fn admits(&self, origin: &str, host: &Authority) -> bool {
        let origin = origin.to_ascii_lowercase();
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        let own = authority.and_then(|text| text.parse::<Authority>().ok()).is_some_and(|own| {
            own.as_str().eq_ignore_ascii_case(host.as_str())
                || (matches!(self.hosts, Hosts::Named(_))
                    && !own.as_str().contains('@')
                    && self.answers_as(&own)
                    && own.port_u16() == host.port_u16())
        });
        own || self.origins.contains(&origin)
    }
}

fn host_of(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    if headers.contains_key(header::HOST) {
        return single(headers, "host").ok()??.parse().ok();
    }
    // HTTP/2 carries the host in the URI.
    uri.authority().cloned()
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Around everything, authentication too: refuses what [`Access::problem`] objects to
/// with 403, answers the preflights of browsers, which carry no credential, and says on every other
/// answer which origin may read it.
async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN).cloned();
    if let Some(problem) = access.problem(request.uri(), headers) {
        let host = headers.get(header::HOST);
        tracing::warn!(problem, ?host, ?origin, "request refused");
        return reply::refusal(StatusCode::FORBIDDEN, None, invalid_request(problem));
    }
    if request.method() == Method::OPTIONS {
        return cors::preflight(origin, headers);
    }
    let mut response = next.run(request).await;
    if let Some(origin) = origin {
        cors::share(&mut response, origin);
    }
    response
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn lets_in(access: &Access, host: &'static str, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        access.problem(&Uri::from_static("/mcp"), &headers).is_none()
    }

    #[test]
    fn loopback_is_the_default_and_origins_must_be_ours() {
        let access = Access::default();
        for (host, origin, expected) in [
            ("localhost:7777", None, true),
            ("LOCALHOST", None, true),
            ("127.0.0.1:1", None, true),
            ("[::1]:7777", None, true),
            ("evil.example.com", None, false),
            ("127.0.0.1.evil.com", None, false),
            ("", None, false),
            ("localhost:7777", Some("http://localhost:7777"), true),
            ("[::1]:7777", Some("http://[::1]:7777"), true),
            ("127.0.0.1:7777", Some("http://localhost:7777"), true),
            ("[::1]:7777", Some("http://127.0.0.1:7777"), true),
            ("localhost:7777", Some("http://localhost:3000"), false),
            ("127.0.0.1:7777", Some("http://localhost:6274"), false),
            ("localhost:7777", Some("http://user@localhost:7777"), false),
            ("localhost:7777", Some("http://localhost:7777/path"), false),
            ("localhost:7777", Some("https://evil.example.com"), false),
            ("localhost:7777", Some("null"), false),
            ("evil.example.com", Some("http://evil.example.com"), false),
        ] {
            assert_eq!(lets_in(&access, host, origin), expected, "{host} {origin:?}");
        }
    }

    #[test]
    fn hosts_and_origins_can_be_named() {
        let access = Access::hosts(["Pilot.example.com", "other.example.com:8443"])
            .with_origins(["https://App.example.com"]);
        for (host, origin, expected) in [
            ("pilot.example.com", None, true),
            ("pilot.example.com:9", None, true),
            ("other.example.com:8443", None, true),
            ("other.example.com", None, false),
            ("localhost", None, false),
            ("pilot.example.com", Some("https://app.example.com"), true),
            ("pilot.example.com", Some("https://pilot.example.com"), true),
            ("pilot.example.com", Some("https://app.example.com.evil.com"), false),
        ] {
            assert_eq!(lets_in(&access, host, origin), expected, "{host} {origin:?}");
        }
        assert!(lets_in(&Access::any_host(), "whatever", None));
        assert!(!lets_in(&Access::any_host(), "whatever", Some("http://other")));
    }

    #[test]
    fn two_hosts_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        headers.append(header::HOST, HeaderValue::from_static("evil.com"));
        assert!(Access::default().problem(&Uri::from_static("/"), &headers).is_some());
    }
}
