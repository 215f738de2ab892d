//! Access tokens of an instance that is configured with client credentials: fetched when first
//! needed, kept until shortly before they expire, renewed once when the platform refuses one.

use std::{fmt, time::Duration};

use http::{StatusCode, header::CONTENT_TYPE};
use pilothouse_model::{Error, Result};
use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};
use url::{Url, form_urlencoded};

/// So long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(30);
/// Of a token that does not say how long it lives.
const DEFAULT_LIFE: Duration = Duration::from_mins(5);
/// A token is kept no longer, however long it says it lives.
const MAX_LIFE: Duration = Duration::from_hours(24);
/// A renewed token that is refused sooner than this is not renewed again.
const SETTLED: Duration = Duration::from_mins(1);
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of the answer.
const MAX_ANSWER: usize = 64 * 1024;
/// Where platforms of Pilothouse's own kind, and Tharsis' documentation, have it; and where
/// Tharsis itself does.
const PATHS: [&str; 2] = ["v1/serviceaccounts/oauth/token", "v1/serviceaccounts/token"];

/// A service account's id and secret, and the token they were exchanged for. `Debug` shows neither
/// secret nor token.
pub struct ClientCredentials {
    id: String,
    secret: SecretString,
    held: Mutex<Option<Held>>,
}

struct Held {
    token: SecretString,
    fetched: Instant,
    until: Instant,
    /// It took the place of one that was refused.
    renewed: bool,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
}

impl ClientCredentials {
    pub fn new(id: String, secret: SecretString) -> Self {
        Self { id, secret, held: Mutex::default() }
    }

    /// A token that is valid now. One fetch serves all who ask at the same time.
    pub(super) async fn token(&self, client: &Client, base: &Url) -> Result<SecretString> {
        let mut held = self.held.lock().await;
        if let Some(found) = held.as_ref().filter(|found| Instant::now() < found.until) {
            return Ok(found.token.clone());
        }
        let fetched = self.fetch(client, base, false).await?;
        Ok(held.insert(fetched).token.clone())
    }

    /// The platform refused the token of an exchange that began at `began`. Fetches another, once;
    /// `false` when trying again makes no sense.
    pub(super) async fn renew(&self, client: &Client, base: &Url, began: Instant) -> Result<bool> {
        let mut held = self.held.lock().await;
        match held.as_ref() {
            // This exchange fetched it, or another one has renewed it meanwhile.
            Some(found) if found.fetched > began && !found.renewed => return Ok(false),
            Some(found) if found.fetched > began => return Ok(true),
            Some(found) if found.renewed && found.fetched.elapsed() < SETTLED => {
                *held = None;
                return Ok(false);
            }
            Some(_) | None => {}
        }
        *held = Some(self.fetch(client, base, true).await?);
        Ok(true)
    }

    async fn fetch(&self, client: &Client, base: &Url, renewed: bool) -> Result<Held> {
        let exchange = async {
            for path in PATHS {
                if let Some(answer) = self.ask(client, base, path).await? {
                    return Ok(answer);
                }
            }
            Err(Error::upstream("the platform issues no tokens for client credentials")
                .hint("configure a token instead"))
        };
        let answer = tokio::time::timeout(TIMEOUT, exchange)
            .await
            .map_err(|_| Error::unavailable("the platform did not issue a token within 30 s"))??;
        let life = answer.expires_in.map_or(DEFAULT_LIFE, Duration::from_secs);
        let fetched = Instant::now();
        let until = fetched + life.min(MAX_LIFE).saturating_sub(MARGIN);
        Ok(Held { token: answer.access_token.into(), fetched, until, renewed })
    }

    /// Nothing: there is no such path.
    async fn ask(&self, client: &Client, base: &Url, path: &str) -> Result<Option<Answer>> {
        let url = format!("{}/{path}", base.as_str().trim_end_matches('/'));
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.id)
            .append_pair("client_secret", self.secret.expose_secret())
            .finish();
        let unreachable = |error: reqwest::Error| {
            Error::unavailable("cannot get a token from the platform").source(error.without_url())
        };
        let request = client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let mut response = request.body(form).send().await.map_err(unreachable)?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !status.is_success() {
            // What it says may repeat what it was sent.
            return Err(Error::upstream(format!(
                "the platform refused the client credentials ({status})"
            ))
            .hint("check THARSIS_CLIENT_ID and THARSIS_CLIENT_SECRET; secrets expire"));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err(Error::upstream("the platform's token is too long to be one"));
            }
        }
        let answer = serde_json::from_slice(&body);
        answer.map(Some).map_err(|_| Error::upstream("the platform's token cannot be read"))
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("id", &self.id).finish_non_exhaustive()
    }
}
