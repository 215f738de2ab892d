//! Tokens of other issuers: their keys are found by `OpenID` Connect Discovery and remembered, and a
//! token's signature and times are verified under them.
//!
//! Knows no network: how a document is fetched is the caller's [`Fetch`]. Knows nothing of what a
//! token's claims mean.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use pilothouse_model::{Error, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::recent::Recent;

/// A longer text is no token.
pub const MAX_TOKEN: usize = 16 * 1024;
/// Largest discovery document or key set, in bytes.
pub const MAX_DOCUMENT: usize = 64 * 1024;
/// Most keys of an issuer.
pub const MAX_KEYS: usize = 100;
/// How long an issuer's keys are used before they are fetched again.
pub const FRESH: Duration = Duration::from_mins(10);
/// Between two fetches for one issuer, whatever tokens are presented in between.
pub const RETRY: Duration = Duration::from_secs(30);
/// How far the issuer's clock may be off.
const LEEWAY: Duration = Duration::from_mins(1);
const REMEMBERED: usize = 100;
/// Public-key algorithms only: no shared secrets, no `none`.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::EdDSA,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
];

/// What a token says.
pub type Claims = Map<String, Value>;

/// Gets a document from another server.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// The body at `url`; a larger one than `most` bytes is an error.
    async fn get(&self, url: &Url, most: usize) -> Result<Vec<u8>, Error>;
}

/// The keys of every issuer that was asked about.
pub struct Issuers {
    fetch: Arc<dyn Fetch>,
    keys: Recent<String, Arc<Keys>>,
    /// When an issuer was asked last.
    asked: Recent<String, Timestamp>,
}

struct Keys {
    set: JwkSet,
    fetched_at: Timestamp,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuers {
    pub fn new(fetch: Arc<dyn Fetch>) -> Self {
        Self { fetch, keys: Recent::new(REMEMBERED), asked: Recent::new(REMEMBERED) }
    }

    /// What `token` says, once it is certain that `issuer` signed it and that it is good at `now`.
    pub async fn verified(
        &self,
        issuer: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<Claims, Error> {
        let header = match jsonwebtoken::decode_header(token) {
            Ok(header) if token.len() <= MAX_TOKEN => header,
            _ => return Err(Error::unauthenticated("it is no JSON Web Token")),
        };
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Error::unauthenticated(format!("it is signed with {:?}", header.alg)));
        }
        let key = self.key(issuer, header.kid.as_deref(), now).await?;
        let decoded = jsonwebtoken::decode::<Claims>(token, &key, &signature_only(header.alg));
        let claims = decoded
            .map_err(|error| Error::unauthenticated(format!("the signature is not good: {error}")))?
            .claims;
        check_times(&claims, now)?;
        match claims.get("iss").and_then(Value::as_str) {
            Some(said) if is_same(said, issuer) => Ok(claims),
            _ => Err(Error::unauthenticated("it names another issuer")),
        }
    }

    async fn key(
        &self,
        issuer: &str,
        id: Option<&str>,
        now: Timestamp,
    ) -> Result<DecodingKey, Error> {
        let name = issuer.trim_end_matches('/').to_owned();
        let known = self.keys.get(&name).filter(|keys| now.since(keys.fetched_at) < FRESH);
        let found = known.as_ref().and_then(|keys| find(&keys.set, id));
        if let Some(key) = found {
            return key;
        }
        if self.asked.get(&name).is_some_and(|at| now.since(at) < RETRY) {
            return Err(unknown_key(issuer));
        }
        self.asked.insert(name.clone(), now);
        let keys = Arc::new(Keys { set: self.fetched(&name).await?, fetched_at: now });
        self.keys.insert(name, Arc::clone(&keys));
        find(&keys.set, id).ok_or_else(|| unknown_key(issuer))?
    }

    async fn fetched(&self, issuer: &str) -> Result<JwkSet, Error> {
        let discovery = format!("{issuer}/.well-known/openid-configuration");
        let document: Discovery = self.document(&discovery).await?;
        if !is_same(&document.issuer, issuer) {
            let other = pilothouse_model::text::prefix(&document.issuer, 160);
            return Err(Error::unauthenticated(format!("{discovery} speaks for {other:?}")));
        }
        let keys: JwkSet = self.document(&document.jwks_uri).await?;
        if keys.keys.len() > MAX_KEYS {
            let message = format!("{} has more than {MAX_KEYS} keys", document.jwks_uri);
            return Err(Error::unauthenticated(message));
        }
        Ok(keys)
    }

    async fn document<T: for<'de> Deserialize<'de>>(&self, url: &str) -> Result<T, Error> {
        let address: Url = url
            .parse()
            .map_err(|_| Error::unauthenticated("the issuer's documents name no address"))?;
        let body = self.fetch.get(&address, MAX_DOCUMENT).await?;
        serde_json::from_slice(&body)
            .map_err(|error| Error::unauthenticated(format!("{address} is not readable: {error}")))
    }
}

/// Whether two texts name the same issuer.
pub fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// Who a token says that it is from. Proves nothing: only to find whom to ask.
pub fn claimed_issuer(token: &str) -> Option<String> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let decoded = jsonwebtoken::dangerous::insecure_decode::<Claims>(token).ok()?;
    decoded.claims.get("iss").and_then(Value::as_str).map(str::to_owned)
}

/// The key of this id, or the only one. A key that we cannot use is an error, not a miss.
fn find(set: &JwkSet, id: Option<&str>) -> Option<Result<DecodingKey, Error>> {
    let key = match id {
        Some(id) => set.find(id)?,
        None if set.keys.len() == 1 => set.keys.first()?,
        None => return None,
    };
    Some(DecodingKey::from_jwk(key).map_err(|error| Error::unauthenticated(error.to_string())))
}

fn unknown_key(issuer: &str) -> Error {
    Error::unauthenticated(format!("{issuer} publishes no key of that id"))
}

fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), Error> {
    let leeway = i64::try_from(LEEWAY.as_secs()).unwrap_or_default();
    let now = now.0 / 1000;
    match claims.get("exp").and_then(Value::as_i64) {
        Some(expires) if expires > now - leeway => {}
        Some(_) => return Err(Error::unauthenticated("it has expired")),
        None => return Err(Error::unauthenticated("it never expires")),
    }
    match claims.get("nbf").and_then(Value::as_i64) {
        Some(begins) if begins > now + leeway => Err(Error::unauthenticated("it is not good yet")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
