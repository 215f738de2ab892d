//! Clients: what they say of themselves, how they register, and how they prove who they are.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use pilothouse_model::{Scopes, Timestamp};
use pilothouse_store::identity::{Client, ClientKind};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::{OAuth, Parameters, Refusal, assertion, document, redirect};
use crate::random::{self, Mark};

/// Clients that registered themselves, at most.
pub const MOST_DYNAMIC: u32 = 1000;
/// How long one of them is kept that nobody consents to.
pub const UNUSED: Duration = Duration::from_hours(24);
/// How long after the last consent.
pub const USED: Duration = Duration::from_hours(24 * 90);
/// Clients that an operator made, at most.
const MOST_CONFIGURED: u32 = 1000;
/// Clients that are described elsewhere and that somebody consented to, at most.
pub const MOST_DESCRIBED: u32 = 1000;
const MOST_REDIRECTS: usize = 10;
/// What a client may use that people sign in for.
const FOR_PEOPLE: [&str; 2] = ["authorization_code", "refresh_token"];
const LONGEST_NAME: usize = 100;

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
    /// Where its keys are instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
}

/// A client that is known.
#[derive(Clone, Debug)]
pub struct Known {
    pub id: String,
    pub kind: ClientKind,
    pub metadata: Metadata,
    pub(super) secret: Option<String>,
}

/// A client that an operator wants.
#[derive(Clone, Debug, Default)]
pub struct NewClient<'a> {
    pub name: &'a str,
    /// What it may have at most.
    pub scopes: Scopes,
    /// The keys that it signs with; else it gets a secret.
    pub jwks: Option<JwkSet>,
    /// Where people return to who sign in for it; none when it acts in its own name.
    pub redirect_uris: Vec<String>,
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

    /// Whether people return to a program on their own machine, and nowhere else.
    pub fn is_local(&self) -> bool {
        let local = |uri: &String| Url::parse(uri).is_ok_and(|url| redirect::is_loopback(&url));
        self.metadata.redirect_uris.iter().all(local)
    }

    pub(super) fn accepts_redirect(&self, uri: &str) -> bool {
        self.metadata.redirect_uris.iter().any(|own| redirect::matches(own, uri))
    }

    pub(super) fn method(&self) -> &str {
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

    /// Makes a client that an operator knows.
    pub async fn create_client(
        &self,
        new: NewClient<'_>,
        now: Timestamp,
    ) -> Result<Registered, Refusal> {
        let NewClient { name, scopes, jwks, redirect_uris } = new;
        let method = if jwks.is_some() { "private_key_jwt" } else { "client_secret_basic" };
        let grant_types: &[&str] = if redirect_uris.is_empty() {
            &["client_credentials"]
        } else {
            check_redirects(&redirect_uris)?;
            &FOR_PEOPLE
        };
        let metadata = Metadata {
            client_name: display_name(name),
            redirect_uris,
            grant_types: grant_types.iter().copied().map(str::to_owned).collect(),
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
        let secret = with_secret.then(|| random::marked(Mark::ClientSecret)).transpose()?;
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
        while !self.store.client_create(&client, most).await? {
            // Those that nobody uses make room: they cannot keep others out.
            let made = kind == ClientKind::Dynamic
                && self.store.client_forget_first(kind, now.after(UNUSED)).await?;
            if !made {
                return Err(full(most));
            }
        }
        Ok(Registered { id: client.id, secret, metadata, issued_at: now })
    }

    /// The client of this id, as it describes itself now if it is described elsewhere.
    pub(super) async fn introduced(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Known>, Refusal> {
        match &self.documents {
            Some(documents) if document::is_address(id) => {
                documents.client(id, now).await.map(Some)
            }
            _ => self.client(id, now).await,
        }
    }

    /// Somebody consented to a client: it is known for a while from now on.
    pub(super) async fn keep(&self, client: &Known, now: Timestamp) -> Result<(), Refusal> {
        let until = now.after(USED);
        if client.kind != ClientKind::Document {
            return Ok(self.store.client_extend(&client.id, until).await?);
        }
        self.store.client_purge(now).await?;
        let row = Client {
            id: client.id.clone(),
            kind: client.kind,
            metadata: serde_json::to_string(&client.metadata)
                .map_err(pilothouse_model::Error::internal)?,
            secret: None,
            created_at: now,
            expires_at: Some(until),
        };
        let kept = self.store.client_save(&row, MOST_DESCRIBED).await?;
        kept.then_some(()).ok_or_else(|| full(MOST_DESCRIBED))
    }

    /// The client of this id, as it was when somebody consented to it.
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
}

fn full(most: u32) -> Refusal {
    let text = format!("{most} clients are registered, which is the limit");
    Refusal::new("temporarily_unavailable", text)
}

/// What a client registers: it has a secret or nothing.
fn checked(metadata: Metadata) -> Result<Metadata, Refusal> {
    checked_for(metadata, &["none", "client_secret_post", "client_secret_basic"])
}

/// What a client's own document says: it has a key or nothing, as everybody can read it.
pub(super) fn described(mut metadata: Metadata) -> Result<Metadata, Refusal> {
    let (keys, address) = (metadata.jwks.take(), metadata.jwks_uri.take());
    let mut metadata = checked_for(metadata, &["none", "private_key_jwt"])?;
    if metadata.token_endpoint_auth_method.as_deref() == Some("private_key_jwt") {
        let keys = keys.filter(|keys| (1..=assertion::MOST_KEYS).contains(&keys.keys.len()));
        if keys.is_some() == address.is_some() {
            let text = "private_key_jwt needs keys, in jwks or at jwks_uri";
            return Err(Refusal::new("invalid_client_metadata", text));
        }
        (metadata.jwks, metadata.jwks_uri) = (keys, address);
    }
    Ok(metadata)
}

/// What we keep of what a client said; refuses what could not work.
fn checked_for(mut metadata: Metadata, methods: &[&str]) -> Result<Metadata, Refusal> {
    check_redirects(&metadata.redirect_uris)?;
    let method = metadata.token_endpoint_auth_method.get_or_insert_with(|| "none".to_owned());
    if !methods.contains(&method.as_str()) {
        let text = format!("token_endpoint_auth_method {method:?} is not offered");
        return Err(Refusal::new("invalid_client_metadata", text));
    }
    metadata.grant_types = FOR_PEOPLE.map(str::to_owned).to_vec();
    metadata.client_name = display_name(&metadata.client_name);
    metadata.scope = metadata
        .scope
        .map(|scope| Scopes::parse(&scope).to_string())
        .filter(|scope| !scope.is_empty());
    (metadata.jwks, metadata.jwks_uri) = (None, None);
    Ok(metadata)
}

fn check_redirects(uris: &[String]) -> Result<(), Refusal> {
    if !(1..=MOST_REDIRECTS).contains(&uris.len()) {
        let text = format!("name 1 to {MOST_REDIRECTS} redirect_uris");
        return Err(Refusal::new("invalid_client_metadata", text));
    }
    match uris.iter().find(|uri| !redirect::is_acceptable(uri)) {
        None => Ok(()),
        Some(wrong) => {
            let text = format!("{wrong:?}: use https, a loopback address or a scheme of your own");
            Err(Refusal::new("invalid_redirect_uri", text))
        }
    }
}

/// A name that people read: short, on one line, without characters that hide.
fn display_name(text: &str) -> String {
    let visible = |c: &char| !c.is_control() && !('\u{200b}'..='\u{206f}').contains(c);
    let name: String = text.trim().chars().filter(visible).take(LONGEST_NAME).collect();
    if name.is_empty() { "an unnamed client".to_owned() } else { name }
}

#[cfg(test)]
mod tests;
