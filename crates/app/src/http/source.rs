//! Where a request comes from, as far as we can tell: the peer, or what the proxy in front says.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap},
    middleware::Next,
    response::Response,
};
use pilothouse_access::Source;

const FORWARDED: &str = "x-forwarded-for";

/// Who to hold wrong secrets against. Only the last address of the header was written by our own
/// proxy; the others anybody can invent.
pub(super) fn source(extensions: &Extensions, headers: &HeaderMap, behind_proxy: bool) -> String {
    let forwarded = headers.get_all(FORWARDED).iter().next_back();
    let forwarded = forwarded.and_then(|all| all.to_str().ok()?.rsplit(',').next());
    if behind_proxy && let Some(address) = forwarded {
        return address.trim().to_owned();
    }
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|peer| peer.0.ip().to_string()).unwrap_or_default()
}

/// Tells those behind where a request comes from.
pub(super) async fn tell(
    State(behind_proxy): State<bool>,
    mut request: Request,
    next: Next,
) -> Response {
    let source = source(request.extensions(), request.headers(), behind_proxy);
    request.extensions_mut().insert(Source(source));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxy_is_believed() {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 5))));
        for (header, behind_proxy, expected) in [
            (None, false, "10.0.0.1"),
            (None, true, "10.0.0.1"),
            (Some("1.1.1.1"), false, "10.0.0.1"),
            (Some("1.1.1.1"), true, "1.1.1.1"),
            (Some("6.6.6.6, 1.1.1.1"), true, "1.1.1.1"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(text) = header {
                headers.insert(FORWARDED, text.parse().unwrap());
            }
            assert_eq!(source(&extensions, &headers, behind_proxy), expected, "{header:?}");
        }
    }
}
