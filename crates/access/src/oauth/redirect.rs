//! Where a browser may be sent back to: exactly what was registered, but for the port of a program
//! on the same machine (RFC 8252, section 7.3).

use url::Url;

/// Schemes with which a browser would run or show what it is given.
const DANGEROUS: [&str; 10] =
    ["javascript", "data", "vbscript", "file", "about", "blob", "ws", "wss", "ftp", "view-source"];
const MOST_BYTES: usize = 2048;

/// Whether a client may register `uri`.
pub(super) fn is_acceptable(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let plain = uri.len() <= MOST_BYTES
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && !uri.chars().any(|c| c.is_control() || c.is_whitespace());
    plain
        && match url.scheme() {
            "https" => url.has_host(),
            "http" => is_loopback(&url),
            scheme => !DANGEROUS.contains(&scheme),
        }
}

/// Whether a browser may be sent to `requested` for a client that registered `registered`.
pub(super) fn matches(registered: &str, requested: &str) -> bool {
    if registered == requested {
        return true;
    }
    let (Ok(mut own), Ok(mut asked)) = (Url::parse(registered), Url::parse(requested)) else {
        return false;
    };
    if own.scheme() != "http" || !is_loopback(&own) || !is_acceptable(requested) {
        return false;
    }
    own.set_port(None).is_ok() && asked.set_port(None).is_ok() && own == asked
}

/// Whether an address is on the browser's own machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_port_of_loopback_may_differ() {
        for (registered, requested, expected) in [
            ("https://a.example/cb", "https://a.example/cb", true),
            ("https://a.example/cb", "https://a.example/cb/", false),
            ("https://a.example/cb", "https://a.example:8443/cb", false),
            ("https://a.example/cb", "https://a.example/cb?x=1", false),
            ("https://a.example/cb", "https://a.example.evil.com/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb", true),
            ("http://localhost:1/cb", "http://localhost:2/cb", true),
            ("http://[::1]/cb", "http://[::1]:9/cb", true),
            ("http://127.0.0.1/cb", "http://localhost/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5000/other", false),
            ("http://127.0.0.1/cb", "http://user@127.0.0.1/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1/cb#x", false),
            ("http://127.0.0.1/cb", "https://127.0.0.1/cb", false),
            ("cursor://cb", "cursor://cb", true),
            ("cursor://cb", "cursor://cb2", false),
        ] {
            assert_eq!(matches(registered, requested), expected, "{registered} {requested}");
        }
    }

    #[test]
    fn what_a_browser_would_run_is_not_registered() {
        for (uri, expected) in [
            ("https://a.example/cb", true),
            ("http://127.0.0.1:1/cb", true),
            ("com.example.app:/cb", true),
            ("http://a.example/cb", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("https://a.example/cb#f", false),
            ("https://u:p@a.example/", false),
            ("/relative", false),
            ("", false),
            (&format!("https://a.example/{}", "x".repeat(MOST_BYTES)), false),
        ] {
            assert_eq!(is_acceptable(uri), expected, "{uri}");
        }
    }
}
