//! Clients: what they say of themselves, how they register, and how they prove who they are.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use pilothouse_model::{Scopes, Timestamp};
use pilothouse_store::identity::{Client, ClientKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{OAuth, Parameters, Refusal, redirect};
use crate::random;

/// Clients that registered themselves, at most.
pub const MOST_DYNAMIC: u32 = 1000;
/// How long one of them is kept that nobody consents to.
pub const UNUSED: Duration = Duration::from_hours(24);
/// How long after the last consent.
pub const USED: Duration = Duration::from_hours(24 * 90);
/// Clients that an operator made, at most.
const MOST_CONFIGURED: u32 = 1000;
const MOST_REDIRECTS: usize = 10;
const LONGEST_NAME: usize = 100;
/// How long an assertion may be good for.
const ASSERTION: Duration = Duration::from_mins(10);
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Public-key algorithms, strongest habits first. No shared secrets, no `none`.
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::RS256];

/// What a client says of itself (RFC 7591), as far as it matters here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    pub client_name: String,
    pub redirect_uris: Vec<String>,
    pub grant_types: Vec<String>,
    pub token_endpoint_auth_method: Option<String>,
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<JwkSet>,
}

/// A client that is known.
#[derive(Clone, Debug)]
pub struct Known {
    pub id: String,
    pub kind: ClientKind,
    pub metadata: Metadata,
    secret: Option<String>,
}

/// A client that was just made; its secret is shown this once.
#[derive(Debug)]
pub struct Registered {
    pub id: String,
    pub secret: Option<String>,
    pub metadata: Metadata,
    pub issued_at: Timestamp,
}

impl Known {
    pub fn may(&self, grant_type: &str) -> bool {
        self.metadata.grant_types.iter().any(|own| own == grant_type)
    }

    /// What it may ask for at most.
    pub fn scopes(&self) -> Scopes {
        self.metadata.scope.as_deref().map_or(Scopes::ALL, Scopes::parse)
    }

    pub(super) fn accepts_redirect(&self, uri: &str) -> bool {
        self.metadata.redirect_uris.iter().any(|own| redirect::matches(own, uri))
    }

    fn method(&self) -> &str {
        self.metadata.token_endpoint_auth_method.as_deref().unwrap_or("none")
    }
}

impl OAuth {
    /// Lets a client register itself (RFC 7591).
    pub async fn register(
        &self,
        metadata: Metadata,
        now: Timestamp,
    ) -> Result<Registered, Refusal> {
        let metadata = checked(metadata)?;
        self.store.client_purge(now).await?;
        self.save(ClientKind::Dynamic, metadata, Some(now.after(UNUSED)), now).await
    }

    /// Makes a client for programs that act in their own name.
    pub async fn create_client(
        &self,
        name: &str,
        scopes: Scopes,
        jwks: Option<JwkSet>,
        now: Timestamp,
    ) -> Result<Registered, Refusal> {
        let method = if jwks.is_some() { "private_key_jwt" } else { "client_secret_basic" };
        let metadata = Metadata {
            client_name: display_name(name),
            grant_types: vec!["client_credentials".to_owned()],
            token_endpoint_auth_method: Some(method.to_owned()),
            scope: Some(scopes.to_string()),
            jwks,
            ..Metadata::default()
        };
        self.save(ClientKind::Configured, metadata, None, now).await
    }

    async fn save(
        &self,
        kind: ClientKind,
        metadata: Metadata,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Registered, Refusal> {
        let method = metadata.token_endpoint_auth_method.as_deref();
        let with_secret = method.is_some_and(|method| method.starts_with("client_secret"));
        let secret = with_secret.then(|| random::secret("pls_")).transpose()?;
        let client = Client {
            id: Uuid::new_v4().to_string(),
            kind,
            metadata: serde_json::to_string(&metadata)
                .map_err(pilothouse_model::Error::internal)?,
            secret: secret.as_deref().map(random::hash),
            created_at: now,
            expires_at,
        };
        let most = if kind == ClientKind::Dynamic { MOST_DYNAMIC } else { MOST_CONFIGURED };
        if !self.store.client_create(&client, most).await? {
            return Err(Refusal::new(
                "temporarily_unavailable",
                format!("{most} clients are registered, which is the limit"),
            ));
        }
        Ok(Registered { id: client.id, secret, metadata, issued_at: now })
    }

    /// The client of this id.
    pub async fn client(&self, id: &str, now: Timestamp) -> Result<Option<Known>, Refusal> {
        let Some(client) = self.store.client_get(id, now).await? else { return Ok(None) };
        let metadata =
            serde_json::from_str(&client.metadata).map_err(pilothouse_model::Error::internal)?;
        Ok(Some(Known { id: client.id, kind: client.kind, metadata, secret: client.secret }))
    }

    /// The client that a request to the token endpoint comes from. `basic` is what its
    /// `Authorization` header holds.
    pub async fn authenticate(
        &self,
        parameters: &Parameters,
        basic: Option<(String, String)>,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<Known, Refusal> {
        let assertion = parameters.get("client_assertion");
        let posted = parameters.get("client_secret");
        let ways = [assertion.is_some(), posted.is_some(), basic.is_some()];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            return Err(Refusal::invalid_request("a client proves who it is in one way"));
        }
        if let Some(assertion) = assertion {
            return self.by_assertion(parameters, assertion, endpoint, now).await;
        }
        let (id, secret) = if let Some((id, secret)) = basic {
            (id, Some(secret))
        } else {
            let id = parameters.get("client_id").ok_or_else(Refusal::invalid_client)?;
            (id.to_owned(), posted.map(str::to_owned))
        };
        let client = self.client(&id, now).await?.ok_or_else(Refusal::invalid_client)?;
        let proven = match (client.method(), &client.secret, secret) {
            ("none", _, None) => true,
            (method, Some(stored), Some(secret)) if method.starts_with("client_secret") => {
                random::matches(&secret, stored)
            }
            _ => false,
        };
        proven.then_some(client).ok_or_else(Refusal::invalid_client)
    }

    /// RFC 7523: a JWT signed with the client's own key, good once.
    async fn by_assertion(
        &self,
        parameters: &Parameters,
        assertion: &str,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<Known, Refusal> {
        if parameters.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(Refusal::invalid_client());
        }
        // Only to find the client whose key must have signed it.
        let claimed = jsonwebtoken::dangerous::insecure_decode::<AssertionClaims>(assertion);
        let claims = claimed.map_err(|_| Refusal::invalid_client())?.claims;
        let client = self.client(&claims.sub, now).await?.ok_or_else(Refusal::invalid_client)?;
        if client.method() != "private_key_jwt" {
            return Err(Refusal::invalid_client());
        }
        let key = assertion_key(&client, assertion).ok_or_else(Refusal::invalid_client)?;
        let claims = verified(assertion, &key)?;
        let seconds = now.0 / 1000;
        let latest = now.after(ASSERTION).0 / 1000;
        let for_us = claims.aud.names(endpoint)
            || claims.aud.any(|audience| self.bearers.site().is_base(audience));
        let good = claims.iss == claims.sub
            && claims.sub == client.id
            && for_us
            && claims.exp > seconds
            && claims.exp <= latest;
        if !good {
            return Err(Refusal::invalid_client());
        }
        let once = random::hash(&format!("{}\n{}", client.id, claims.jti));
        if !self.store.one_time_create(&once, "assertion", "", Timestamp(claims.exp * 1000)).await?
        {
            return Err(Refusal::invalid_client());
        }
        Ok(client)
    }
}

#[derive(Deserialize)]
struct AssertionClaims {
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

    fn names(&self, endpoint: &str) -> bool {
        self.any(|own| own == endpoint)
    }
}

fn assertion_key(client: &Known, assertion: &str) -> Option<(Algorithm, DecodingKey)> {
    let header = jsonwebtoken::decode_header(assertion).ok()?;
    let keys = client.metadata.jwks.as_ref()?;
    let key = match &header.kid {
        Some(id) => keys.find(id)?,
        None if keys.keys.len() == 1 => keys.keys.first()?,
        None => return None,
    };
    let known = ALGORITHMS.contains(&header.alg);
    known.then(|| Some((header.alg, DecodingKey::from_jwk(key).ok()?)))?
}

fn verified(
    assertion: &str,
    (algorithm, key): &(Algorithm, DecodingKey),
) -> Result<AssertionClaims, Refusal> {
    let mut validation = Validation::new(*algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = jsonwebtoken::decode(assertion, key, &validation);
    Ok(decoded.map_err(|_| Refusal::invalid_client())?.claims)
}

/// What we keep of what a client said; refuses what could not work.
fn checked(mut metadata: Metadata) -> Result<Metadata, Refusal> {
    let refuse = |text: String| Err(Refusal::new("invalid_client_metadata", text));
    if metadata.redirect_uris.is_empty() || metadata.redirect_uris.len() > MOST_REDIRECTS {
        return refuse(format!("name 1 to {MOST_REDIRECTS} redirect_uris"));
    }
    if let Some(wrong) = metadata.redirect_uris.iter().find(|uri| !redirect::is_acceptable(uri)) {
        let text = format!("{wrong:?}: use https, a loopback address or a scheme of your own");
        return Err(Refusal::new("invalid_redirect_uri", text));
    }
    let method = metadata.token_endpoint_auth_method.get_or_insert_with(|| "none".to_owned());
    if !["none", "client_secret_post", "client_secret_basic"].contains(&method.as_str()) {
        return refuse(format!("token_endpoint_auth_method {method:?} is not offered"));
    }
    metadata.grant_types = ["authorization_code", "refresh_token"].map(str::to_owned).to_vec();
    metadata.client_name = display_name(&metadata.client_name);
    metadata.scope = metadata
        .scope
        .map(|scope| Scopes::parse(&scope).to_string())
        .filter(|scope| !scope.is_empty());
    metadata.jwks = None;
    Ok(metadata)
}

/// A name that people read: short, on one line, without characters that hide.
fn display_name(text: &str) -> String {
    let visible = |c: &char| !c.is_control() && !('\u{200b}'..='\u{206f}').contains(c);
    let name: String = text.trim().chars().filter(visible).take(LONGEST_NAME).collect();
    if name.is_empty() { "an unnamed client".to_owned() } else { name }
}
