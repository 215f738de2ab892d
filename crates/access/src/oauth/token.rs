//! The token endpoint: codes, refresh tokens and client credentials become access tokens; tokens
//! are revoked and looked into.

use pilothouse_model::{Scopes, Timestamp};
use pilothouse_store::identity::{ClientKind, Grant, GrantState, RefreshOutcome, UseOutcome};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    GRANT, OAuth, Parameters, Refusal,
    authorize::{CODE_KIND, Code, Identity, asked},
    client::Known,
    pkce,
};
use crate::{
    bearer::LIFETIME,
    random::{self, Mark},
};

pub const GRANT_TYPES: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];

/// A successful answer (RFC 6749, section 5.1).
#[derive(Debug, Serialize)]
pub struct Issued {
    pub access_token: String,
    pub token_type: &'static str,
    pub expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    pub scope: String,
}

/// What a client learns of the person who consented (`OpenID` Connect Core, section 2).
#[derive(Serialize)]
struct IdClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    name: &'a str,
}

impl OAuth {
    /// Answers a request of an authenticated client.
    pub async fn issue(
        &self,
        client: &Known,
        parameters: &Parameters,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Issued, Refusal> {
        let kind = parameters.required("grant_type")?;
        if !GRANT_TYPES.contains(&kind) {
            return Err(Refusal::new(
                "unsupported_grant_type",
                format!("offered are: {}", GRANT_TYPES.join(", ")),
            ));
        }
        if !client.may(kind) {
            return Err(Refusal::new(
                "unauthorized_client",
                format!("this client may not use {kind}"),
            ));
        }
        match kind {
            "authorization_code" => self.by_code(client, parameters, issuer, now).await,
            "refresh_token" => self.by_refresh(client, parameters, issuer, now).await,
            _ => self.by_credentials(client, parameters, issuer, now).await,
        }
    }

    async fn by_code(
        &self,
        client: &Known,
        parameters: &Parameters,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Issued, Refusal> {
        let hash = random::hash(parameters.required("code")?);
        let content = match self.store.one_time_use(&hash, CODE_KIND, now).await? {
            UseOutcome::Used(content) => content,
            UseOutcome::Replayed(content) => {
                // Somebody has a copy of the code: what came of it ends.
                let code = parsed(&content)?;
                self.end(&code.grant, now).await?;
                return Err(Refusal::invalid_grant("the code was used before"));
            }
            UseOutcome::Unknown => {
                return Err(Refusal::invalid_grant("the code is unknown or has expired"));
            }
        };
        let code = parsed(&content)?;
        let redirect = parameters.get("redirect_uri").unwrap_or(&code.redirect_uri);
        let resource = parameters.get("resource").map(|resource| resource.trim_end_matches('/'));
        let verifier = parameters.required("code_verifier")?;
        let problem = if code.client != client.id {
            Some("the code was given to another client")
        } else if redirect != code.redirect_uri {
            Some("redirect_uri is not the one of the authorization request")
        } else if !pkce::proves(verifier, &code.challenge) {
            Some("code_verifier does not fit the code_challenge")
        } else if resource.is_some_and(|resource| resource != code.resource) {
            Some("resource is not the one of the authorization request")
        } else {
            None
        };
        if let Some(problem) = problem {
            self.end(&code.grant, now).await?;
            return Err(Refusal::invalid_grant(problem));
        }
        let grant = self.live(&code.grant, now).await?;
        let mut answer = self.tokens(&grant, issuer, now).await?;
        if let Some(identity) = &code.identity {
            answer.id_token = Some(self.id_token(&grant, identity, issuer, now).await?);
            answer.scope = format!("openid {}", answer.scope);
        }
        Ok(answer)
    }

    async fn id_token(
        &self,
        grant: &Grant,
        identity: &Identity,
        issuer: &str,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let claims = IdClaims {
            iss: issuer,
            sub: &grant.principal,
            aud: &grant.client,
            exp: now.after(LIFETIME).0 / 1000,
            iat: now.0 / 1000,
            nonce: identity.nonce.as_deref(),
            name: &grant.principal_name,
        };
        Ok(self.bearers.sign("JWT", &claims, now).await?)
    }

    async fn by_refresh(
        &self,
        client: &Known,
        parameters: &Parameters,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Issued, Refusal> {
        let hash = random::hash(parameters.required("refresh_token")?);
        let unknown = || Refusal::invalid_grant("the refresh token is not valid");
        // Another client's token is not used up by somebody who found it.
        let owner = self.store.refresh_grant(&hash).await?.ok_or_else(unknown)?;
        if owner.client != client.id {
            return Err(unknown());
        }
        match self.store.refresh_use(&hash, now).await? {
            RefreshOutcome::Used(_) => {
                let mut grant = self.live(&owner.id, now).await?;
                if let Some(scope) = parameters.get("scope") {
                    let narrowed = Scopes::parse(&grant.scope).within(Scopes::parse(scope));
                    grant.scope = narrowed.to_string();
                }
                self.store.grant_extend(&grant.id, now.after(GRANT)).await?;
                self.tokens(&grant, issuer, now).await
            }
            RefreshOutcome::Reused(grant) => {
                tracing::warn!(
                    grant = grant.id,
                    client = grant.client,
                    "a refresh token was used twice"
                );
                Err(Refusal::invalid_grant("the refresh token was used before; sign in again"))
            }
            RefreshOutcome::Unknown => Err(unknown()),
        }
    }

    async fn by_credentials(
        &self,
        client: &Known,
        parameters: &Parameters,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Issued, Refusal> {
        if client.kind != ClientKind::Configured {
            return Err(Refusal::new("unauthorized_client", "an operator must make this client"));
        }
        // A program that names no scope gets what it was made for.
        let scopes = match parameters.get("scope") {
            Some(_) => asked(parameters, client)?,
            None => client.scopes(),
        };
        let grant = Grant {
            id: Uuid::now_v7().to_string(),
            client: client.id.clone(),
            client_name: client.metadata.client_name.clone(),
            principal: format!("client:{}", client.id),
            principal_name: client.metadata.client_name.clone(),
            account: None,
            scope: scopes.to_string(),
            resource: self.resource(parameters, issuer)?,
            created_at: now,
            expires_at: now.after(LIFETIME),
            revoked_at: None,
        };
        self.store.grant_purge(now).await?;
        self.store.grant_save(&grant).await?;
        self.access_token(&grant, None, issuer, now).await
    }

    async fn tokens(&self, grant: &Grant, issuer: &str, now: Timestamp) -> Result<Issued, Refusal> {
        let refresh = random::marked(Mark::RefreshToken)?;
        self.store.refresh_create(&random::hash(&refresh), &grant.id).await?;
        self.access_token(grant, Some(refresh), issuer, now).await
    }

    async fn access_token(
        &self,
        grant: &Grant,
        refresh_token: Option<String>,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Issued, Refusal> {
        Ok(Issued {
            access_token: self.bearers.mint(grant, issuer, LIFETIME, now).await?,
            token_type: "Bearer",
            expires_in: LIFETIME.as_secs(),
            refresh_token,
            id_token: None,
            scope: grant.scope.clone(),
        })
    }

    async fn live(&self, id: &str, now: Timestamp) -> Result<Grant, Refusal> {
        let ended = || Refusal::invalid_grant("the grant has ended; sign in again");
        if self.store.grant_state(id, now).await? != GrantState::Live {
            return Err(ended());
        }
        self.store.grant_get(id).await?.ok_or_else(ended)
    }

    /// Ends a grant and all its tokens.
    pub async fn end(&self, grant: &str, now: Timestamp) -> Result<bool, Refusal> {
        let ended = self.store.grant_revoke(grant, now).await?;
        Ok(ended)
    }

    /// RFC 7009: ends the family of a token of this client's. Unknown tokens are fine.
    pub async fn revoke(&self, client: &Known, token: &str, now: Timestamp) -> Result<(), Refusal> {
        let by_refresh = self.store.refresh_grant(&random::hash(token)).await?;
        let grant = match by_refresh {
            Some(grant) => Some((grant.id, grant.client)),
            None => match self.bearers.claims(token, now).await {
                Ok(claims) => Some((claims.grant.clone(), claims.client_id.clone())),
                Err(_) => None,
            },
        };
        if let Some((grant, owner)) = grant
            && owner == client.id
        {
            self.end(&grant, now).await?;
        }
        Ok(())
    }

    /// RFC 7662, for the client that a token was issued to.
    pub async fn introspect(&self, client: &Known, token: &str, now: Timestamp) -> Value {
        match self.bearers.claims(token, now).await {
            Ok(claims) if claims.client_id == client.id => {
                let mut answer = json!(*claims);
                answer["active"] = json!(true);
                answer["token_type"] = json!("Bearer");
                answer["username"] = answer["name"].take();
                answer
            }
            _ => json!({ "active": false }),
        }
    }
}

fn parsed(content: &str) -> Result<Code, Refusal> {
    Ok(serde_json::from_str(content).map_err(pilothouse_model::Error::internal)?)
}
