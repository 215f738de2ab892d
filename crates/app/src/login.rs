//! Signing in to a running server from the command line, as any OAuth client does: discovery,
//! registration, a browser, a code that comes back to this machine.

mod callback;
pub mod file;

use std::time::Duration;

use pilothouse_access::{oauth::pkce, random};
use pilothouse_model::{Error, Timestamp};
use reqwest::{Client, Response, StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

pub use self::callback::Callback;
use self::file::Login;
use crate::web;

/// Bytes of a server's answer.
const MOST_BYTES: usize = 256 * 1024;
/// An access token that ends sooner is renewed before it is used.
const MARGIN: Duration = Duration::from_secs(30);

/// What the server says of itself (RFC 8414).
#[derive(Deserialize)]
struct Server {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    registration_endpoint: String,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: u64,
}

/// A sign-in that waits for its person.
pub struct Attempt {
    http: Client,
    server: Server,
    client: String,
    redirect: String,
    state: String,
    verifier: String,
    /// Where the person signs in.
    pub url: Url,
}

/// Begins to sign in to the server at `base`; the browser will be sent to `redirect`.
pub async fn begin(base: &Url, scope: &str, redirect: &str) -> Result<Attempt, Error> {
    let http = web::client().build().map_err(Error::internal)?;
    let base = base.as_str().trim_end_matches('/');
    let server = discovered(&http, base).await?;
    let client = registered(&http, &server, redirect).await?;
    let (state, verifier) = (random::unmarked()?, random::unmarked()?);
    let pairs = [
        ("response_type", "code"),
        ("client_id", &client),
        ("redirect_uri", redirect),
        ("scope", scope),
        ("resource", base),
        ("state", &state),
        ("code_challenge", &pkce::challenge(&verifier)),
        ("code_challenge_method", "S256"),
    ];
    let url = Url::parse_with_params(&server.authorization_endpoint, pairs);
    let url = url.map_err(|_| Error::upstream("the server's addresses cannot be read"))?;
    Ok(Attempt { http, server, client, redirect: redirect.to_owned(), state, verifier, url })
}

impl Attempt {
    /// Ends with what the browser brought back, as the query of the address that it was sent to.
    pub async fn finish(self, query: &str, now: Timestamp) -> Result<Login, Error> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let value = |name: &str| pairs.iter().find(|(own, _)| own == name).map(|(_, value)| value);
        if value("state").is_none_or(|state| *state != self.state)
            || value("iss").is_none_or(|issuer| *issuer != self.server.issuer)
        {
            return Err(Error::forbidden("this is the answer to another sign-in")
                .hint("begin again with `pilothouse login`"));
        }
        let code = value("code").ok_or_else(|| Error::forbidden("the sign-in was denied"))?;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.client),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", &self.verifier),
        ];
        let tokens = tokens(&self.http, &self.server.token_endpoint, &form).await?;
        Ok(Login {
            url: self.server.issuer,
            token_endpoint: self.server.token_endpoint,
            client: self.client,
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            expires_at: now.after(Duration::from_secs(tokens.expires_in)),
        })
    }
}

/// The same sign-in with an access token that is good now; `None` when it is already.
pub async fn renewed(login: &Login, now: Timestamp) -> Result<Option<Login>, Error> {
    if now.after(MARGIN) < login.expires_at {
        return Ok(None);
    }
    let ended =
        || Error::unauthenticated("the sign-in has ended").hint("sign in again: pilothouse login");
    let refresh = login.refresh_token.as_deref().ok_or_else(ended)?;
    let http = web::client().build().map_err(Error::internal)?;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", login.client.as_str()),
        ("refresh_token", refresh),
    ];
    let tokens = match tokens(&http, &login.token_endpoint, &form).await {
        Ok(tokens) => tokens,
        Err(error) if error.kind == pilothouse_model::Kind::Forbidden => return Err(ended()),
        Err(error) => return Err(error),
    };
    Ok(Some(Login {
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        expires_at: now.after(Duration::from_secs(tokens.expires_in)),
        ..login.clone()
    }))
}

/// What the server says about who is signed in.
pub async fn whoami(login: &Login) -> Result<Value, Error> {
    let http = web::client().build().map_err(Error::internal)?;
    let request = http.get(format!("{}/oauth/userinfo", login.url));
    let answer = request.bearer_auth(&login.access_token).send().await;
    let answer = answer.map_err(web::unreachable)?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        return Err(Error::unauthenticated("the server does not take the token any more")
            .hint("sign in again: pilothouse login"));
    }
    read(answer).await
}

async fn discovered(http: &Client, base: &str) -> Result<Server, Error> {
    let url = format!("{base}/.well-known/oauth-authorization-server");
    let answer = http.get(url).send().await.map_err(|error| {
        web::unreachable(error).hint(format!("is it running? `pilothouse serve`; asked was {base}"))
    })?;
    let server: Server = read(answer).await?;
    let own = format!("{base}/");
    let Server { issuer, authorization_endpoint, token_endpoint, registration_endpoint } = &server;
    let all = [authorization_endpoint, token_endpoint, registration_endpoint];
    if issuer != base || !all.iter().all(|endpoint| endpoint.starts_with(&own)) {
        return Err(Error::upstream(format!("the server at {base} calls itself {issuer}"))
            .hint("use that address, or set PILOTHOUSE_PUBLIC_URL at the server"));
    }
    Ok(server)
}

async fn registered(http: &Client, server: &Server, redirect: &str) -> Result<String, Error> {
    let metadata = json!({"client_name": "pilothouse login", "redirect_uris": [redirect]});
    let request = http.post(&server.registration_endpoint).json(&metadata);
    let answer: Value = read(request.send().await.map_err(web::unreachable)?).await?;
    let id = answer["client_id"].as_str().map(str::to_owned);
    id.ok_or_else(|| Error::upstream("the server registers no clients"))
}

async fn tokens(http: &Client, endpoint: &str, form: &[(&str, &str)]) -> Result<Tokens, Error> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = http.post(endpoint).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    read(request.body(body).send().await.map_err(web::unreachable)?).await
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, Error> {
    let status = answer.status();
    let body = web::body(answer, MOST_BYTES).await?;
    if status.is_client_error() {
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let why = said["error_description"].as_str().unwrap_or("the server refuses");
        return Err(Error::forbidden(why));
    }
    if !status.is_success() {
        return Err(Error::upstream(format!("the server answers {}", status.as_u16())));
    }
    serde_json::from_slice(&body).map_err(|_| Error::upstream("this is no Pilothouse server"))
}
