//! Authorization requests: what a client asks a person for, and the code that carries their yes.

use std::time::Duration;

use pilothouse_model::{Scopes, Timestamp};
use pilothouse_store::identity::{Account, Grant};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::{GRANT, OAuth, Parameters, Refusal, client::Known, pkce};
use crate::{people, random};

/// How long a code waits to be exchanged.
pub const CODE: Duration = Duration::from_mins(1);
pub(super) const CODE_KIND: &str = "code";
pub const LONGEST_STATE: usize = 2048;
pub const LONGEST_NONCE: usize = 512;

/// A request that may be shown to a person.
#[derive(Clone, Debug)]
pub struct Authorization {
    pub client: Known,
    pub redirect_uri: String,
    pub scopes: Scopes,
    pub resource: String,
    challenge: String,
    state: Option<String>,
    /// What the client wants to know of the person.
    identity: Option<Identity>,
}

/// Why there is nothing to ask a person.
#[derive(Debug)]
pub enum Unanswerable {
    /// Nobody may be sent anywhere: the client or its address is not known.
    Shown(Refusal),
    /// The client learns it at its own address.
    Redirected(String),
}

/// An `id_token` that a client asks for with the scope `openid`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) nonce: Option<String>,
}

/// What a code stands for until it is exchanged.
#[derive(Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) grant: String,
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) resource: String,
    pub(super) identity: Option<Identity>,
}

impl OAuth {
    /// Checks what a browser brings to the authorization endpoint under the base address `issuer`.
    pub async fn authorization(
        &self,
        parameters: &Parameters,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Authorization, Unanswerable> {
        let shown = Unanswerable::Shown;
        let id = parameters.required("client_id").map_err(shown)?;
        let client = self.introduced(id, now).await.map_err(shown)?;
        let client = client.ok_or_else(|| {
            shown(Refusal::new("invalid_client", "this client is not known here; connect it again"))
        })?;
        let redirect_uri = parameters.required("redirect_uri").map_err(shown)?;
        if !client.accepts_redirect(redirect_uri) {
            let text = "the address to return to is not one that the client registered";
            return Err(shown(Refusal::invalid_request(text)));
        }
        let state = parameters.get("state");
        self.checked(parameters, client, redirect_uri, issuer).map_err(|refusal| {
            let mut pairs =
                vec![("error", refusal.code), ("error_description", &refusal.description)];
            pairs.extend(state.map(|state| ("state", state)));
            pairs.push(("iss", issuer));
            Unanswerable::Redirected(with_query(redirect_uri, &pairs))
        })
    }

    fn checked(
        &self,
        parameters: &Parameters,
        client: Known,
        redirect_uri: &str,
        issuer: &str,
    ) -> Result<Authorization, Refusal> {
        if parameters.required("response_type")? != "code" {
            return Err(Refusal::new("unsupported_response_type", "response_type must be code"));
        }
        if !client.may("authorization_code") {
            return Err(Refusal::new("unauthorized_client", "this client cannot ask people"));
        }
        let challenge = parameters.required("code_challenge")?;
        if parameters.required("code_challenge_method")? != "S256" || !pkce::is_challenge(challenge)
        {
            return Err(Refusal::invalid_request(
                "PKCE with code_challenge_method=S256 is required",
            ));
        }
        let state = bounded(parameters, "state", LONGEST_STATE)?;
        let scopes = asked(parameters, &client)?;
        let resource = self.resource(parameters, issuer)?;
        Ok(Authorization {
            client,
            redirect_uri: redirect_uri.to_owned(),
            scopes,
            resource,
            challenge: challenge.to_owned(),
            state,
            identity: identity(parameters)?,
        })
    }

    /// What tokens shall be good for (RFC 8707): one of our resources, everything by default.
    pub(super) fn resource(
        &self,
        parameters: &Parameters,
        issuer: &str,
    ) -> Result<String, Refusal> {
        let resource = parameters.get("resource").unwrap_or(issuer);
        if self.bearers.site().path(resource).is_none() {
            return Err(Refusal::new("invalid_target", format!("{resource:?} is not served here")));
        }
        Ok(resource.trim_end_matches('/').to_owned())
    }

    /// Where to send the browser of a person who said yes.
    pub async fn consent(
        &self,
        asked: &Authorization,
        account: &Account,
        issuer: &str,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let limit = if account.admin { Scopes::ALL } else { Scopes::WRITE };
        let principal = people::principal(account);
        let grant = Grant {
            id: Uuid::now_v7().to_string(),
            client: asked.client.id.clone(),
            client_name: asked.client.metadata.client_name.clone(),
            principal: principal.id,
            principal_name: principal.name,
            account: Some(account.id.clone()),
            scope: asked.scopes.within(limit).to_string(),
            resource: asked.resource.clone(),
            created_at: now,
            expires_at: now.after(GRANT),
            revoked_at: None,
        };
        let code = random::unmarked()?;
        let content = Code {
            grant: grant.id.clone(),
            client: asked.client.id.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            challenge: asked.challenge.clone(),
            resource: asked.resource.clone(),
            identity: asked.identity.clone(),
        };
        let content = serde_json::to_string(&content).map_err(pilothouse_model::Error::internal)?;
        self.keep(&asked.client, now).await?;
        self.store.grant_save(&grant).await?;
        self.store.one_time_purge(now).await?;
        let hash = random::hash(&code);
        self.store.one_time_create(&hash, CODE_KIND, &content, now.after(CODE)).await?;
        let mut pairs = vec![("code", code.as_str())];
        pairs.extend(asked.state.as_deref().map(|state| ("state", state)));
        pairs.push(("iss", issuer));
        Ok(with_query(&asked.redirect_uri, &pairs))
    }
}

impl Authorization {
    /// Where to send the browser of a person who said no.
    pub fn refused(&self, issuer: &str) -> String {
        let mut pairs = vec![("error", "access_denied")];
        pairs.extend(self.state.as_deref().map(|state| ("state", state)));
        pairs.push(("iss", issuer));
        with_query(&self.redirect_uri, &pairs)
    }
}

/// The scopes that a request names, within what the client may have; reading when it names none.
pub(super) fn asked(parameters: &Parameters, client: &Known) -> Result<Scopes, Refusal> {
    let named = parameters.get("scope").map_or(Scopes::NONE, Scopes::parse);
    let asked = if named.is_empty() { Scopes::READ } else { named };
    let scopes = asked.within(client.scopes());
    if scopes.is_empty() {
        return Err(Refusal::new(
            "invalid_scope",
            format!("this client may have: {}", client.scopes()),
        ));
    }
    Ok(scopes)
}

/// The `id_token` that a request asks for.
fn identity(parameters: &Parameters) -> Result<Option<Identity>, Refusal> {
    let scope = parameters.get("scope").unwrap_or_default();
    if !scope.split_ascii_whitespace().any(|word| word == "openid") {
        return Ok(None);
    }
    Ok(Some(Identity { nonce: bounded(parameters, "nonce", LONGEST_NONCE)? }))
}

/// A value that is only passed on.
fn bounded(parameters: &Parameters, name: &str, longest: usize) -> Result<Option<String>, Refusal> {
    let value = parameters.get(name);
    if value.is_some_and(|value| value.len() > longest) {
        return Err(Refusal::invalid_request(format!("{name} has at most {longest} bytes")));
    }
    Ok(value.map(str::to_owned))
}

fn with_query(uri: &str, pairs: &[(&str, &str)]) -> String {
    match Url::parse(uri) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(pairs);
            url.into()
        }
        Err(_) => uri.to_owned(),
    }
}
