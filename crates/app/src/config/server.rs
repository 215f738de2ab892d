//! The network door of `pilothouse serve`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::{NonZeroU16, NonZeroUsize},
    time::Duration,
};

use url::Url;

use super::{
    harness, parse,
    reader::Reader,
    setting::{Group, Nearby, Setting},
};

#[derive(Clone, Debug)]
pub struct Server {
    pub listen: SocketAddr,
    /// `Host` values admitted beside loopback.
    pub allowed_hosts: Vec<String>,
    /// `Origin` values admitted beside our own.
    pub allowed_origins: Vec<String>,
    /// A reverse proxy in front ends TLS and is the only one that can reach us.
    pub behind_proxy: bool,
    /// The address that clients use, when it is not the one we listen on.
    pub public_url: Option<Url>,
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    /// How long a legacy MCP session lives without a request.
    pub session_ttl: Duration,
    /// Threads that serve requests; where it is not said, half of the cores.
    pub workers: Option<NonZeroUsize>,
}

pub(super) const LISTEN: Setting = Setting::new(
    "server.listen",
    "PILOTHOUSE_LISTEN",
    "an IP address and a port, for instance 127.0.0.1:7777",
    "Where `serve` listens; port 0 takes a free one. Other than loopback needs a reverse proxy.",
);
/// Names that many programs use, so they count only for those who replace a Harness server.
const HOST: Setting = Setting::new(
    "server.host",
    "HOST",
    "an IP address, or localhost",
    "As in the Harness server: with HARNESS_API_KEY and without PILOTHOUSE_LISTEN, the address to \
     listen on. Other names are ignored: some shells put the machine's into it.",
);
const PORT: Setting = Setting::new(
    "server.port",
    "PORT",
    "a number from 1 to 65535",
    "As HOST, the port; what is not a number is ignored.",
);
const ALLOWED_HOSTS: Setting = Setting::new(
    "server.allowed_hosts",
    "PILOTHOUSE_ALLOWED_HOSTS",
    "host names separated by commas, for instance ops.example.com",
    "`Host` headers admitted beside those of loopback.",
)
.aliases(&["HARNESS_MCP_ALLOWED_HOSTS"])
.nearby(Nearby::BesideKey);
const ALLOWED_ORIGINS: Setting = Setting::new(
    "server.allowed_origins",
    "PILOTHOUSE_ALLOWED_ORIGINS",
    "origins separated by commas, for instance https://ops.example.com",
    "Origins of web pages that may call, beside our own: also a page that another port of this \
     machine serves needs to be named, such as http://localhost:6274.",
);
const BEHIND_PROXY: Setting = Setting::new(
    "server.behind_proxy",
    "PILOTHOUSE_BEHIND_PROXY",
    "true or false",
    "States that a reverse proxy ends TLS in front of us, so that `serve` may listen beyond loopback.",
);
const PUBLIC_URL: Setting = Setting::new(
    "server.public_url",
    "PILOTHOUSE_PUBLIC_URL",
    "an address without a path, for instance https://ops.example.com",
    "The address that clients use: the issuer of tokens. Behind a proxy, the first allowed host \
     with https by default.",
);
const MAX_BODY_BYTES: Setting = Setting::new(
    "server.max_body_bytes",
    "PILOTHOUSE_MAX_BODY_BYTES",
    "a size from 64KiB to 1GiB, for instance 16MiB",
    "Largest request body.",
)
.scaled("HARNESS_MAX_BODY_SIZE_MB", "MiB");
const SESSION_TTL: Setting = Setting::new(
    "server.session_ttl",
    "PILOTHOUSE_SESSION_TTL",
    "a duration, for instance 30m",
    "How long a session of an older MCP client lives without a request.",
)
.scaled("MCP_SESSION_TTL_MS", "ms");
const WORKERS: Setting = Setting::new(
    "server.workers",
    "PILOTHOUSE_WORKERS",
    "a number from 1 to 64",
    "Threads that serve requests, where the server is not to have one for every two cores.",
);

pub(super) static GROUP: Group = Group {
    title: "Server",
    about: "The network door of `pilothouse serve`.",
    settings: &[
        &LISTEN,
        &HOST,
        &PORT,
        &ALLOWED_HOSTS,
        &ALLOWED_ORIGINS,
        &BEHIND_PROXY,
        &PUBLIC_URL,
        &MAX_BODY_BYTES,
        &SESSION_TTL,
        &WORKERS,
    ],
};

const BODY_RANGE: std::ops::RangeInclusive<usize> = (64 << 10)..=(1 << 30);
const MOST_WORKERS: usize = 64;

impl Server {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let listen = listen(reader);
        let allowed_hosts = reader.required(&ALLOWED_HOSTS, parse::hosts);
        let allowed_origins = reader.required(&ALLOWED_ORIGINS, parse::origins);
        let behind_proxy = reader.required(&BEHIND_PROXY, parse::flag);
        let public_url = reader.optional(&PUBLIC_URL, base_address);
        let max_body_bytes = reader.required(&MAX_BODY_BYTES, |text| {
            parse::bytes(text).filter(|bytes| BODY_RANGE.contains(bytes))
        });
        let session_ttl = reader.required(&SESSION_TTL, parse::duration);
        let workers = reader.optional(&WORKERS, |text| {
            text.parse().ok().filter(|workers: &NonZeroUsize| workers.get() <= MOST_WORKERS)
        });
        let server = Self {
            listen: listen?,
            allowed_hosts: allowed_hosts?,
            allowed_origins: allowed_origins?,
            behind_proxy: behind_proxy?,
            public_url,
            max_body_bytes: max_body_bytes?,
            session_ttl: session_ttl?,
            workers,
        };
        server.check(reader);
        Some(server)
    }

    fn check(&self, reader: &mut Reader<'_>) {
        if !self.listen.ip().is_loopback() && !self.behind_proxy {
            reader.problems.add(format!(
                "the address to listen on (--listen, {}) is {}, which other machines can reach \
                 without TLS; put a reverse proxy in front and set {}=true",
                LISTEN.variable, self.listen, BEHIND_PROXY.variable
            ));
        }
        if self.behind_proxy && self.allowed_hosts.is_empty() {
            reader.problems.add(format!(
                "{} is not set; behind a proxy every request would be refused, so name the hosts \
                 that clients use",
                ALLOWED_HOSTS.variable
            ));
        }
    }
}

/// Where to listen, in the words of the server that we replace if nobody used ours.
fn listen(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    let listen: Option<SocketAddr> = reader.required(&LISTEN, |text| text.parse().ok());
    if !reader.is_default(&LISTEN) || reader.optional(&harness::API_KEY, parse::secret).is_none() {
        return listen;
    }
    let address = |text: &str| match text {
        "localhost" => Some(IpAddr::from(Ipv4Addr::LOCALHOST)),
        text => text.parse().ok(),
    };
    let host = reader.optional(&HOST, |text| Some(address(text))).flatten();
    let port = reader.optional(&PORT, |text| Some(text.parse::<NonZeroU16>().ok())).flatten();
    listen.map(|listen| {
        let (usual_host, usual_port) = (listen.ip(), listen.port());
        SocketAddr::new(host.unwrap_or(usual_host), port.map_or(usual_port, NonZeroU16::get))
    })
}

/// A web address of a host and nothing more.
fn base_address(text: &str) -> Option<Url> {
    parse::web_address(text).filter(|url| {
        url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
    })
}
