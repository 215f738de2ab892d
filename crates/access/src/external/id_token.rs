//! What an `OpenID` provider says of a person, and whether it said so to us, now, about this sign-in
//! (`OpenID` Connect Core, section 3.1.3.7).

use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use pilothouse_model::{Error, Timestamp};
use serde::Deserialize;

use super::{LONGEST_WORD, Vouched};
use crate::oauth::assertion::ALGORITHMS;

/// How far the provider's clock may be from ours, in seconds.
const SKEW: i64 = 60;

/// What is expected of a token.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    /// Our id at the provider.
    pub client: &'a str,
    pub nonce: &'a str,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: Flag,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Some providers write a flag as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Flag(bool),
    Text(String),
}

impl Default for Flag {
    fn default() -> Self {
        Self::Flag(false)
    }
}

/// The person that `token` is about.
///
/// # Errors
/// When it was not signed with one of the provider's `keys`, or is not what is expected.
pub fn verify(
    token: &str,
    keys: &JwkSet,
    expected: Expected<'_>,
    now: Timestamp,
) -> Result<Vouched, Error> {
    let refuse =
        |why: &str| Error::forbidden(format!("the provider's id_token is not good: {why}"));
    let claims = signed(token, keys).ok_or_else(|| refuse("its signature"))?;
    let seconds = now.0 / 1000;
    let for_us = match &claims.aud {
        Audience::One(own) => own == expected.client,
        Audience::Many(all) => {
            all.iter().any(|own| own == expected.client)
                && (all.len() == 1 || claims.azp.as_deref() == Some(expected.client))
        }
    };
    let problem = if claims.iss != expected.issuer {
        Some("another issuer")
    } else if !for_us || claims.azp.as_deref().is_some_and(|azp| azp != expected.client) {
        Some("it is for another client")
    } else if claims.nonce.as_deref() != Some(expected.nonce) {
        Some("it belongs to another sign-in")
    } else if claims.exp <= seconds - SKEW || claims.iat > seconds + SKEW {
        Some("its time is not now")
    } else if claims.sub.is_empty() || claims.sub.len() > LONGEST_WORD {
        Some("its subject")
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(refuse(problem));
    }
    let verified = match &claims.email_verified {
        Flag::Flag(flag) => *flag,
        Flag::Text(text) => text == "true",
    };
    let email = claims.email.filter(|email| verified && email.len() <= LONGEST_WORD);
    Ok(Vouched { issuer: claims.iss, subject: claims.sub, email, login: None })
}

/// What stands in a token that one of `keys` signed.
fn signed(token: &str, keys: &JwkSet) -> Option<Claims> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    if !ALGORITHMS.iter().any(|(algorithm, _)| *algorithm == header.alg) {
        return None;
    }
    let mut candidates = keys.keys.iter().filter(|key| match (&header.kid, &key.common.key_id) {
        (Some(asked), Some(own)) => asked == own,
        _ => true,
    });
    candidates.find_map(|key| verified(token, header.alg, &DecodingKey::from_jwk(key).ok()?))
}

fn verified(token: &str, algorithm: Algorithm, key: &DecodingKey) -> Option<Claims> {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    Some(jsonwebtoken::decode(token, key, &validation).ok()?.claims)
}

#[cfg(test)]
mod tests;
