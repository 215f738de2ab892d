//! Where a request comes from, as far as we can tell: the peer, or what the proxy in front says.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap},
    middleware::Next,
    response::Response,
};
use pilothouse_access::Source;

const FORWARDED: &str = "x-forwarded-for";

/// Bits of an IPv6 address that a provider gives to one customer as a whole.
const CUSTOMER_BITS: u32 = 64;

/// Who to hold requests and wrong secrets against. Only the last address of the header was written
/// by our own proxy; the others anybody can invent.
pub(super) fn source(extensions: &Extensions, headers: &HeaderMap, behind_proxy: bool) -> String {
    let forwarded = headers.get_all(FORWARDED).iter().next_back().filter(|_| behind_proxy);
    let forwarded = forwarded.and_then(|all| address(all.to_str().ok()?.rsplit(',').next()?));
    let peer = || extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    forwarded.or_else(peer).map(place).unwrap_or_default()
}

/// An address as proxies write it, some with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(with_port)
}

/// One place for all addresses that somebody can take by turns.
fn place(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let customer = address.to_bits() >> CUSTOMER_BITS << CUSTOMER_BITS;
            format!("{}/{CUSTOMER_BITS}", Ipv6Addr::from_bits(customer))
        }
    }
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
            (Some("1.1.1.1:443"), true, "1.1.1.1"),
            (Some("::ffff:1.1.1.1"), true, "1.1.1.1"),
            (Some("2001:db8:1:2:3:4:5:6"), true, "2001:db8:1:2::/64"),
            (Some("[2001:db8:1:2::7]:443"), true, "2001:db8:1:2::/64"),
            (Some("unknown"), true, "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(text) = header {
                headers.insert(FORWARDED, text.parse().unwrap());
            }
            assert_eq!(source(&extensions, &headers, behind_proxy), expected, "{header:?}");
        }
    }
}
