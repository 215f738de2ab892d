//! An `OpenID` provider, known by its issuer: everything else it says itself.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use pilothouse_access::external::{
    Journey, Vouched,
    id_token::{Expected, verify},
};
use pilothouse_model::{Error, Timestamp};
use reqwest::{Client, RequestBuilder, header::CONTENT_TYPE};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Deserializer, de::Error as _};
use tokio::{sync::Mutex, time::Instant};
use url::{Url, form_urlencoded};

use super::{Arrival, read};
use crate::config::OpenIdProvider;

/// How long its addresses are good for.
const FRESH: Duration = Duration::from_mins(5);

pub(super) struct OpenId {
    config: OpenIdProvider,
    said: Mutex<Option<(Discovery, Instant)>>,
}

/// What it says of itself (`OpenID` Connect Discovery).
#[derive(Clone, Deserialize)]
struct Discovery {
    issuer: String,
    #[serde(deserialize_with = "address")]
    authorization_endpoint: Url,
    #[serde(deserialize_with = "address")]
    token_endpoint: Url,
    #[serde(deserialize_with = "address")]
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

fn address<'de, D: Deserializer<'de>>(text: D) -> Result<Url, D::Error> {
    String::deserialize(text)?.parse().map_err(D::Error::custom)
}

impl OpenId {
    pub(super) fn new(config: OpenIdProvider) -> Self {
        Self { config, said: Mutex::default() }
    }

    pub(super) async fn departure(
        &self,
        http: &Client,
        journey: &Journey,
        callback: &str,
    ) -> Result<Url, Error> {
        let mut url = self.discovery(http).await?.authorization_endpoint;
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.config.client_id),
            ("redirect_uri", callback),
            ("scope", "openid email profile"),
            ("state", &journey.state),
            ("nonce", &journey.nonce),
            ("code_challenge", &journey.challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok(url)
    }

    pub(super) async fn vouched(
        &self,
        http: &Client,
        arrival: Arrival<'_>,
        now: Timestamp,
    ) -> Result<Vouched, Error> {
        let discovery = self.discovery(http).await?;
        let exchange = self.exchange(http, &discovery, arrival);
        let tokens: Tokens = read("token endpoint", exchange.send().await).await?;
        let keys: JwkSet = read("keys", http.get(discovery.jwks_uri).send().await).await?;
        let expected = Expected {
            issuer: &discovery.issuer,
            client: &self.config.client_id,
            nonce: &arrival.kept.nonce,
        };
        verify(&tokens.id_token, &keys, expected, now)
    }

    /// The request that gives a code for tokens.
    fn exchange(
        &self,
        http: &Client,
        discovery: &Discovery,
        arrival: Arrival<'_>,
    ) -> RequestBuilder {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", arrival.code),
            ("redirect_uri", arrival.callback),
            ("code_verifier", &arrival.kept.verifier),
        ]);
        let mut request = http.post(discovery.token_endpoint.clone());
        let id = &self.config.client_id;
        let methods = &discovery.token_endpoint_auth_methods_supported;
        let has = |method: &str| methods.iter().any(|own| own == method);
        match &self.config.client_secret {
            // Basic is what a provider takes that says nothing.
            Some(secret) if has("client_secret_basic") || !has("client_secret_post") => {
                let encoded = |text: &str| -> String {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect()
                };
                let secret = encoded(secret.expose_secret());
                request = request.basic_auth(encoded(id), Some(secret));
            }
            Some(secret) => {
                form.append_pair("client_id", id);
                form.append_pair("client_secret", secret.expose_secret());
            }
            None => {
                form.append_pair("client_id", id);
            }
        }
        request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.finish())
    }

    async fn discovery(&self, http: &Client) -> Result<Discovery, Error> {
        let mut said = self.said.lock().await;
        if let Some((discovery, at)) = &*said
            && at.elapsed() < FRESH
        {
            return Ok(discovery.clone());
        }
        let issuer = &self.config.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery: Discovery = read("discovery", http.get(url).send().await).await?;
        self.check(&discovery)?;
        *said = Some((discovery.clone(), Instant::now()));
        Ok(discovery)
    }

    fn check(&self, discovery: &Discovery) -> Result<(), Error> {
        if discovery.issuer != self.config.issuer {
            let text = format!("the provider calls itself {:?}", discovery.issuer);
            return Err(Error::upstream(text).hint("write PILOTHOUSE_OPENID_ISSUER the same way"));
        }
        let Discovery { authorization_endpoint, token_endpoint, jwks_uri, .. } = discovery;
        let plain = self.config.issuer.starts_with("http://");
        let safe = |url: &&Url| url.scheme() == "https" || (plain && url.scheme() == "http");
        let all = [authorization_endpoint, token_endpoint, jwks_uri];
        if all.iter().all(safe) {
            return Ok(());
        }
        Err(Error::upstream("the provider names an address that is not https"))
    }
}
