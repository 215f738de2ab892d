//! A platform on the network: one HTTP client and one gRPC channel per instance, both made on
//! first use and kept, so that connections are reused and an unused platform costs nothing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use pilothouse_model::{Error, Result};
use reqwest::redirect;
use tokio::{sync::OnceCell, time::Instant};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use url::{Host, Url};

use super::{ClientCredentials, Credential};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// Not shorter: servers close connections that ping more often than this.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
const USER_AGENT: &str = concat!("pilothouse/", env!("CARGO_PKG_VERSION"));

/// One server of a platform: where it is and what every request to it carries.
#[derive(Clone, Debug)]
struct Server {
    base_url: Url,
    credential: Credential,
    /// Instead of `credential`: what to exchange for a token.
    client: Option<Arc<ClientCredentials>>,
    headers: HeaderMap,
}

impl Server {
    fn new(base_url: &str, credential: Credential, allow_plaintext: bool) -> Result<Self> {
        let base_url = checked(base_url, allow_plaintext)?;
        Ok(Self { base_url, credential, client: None, headers: HeaderMap::new() })
    }
}

/// Where a platform is and what to show it.
#[derive(Clone, Debug)]
pub struct RemoteConfig {
    main: Server,
    /// The platform's other servers, by the registry's names for them.
    others: BTreeMap<String, Server>,
    grpc_url: Option<Url>,
    authorities: Option<Authorities>,
}

/// Certificate authorities to trust besides the well-known ones, in the forms that our two clients
/// want.
#[derive(Clone, Debug)]
struct Authorities {
    http: Vec<reqwest::Certificate>,
    grpc: Certificate,
}

impl RemoteConfig {
    /// `base_url` is where the API's paths begin, for instance `https://tharsis.example.com`.
    ///
    /// # Errors
    /// When it is not an `http` or `https` URL, carries a user name, a query or a fragment, or is
    /// plain `http` to another machine without `allow_plaintext`.
    pub fn new(base_url: &str, credential: Credential, allow_plaintext: bool) -> Result<Self> {
        let main = Server::new(base_url, credential, allow_plaintext)?;
        Ok(Self { main, others: BTreeMap::new(), grpc_url: None, authorities: None })
    }

    /// Another server of the platform, with a credential of its own. Same rules.
    pub fn server(
        mut self,
        name: &str,
        base_url: &str,
        credential: Credential,
        allow_plaintext: bool,
    ) -> Result<Self> {
        let server = Server::new(base_url, credential, allow_plaintext)?;
        self.others.insert(name.to_owned(), server);
        Ok(self)
    }

    /// The main server is shown a token that these are exchanged for.
    #[must_use]
    pub fn client_credentials(mut self, client: ClientCredentials) -> Self {
        self.main.client = Some(Arc::new(client));
        self
    }

    /// Every request to the main server carries this.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.main.headers.insert(name, value);
        self
    }

    /// Where gRPC is served, if elsewhere than at the base URL. Same rules.
    pub fn grpc_url(mut self, grpc_url: &str, allow_plaintext: bool) -> Result<Self> {
        self.grpc_url = Some(checked(grpc_url, allow_plaintext)?);
        Ok(self)
    }

    /// Trusts the certificates in this PEM text besides the well-known ones.
    ///
    /// # Errors
    /// When there is none in it, as in a certificate that is not PEM.
    pub fn certificate_authority(mut self, pem: &[u8]) -> Result<Self> {
        let http = reqwest::Certificate::from_pem_bundle(pem).map_err(bad_certificate)?;
        if http.is_empty() {
            return Err(Error::invalid(
                "the platform's certificate authority holds no certificate",
            )
            .hint("give a PEM file; openssl x509 -inform der -in FILE makes one of DER"));
        }
        self.authorities = Some(Authorities { http, grpc: Certificate::from_pem(pem) });
        Ok(self)
    }
}

/// Sending a credential in the clear is refused, except to this machine or on the operator's word.
fn checked(text: &str, allow_plaintext: bool) -> Result<Url> {
    let invalid =
        |why: &str| Error::invalid(format!("{text:?} cannot be a platform's address: {why}"));
    let url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid("a platform's address must not carry a user name or password")
            .hint("configure the credential on its own"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it has a query or a fragment"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if allow_plaintext || is_loopback(&url) => Ok(url),
        "http" => Err(invalid("http would send the credential in the clear")
            .hint("use https, or allow plain http for this instance if the network is trusted")),
        _ => Err(invalid("it is neither https nor http")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The clients of one instance.
#[derive(Debug)]
pub struct Remote {
    config: RemoteConfig,
    http: OnceCell<reqwest::Client>,
    grpc: OnceCell<Channel>,
}

impl Remote {
    pub(super) fn new(config: RemoteConfig) -> Self {
        Self { config, http: OnceCell::new(), grpc: OnceCell::new() }
    }

    /// What the main server is shown.
    pub(super) async fn credential(&self) -> Result<Credential> {
        self.shown(&self.config.main).await
    }

    async fn shown(&self, server: &Server) -> Result<Credential> {
        let Some(client) = &server.client else { return Ok(server.credential.clone()) };
        client.token(self.http().await?, &server.base_url).await.map(Credential::Bearer)
    }

    /// The main server refused what it was shown by an exchange that began at `began`: whether
    /// there is something newer to show it.
    pub(super) async fn renew(&self, began: Instant) -> Result<bool> {
        let main = &self.config.main;
        match &main.client {
            Some(client) => client.renew(self.http().await?, &main.base_url, began).await,
            None => Ok(false),
        }
    }

    /// Takes what the servers are shown out of a text that one of them may have put it into.
    pub(super) fn conceal(&self, text: &mut String) {
        for server in std::iter::once(&self.config.main).chain(self.config.others.values()) {
            server.credential.conceal(text);
        }
    }

    /// Whether the main server is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.config.main.base_url)
    }

    fn server(&self, host: Option<&str>) -> Result<&Server> {
        let Some(name) = host else { return Ok(&self.config.main) };
        let found = self.config.others.get(name);
        found.ok_or_else(|| {
            Error::unavailable(format!("the platform's server {name:?} is not configured"))
                .hint("configure its address and its credential")
        })
    }

    /// The full URL of a request target (`/path?query`) on one of the platform's servers. The
    /// path of the base URL is not repeated where the target begins with it.
    pub(super) fn url(&self, host: Option<&str>, target: &str) -> Result<Url> {
        let base_url = &self.server(host)?.base_url;
        let prefix = base_url.path().trim_end_matches('/');
        let rest = target.strip_prefix(prefix).unwrap_or(target);
        let rest = if rest.starts_with('/') { rest } else { target };
        let (path, query) = rest.split_once('?').map_or((rest, None), |(p, q)| (p, Some(q)));
        let mut url = base_url.clone();
        match prefix {
            "" => url.set_path(path),
            prefix => url.set_path(&format!("{prefix}{path}")),
        }
        url.set_query(query);
        Ok(url)
    }

    /// What every request to a server carries, its credential among it.
    pub(super) async fn headers(&self, host: Option<&str>) -> Result<HeaderMap> {
        let server = self.server(host)?;
        let mut headers = server.headers.clone();
        headers.extend(self.shown(server).await?.http_header()?);
        Ok(headers)
    }

    pub(super) async fn http(&self) -> Result<&reqwest::Client> {
        self.http.get_or_try_init(|| async { http_client(&self.config) }).await
    }

    /// The channel connects when it is first used, and again after a break.
    pub(super) async fn grpc(&self) -> Result<&Channel> {
        if self.config.authorities.is_some() {
            // tonic leaves out a certificate that it cannot read; the other client refuses it.
            self.http().await?;
        }
        self.grpc.get_or_try_init(|| async { grpc_channel(&self.config) }).await
    }
}

fn http_client(config: &RemoteConfig) -> Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .tcp_nodelay(true)
        .gzip(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE)
        .http2_keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .http2_adaptive_window(true)
        .referer(false)
        // Followed by hand, within one origin: see `transport::http`.
        .redirect(redirect::Policy::none());
    if is_loopback(&config.main.base_url) {
        builder = builder.no_proxy();
    }
    if let Some(authorities) = &config.authorities {
        builder = builder.tls_certs_merge(authorities.http.clone());
    }
    builder.build().map_err(bad_certificate)
}

fn grpc_channel(config: &RemoteConfig) -> Result<Channel> {
    let url = config.grpc_url.as_ref().unwrap_or(&config.main.base_url);
    let mut endpoint = Endpoint::from_shared(url.to_string())
        .map_err(Error::internal)?
        .user_agent(USER_AGENT)
        .map_err(Error::internal)?
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT);
    if url.scheme() == "https" {
        let mut tls = ClientTlsConfig::new().with_webpki_roots();
        if let Some(authorities) = &config.authorities {
            tls = tls.ca_certificate(authorities.grpc.clone());
        }
        endpoint = endpoint.tls_config(tls).map_err(bad_certificate)?;
    }
    Ok(endpoint.connect_lazy())
}

fn bad_certificate(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::invalid("the platform's certificate authority is not readable PEM").source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_must_keep_the_credential_safe() {
        for (text, allow_plaintext, accepted) in [
            ("https://tharsis.example.com", false, true),
            ("https://proxy.example.com/tharsis/", false, true),
            ("http://127.0.0.1:8000", false, true),
            ("http://[::1]:8000", false, true),
            ("http://localhost:8000", false, true),
            ("http://tharsis.example.com", false, false),
            ("http://tharsis.example.com", true, true),
            ("http://127.0.0.1.example.com", false, false),
            ("https://user:pass@tharsis.example.com", false, false),
            ("https://tharsis.example.com?x=1", false, false),
            ("ftp://tharsis.example.com", true, false),
            ("tharsis.example.com", true, false),
        ] {
            let result = RemoteConfig::new(text, Credential::None, allow_plaintext);
            assert_eq!(result.is_ok(), accepted, "{text} {result:?}");
        }
    }

    #[tokio::test]
    async fn clients_with_tls_can_be_made() {
        let config = RemoteConfig::new("https://a.example", Credential::None, false).unwrap();
        let remote = Remote::new(config.clone());
        assert!(remote.http().await.is_ok());
        assert!(remote.grpc().await.is_ok());
        for none in [&b"-----BEGIN nonsense"[..], b"", b"\x30\x82\x01\x0a", b"# nothing"] {
            assert!(config.clone().certificate_authority(none).is_err(), "{none:?}");
        }
        let nonsense = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let remote = Remote::new(config.certificate_authority(nonsense).unwrap());
        assert!(remote.http().await.is_err());
        assert!(remote.grpc().await.is_err());
    }

    #[test]
    fn a_target_is_appended_to_the_base_path_unless_it_begins_with_it() {
        for (base, target, url) in [
            ("https://a.example", "/v1/x?y=1", "https://a.example/v1/x?y=1"),
            ("https://a.example/base/", "/v1/x?y=1", "https://a.example/base/v1/x?y=1"),
            ("https://a.example/base/", "/base/v1/x", "https://a.example/base/v1/x"),
            ("https://a.example/base", "/baseline", "https://a.example/base/baseline"),
        ] {
            let config = RemoteConfig::new(base, Credential::None, false).unwrap();
            assert_eq!(Remote::new(config).url(None, target).unwrap().as_str(), url);
        }
    }

    #[tokio::test]
    async fn a_server_has_its_own_address_and_credential() {
        let name = HeaderName::from_static("x-account");
        let remote = RemoteConfig::new("https://a.example", Credential::Bearer("a".into()), false)
            .and_then(|it| it.server("b", "https://b.example", Credential::None, false))
            .map(|it| Remote::new(it.header(name, HeaderValue::from_static("acme"))))
            .unwrap();
        assert_eq!(remote.headers(None).await.unwrap().len(), 2);
        assert_eq!(remote.url(Some("b"), "/x").unwrap().as_str(), "https://b.example/x");
        assert!(remote.headers(Some("b")).await.unwrap().is_empty());
        assert!(remote.url(Some("c"), "/x").is_err());
    }
}
