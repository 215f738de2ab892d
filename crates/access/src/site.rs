//! The addresses under which this installation is known: the issuer of tokens and the resources
//! that they are good for (RFC 8707).

/// One installation: its canonical base address and others that mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `scheme://host[:port]`, without a trailing slash; the first is canonical.
    bases: Vec<String>,
}

impl Site {
    pub fn new(canonical: &str, aliases: impl IntoIterator<Item = String>) -> Self {
        let canonical = canonical.trim_end_matches('/').to_owned();
        let mut bases = vec![canonical];
        bases.extend(aliases.into_iter().filter(|alias| !alias.is_empty()));
        Self { bases }
    }

    /// A server on plain loopback HTTP, which answers under each of its names.
    pub fn loopback(address: std::net::SocketAddr) -> Self {
        let port = address.port();
        let names = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("http://{name}:{port}"));
        Self::new(&format!("http://{address}"), names)
    }

    pub fn canonical(&self) -> &str {
        &self.bases[0]
    }

    /// Whether browsers reach it over TLS.
    pub fn is_secure(&self) -> bool {
        self.canonical().starts_with("https://")
    }

    /// The base for a request that was sent to `host`, a `Host` header; canonical when the host is
    /// none of ours.
    pub fn base(&self, host: Option<&str>) -> &str {
        let of_host =
            |base: &&String| base.split_once("://").is_some_and(|(_, own)| Some(own) == host);
        self.bases.iter().find(of_host).unwrap_or(&self.bases[0])
    }

    pub fn is_base(&self, text: &str) -> bool {
        self.bases.iter().any(|base| base == text)
    }

    /// The path of a resource of ours: empty for all of it, `/mcp`. A URL of others, and one with a
    /// query or a fragment, is none.
    pub fn path<'u>(&self, url: &'u str) -> Option<&'u str> {
        let path = self.bases.iter().find_map(|base| url.strip_prefix(base.as_str()))?;
        let plain = path.is_empty() || path.starts_with('/');
        (plain && !path.contains(['?', '#', '%', '\\']) && !path.contains(".."))
            .then(|| path.trim_end_matches('/'))
    }

    /// Whether a token for the resource `audience` is good for a request to `path`: for that
    /// resource and what lies below it.
    pub fn covers(&self, audience: &str, path: &str) -> bool {
        self.path(audience).is_some_and(|own| {
            path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site::loopback(([127, 0, 0, 1], 7777).into())
    }

    #[test]
    fn a_token_is_good_for_its_resource_and_what_lies_below() {
        for (audience, path, expected) in [
            ("http://127.0.0.1:7777", "/mcp", true),
            ("http://127.0.0.1:7777/", "/platforms/tharsis/v1", true),
            ("http://localhost:7777/mcp", "/mcp", true),
            ("http://localhost:7777/mcp", "/mcp/tharsis", true),
            ("http://localhost:7777/mcp/tharsis", "/mcp", false),
            ("http://localhost:7777/mcp", "/mcpx", false),
            ("http://localhost:7777/mcp", "/platforms/tharsis", false),
            ("http://localhost:77777/mcp", "/mcp", false),
            ("https://localhost:7777/mcp", "/mcp", false),
            ("http://localhost:7777.evil.com/mcp", "/mcp", false),
            ("http://localhost:7777@evil.com/mcp", "/mcp", false),
            ("http://localhost:7777/mcp/../x", "/mcp", false),
            ("http://evil.com", "/mcp", false),
            ("", "/mcp", false),
        ] {
            assert_eq!(site().covers(audience, path), expected, "{audience} {path}");
        }
    }

    #[test]
    fn a_request_is_answered_under_the_name_it_used() {
        for (host, base) in [
            (Some("localhost:7777"), "http://localhost:7777"),
            (Some("[::1]:7777"), "http://[::1]:7777"),
            (Some("evil.com"), "http://127.0.0.1:7777"),
            (None, "http://127.0.0.1:7777"),
        ] {
            assert_eq!(site().base(host), base);
        }
        let public = Site::new("https://ops.example.com/", []);
        assert_eq!(public.base(Some("localhost:7777")), "https://ops.example.com");
        assert!(public.is_secure() && !public.is_base("http://ops.example.com"));
    }
}
