//! Clients that prove who they are with a key of their own (RFC 7523): a signed assertion, good for
//! us alone, for a few minutes, once.

use std::time::Duration;

use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation,
    jwk::{Jwk, JwkSet},
};
use pilothouse_model::{Error, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::{
    OAuth, Parameters, Refusal,
    client::{Known, Metadata},
};
use crate::random;

/// How long an assertion may be good for.
const LIFETIME: Duration = Duration::from_mins(10);
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Public-key algorithms, strongest habits first. No shared secrets, no `none`.
pub(crate) const ALGORITHMS: [(Algorithm, &str); 5] = [
    (Algorithm::EdDSA, "EdDSA"),
    (Algorithm::ES256, "ES256"),
    (Algorithm::ES384, "ES384"),
    (Algorithm::PS256, "PS256"),
    (Algorithm::RS256, "RS256"),
];
/// Keys of one client.
pub const MOST_KEYS: usize = 10;
/// Members of a JSON Web Key that are nobody's business but its owner's.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

/// The names of the algorithms that assertions may be signed with.
pub fn algorithms() -> impl Iterator<Item = &'static str> {
    ALGORITHMS.iter().map(|(_, name)| *name)
}

/// The public keys in `text`, a JSON Web Key or a set of them.
///
/// # Errors
/// When it is neither, holds a private or a shared key, or one that nothing could be verified with.
pub fn public_keys(text: &str) -> Result<JwkSet, Error> {
    let invalid = |why: String| {
        Error::invalid(why).hint("give the public half, as a JSON Web Key or a set of them")
    };
    let value: Value = serde_json::from_str(text)
        .map_err(|error| invalid(format!("the keys are not readable JSON: {error}")))?;
    let keys = match value.get("keys") {
        Some(keys) => keys.as_array().cloned().unwrap_or_default(),
        None => vec![value],
    };
    if keys.is_empty() || keys.len() > MOST_KEYS {
        return Err(invalid(format!("a client has 1 to {MOST_KEYS} keys")));
    }
    if keys.iter().any(|key| PRIVATE.iter().any(|member| key.get(member).is_some())) {
        return Err(invalid("a private key stays with its owner".to_owned()));
    }
    let keys: Option<Vec<Jwk>> = keys.into_iter().map(usable).collect();
    keys.map(|keys| JwkSet { keys })
        .ok_or_else(|| invalid("one of the keys is of no kind that is known here".to_owned()))
}

/// Those keys of a published set that something could be verified with; others are for other things.
pub(super) fn published_keys(body: &[u8]) -> Option<JwkSet> {
    #[derive(Deserialize)]
    struct Published {
        keys: Vec<Value>,
    }
    let Published { keys } = serde_json::from_slice(body).ok()?;
    let keys: Vec<Jwk> = keys.into_iter().take(MOST_KEYS).filter_map(usable).collect();
    (!keys.is_empty()).then_some(JwkSet { keys })
}

fn usable(key: Value) -> Option<Jwk> {
    let key: Jwk = serde_json::from_value(key).ok()?;
    DecodingKey::from_jwk(&key).is_ok().then_some(key)
}

impl OAuth {
    /// The client that signed `assertion` for the endpoint at the address `endpoint`.
    pub(super) async fn by_assertion(
        &self,
        parameters: &Parameters,
        assertion: &str,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<Known, Refusal> {
        if parameters.get("client_assertion_type") != Some(TYPE) {
            return Err(Refusal::invalid_client());
        }
        // Only to find the client whose key must have signed it.
        let claimed = jsonwebtoken::dangerous::insecure_decode::<Claims>(assertion);
        let claims = claimed.map_err(|_| Refusal::invalid_client())?.claims;
        let client = self.client(&claims.sub, now).await?.ok_or_else(Refusal::invalid_client)?;
        if client.method() != "private_key_jwt" {
            return Err(Refusal::invalid_client());
        }
        let header = jsonwebtoken::decode_header(assertion);
        let header = header.map_err(|_| Refusal::invalid_client())?;
        let keys = self.keys(&client, header.kid.as_deref(), now).await?;
        let key = key(&keys, &header).ok_or_else(Refusal::invalid_client)?;
        let claims = verified(assertion, &key)?;
        if !self.holds(&claims, &client.id, endpoint, now) {
            return Err(Refusal::invalid_client());
        }
        let once = random::hash(&format!("{}\n{}", client.id, claims.jti));
        let until = Timestamp(claims.exp * 1000);
        self.store.one_time_purge(now).await?;
        if !self.store.one_time_create(&once, "assertion", "", until).await? {
            return Err(Refusal::invalid_client());
        }
        Ok(client)
    }

    /// The keys that a client says are its own, in its description or where that points.
    async fn keys(
        &self,
        client: &Known,
        wanted: Option<&str>,
        now: Timestamp,
    ) -> Result<JwkSet, Refusal> {
        let Metadata { jwks, jwks_uri, .. } = &client.metadata;
        match (jwks, jwks_uri, &self.documents) {
            (Some(keys), _, _) => Ok(keys.clone()),
            (None, Some(address), Some(documents)) => documents.keys(address, wanted, now).await,
            _ => Err(Refusal::invalid_client()),
        }
    }

    fn holds(&self, claims: &Claims, client: &str, endpoint: &str, now: Timestamp) -> bool {
        let site = self.bearers.site();
        let for_us = claims
            .aud
            .any(|audience| audience == endpoint || site.is_base(audience.trim_end_matches('/')));
        claims.iss == claims.sub
            && claims.sub == client
            && for_us
            && claims.exp > now.0 / 1000
            && claims.exp <= now.after(LIFETIME).0 / 1000
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(own) => is(own),
            Self::Many(all) => all.iter().any(|own| is(own)),
        }
    }
}

fn key(keys: &JwkSet, header: &Header) -> Option<(Algorithm, DecodingKey)> {
    let key = match (&header.kid, &keys.keys[..]) {
        (Some(id), [only]) if only.common.key_id.as_ref().is_none_or(|own| own == id) => only,
        (Some(id), _) => keys.find(id)?,
        (None, [only]) => only,
        (None, _) => return None,
    };
    let known = ALGORITHMS.iter().any(|(algorithm, _)| *algorithm == header.alg);
    known.then(|| Some((header.alg, DecodingKey::from_jwk(key).ok()?)))?
}

/// Only the signature: everything else is checked against the time that we are given.
fn verified(
    assertion: &str,
    (algorithm, key): &(Algorithm, DecodingKey),
) -> Result<Claims, Refusal> {
    let mut validation = Validation::new(*algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = jsonwebtoken::decode(assertion, key, &validation);
    Ok(decoded.map_err(|_| Refusal::invalid_client())?.claims)
}

#[cfg(test)]
mod tests;
