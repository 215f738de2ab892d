//! Access tokens of our own: short-lived JWTs (RFC 9068), minted for a grant and verified on every
//! request.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, Header, Validation};
use pilothouse_model::{Caller, Error, Principal, PrincipalKind, Scopes, Timestamp};
use pilothouse_store::{
    Store,
    identity::{Grant, GrantState},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{fresh::Asked, recent::Recent, signing::SigningKeys, site::Site};

/// How long a token lives.
pub const LIFETIME: Duration = Duration::from_mins(15);
/// A longer text is no token of ours.
pub const MAX_BYTES: usize = 4096;

const TYPE: &str = "at+jwt";
const REMEMBERED: usize = 4096;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    /// The principal's id.
    pub sub: String,
    pub name: String,
    /// The resource it is good for.
    pub aud: String,
    /// Seconds since the epoch, as all times in tokens.
    pub exp: i64,
    pub iat: i64,
    pub jti: String,
    pub client_id: String,
    pub scope: String,
    /// The grant it descends from, and ends with.
    pub grant: String,
}

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("it is not a token of this installation")]
    Foreign,
    #[error("it has expired")]
    Expired,
    #[error("it was issued for another resource")]
    Audience,
    #[error("it was revoked")]
    Revoked,
    #[error("the account is disabled")]
    Disabled,
    /// Not the token's fault.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Mints and verifies.
pub struct Bearers {
    store: Store,
    site: Site,
    keys: SigningKeys,
    /// Claims whose signature was verified, by the hash of the token.
    verified: Recent<blake3::Hash, Arc<Claims>>,
    grants: Recent<String, (GrantState, Asked)>,
}

impl Bearers {
    pub fn new(store: Store, site: Site, keys: SigningKeys) -> Self {
        let (verified, grants) = (Recent::new(REMEMBERED), Recent::new(REMEMBERED));
        Self { store, site, keys, verified, grants }
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    pub fn keys(&self) -> &SigningKeys {
        &self.keys
    }

    /// A token of `grant`, issued under the base address `issuer`.
    pub async fn mint(
        &self,
        grant: &Grant,
        issuer: &str,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<String, Error> {
        let claims = Claims {
            iss: issuer.to_owned(),
            sub: grant.principal.clone(),
            name: grant.principal_name.clone(),
            aud: grant.resource.clone(),
            exp: now.after(lifetime).0 / 1000,
            iat: now.0 / 1000,
            jti: Uuid::now_v7().simple().to_string(),
            client_id: grant.client.clone(),
            scope: grant.scope.clone(),
            grant: grant.id.clone(),
        };
        self.sign(TYPE, &claims, now).await
    }

    /// Signs any claims as a JWT of this type.
    pub async fn sign(
        &self,
        kind: &str,
        claims: &impl Serialize,
        now: Timestamp,
    ) -> Result<String, Error> {
        let keys = self.keys.current(now).await?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(kind.to_owned());
        header.kid = Some(keys.id.clone());
        jsonwebtoken::encode(&header, claims, &keys.sign).map_err(Error::internal)
    }

    /// Who presents `token` to `path`. [`Refusal::Foreign`] leaves it to others to know it.
    pub async fn verify(&self, token: &str, path: &str, now: Timestamp) -> Result<Caller, Refusal> {
        let claims = self.claims(token, now).await?;
        if !self.site.covers(&claims.aud, path) {
            return Err(Refusal::Audience);
        }
        let id = claims.sub.clone();
        let kind = PrincipalKind::of_id(&id);
        let principal = Principal { id, kind, name: claims.name.clone() };
        Ok(Caller::new(principal).limited_to(Scopes::parse(&claims.scope)))
    }

    /// What a token says, if it is good for anything now.
    pub async fn claims(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>, Refusal> {
        let claims = self.authentic(token, now).await?;
        if claims.exp <= now.0 / 1000 {
            return Err(Refusal::Expired);
        }
        match self.grant_state(&claims.grant, now).await? {
            GrantState::Live => Ok(claims),
            GrantState::Ended => Err(Refusal::Revoked),
            GrantState::Disabled => Err(Refusal::Disabled),
        }
    }

    async fn authentic(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>, Refusal> {
        if token.len() > MAX_BYTES || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Err(Refusal::Foreign);
        }
        let hash = blake3::hash(token.as_bytes());
        if let Some(claims) = self.verified.get(&hash) {
            return Ok(claims);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Foreign)?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return Err(Refusal::Foreign);
        }
        let id = header.kid.ok_or(Refusal::Foreign)?;
        let key = self.keys.verifier(&id, now).await?.ok_or(Refusal::Foreign)?;
        let decoded = jsonwebtoken::decode::<Claims>(token, &key, &signature_only());
        let claims = Arc::new(decoded.map_err(|_| Refusal::Foreign)?.claims);
        if !self.site.is_base(&claims.iss) {
            return Err(Refusal::Foreign);
        }
        self.verified.insert(hash, Arc::clone(&claims));
        Ok(claims)
    }

    async fn grant_state(&self, id: &str, now: Timestamp) -> Result<GrantState, Error> {
        let key = id.to_owned();
        if let Some((state, asked)) = self.grants.get(&key)
            && asked.is_fresh(&self.store, now)
        {
            return Ok(state);
        }
        let asked = Asked::now(&self.store, now);
        let state = self.store.grant_state(id, now).await?;
        self.grants.insert(key, (state, asked));
        Ok(state)
    }
}

/// Times, issuer and audience are checked by our own rules, against the time that we are given.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

#[cfg(test)]
mod tests;
