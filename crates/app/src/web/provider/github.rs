//! GitHub, or a server of its kind. Its token is used once, to ask whose it is, and forgotten.

use pilothouse_access::external::{Journey, LONGEST_WORD, Vouched};
use pilothouse_model::Error;
use reqwest::{
    Client,
    header::{ACCEPT, CONTENT_TYPE},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::{Arrival, read};
use crate::config::GitHubProvider;

pub(super) struct GitHub {
    config: GitHubProvider,
}

/// GitHub answers 200 to a bad code, too, with an error instead of a token.
#[derive(Deserialize)]
struct Tokens {
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct User {
    /// Stays the same when the login changes.
    id: u64,
    login: String,
}

impl GitHub {
    pub(super) fn new(config: GitHubProvider) -> Self {
        Self { config }
    }

    pub(super) fn departure(&self, journey: &Journey, callback: &str) -> Url {
        let mut url = at(&self.config.url, "login/oauth/authorize");
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.config.client_id.as_str()),
            ("redirect_uri", callback),
            ("scope", "read:user"),
            ("state", &journey.state),
            ("code_challenge", &journey.challenge),
            ("code_challenge_method", "S256"),
        ]);
        url
    }

    pub(super) async fn vouched(
        &self,
        http: &Client,
        arrival: Arrival<'_>,
    ) -> Result<Vouched, Error> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.config.client_id)
            .append_pair("client_secret", self.config.client_secret.expose_secret())
            .append_pair("code", arrival.code)
            .append_pair("redirect_uri", arrival.callback)
            .append_pair("code_verifier", &arrival.kept.verifier)
            .finish();
        let request = http
            .post(at(&self.config.url, "login/oauth/access_token"))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let tokens: Tokens = read("token endpoint", request.body(form).send().await).await?;
        let token = tokens
            .access_token
            .map(SecretString::from)
            .ok_or_else(|| Error::forbidden("GitHub does not take the code; sign in again"))?;
        let request = http
            .get(at(&self.config.api_url, "user"))
            .header(ACCEPT, "application/vnd.github+json")
            .bearer_auth(token.expose_secret());
        let user: User = read("API", request.send().await).await?;
        if user.login.is_empty() || user.login.len() > LONGEST_WORD {
            return Err(Error::upstream("GitHub's answer names nobody"));
        }
        Ok(Vouched {
            issuer: self.config.url.as_str().trim_end_matches('/').to_owned(),
            subject: user.id.to_string(),
            email: None,
            login: Some(user.login),
        })
    }
}

fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let own = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{own}/{path}"));
    url
}
