//! Service accounts at the standard token endpoint: client credentials, in the body or as Basic.

use pilothouse_model::{
    Kind, Scopes, Timestamp,
    id::{Gid, Trn},
};

use super::{OAuth, Parameters, Refusal, token::Issued};
use crate::{
    bearer::LIFETIME,
    service_account::{
        authenticate,
        token::{SCOPES, mint},
    },
};

impl OAuth {
    /// Answers a request in the name of a service account; `None` when it is another client's.
    pub async fn issue_to_account(
        &self,
        parameters: &Parameters,
        basic: Option<&(String, String)>,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Option<Issued>, Refusal> {
        let (posted_id, posted) = (parameters.get("client_id"), parameters.get("client_secret"));
        let (id, secret) = match basic {
            Some((id, secret)) if posted.is_none() => (Some(id.as_str()), Some(secret.as_str())),
            _ => (posted_id, posted),
        };
        let (Some(id), Some(secret)) = (id, secret) else { return Ok(None) };
        if id.parse::<Gid>().is_err() && id.parse::<Trn>().is_err() {
            return Ok(None);
        }
        if basic.is_some() && posted.is_some() {
            return Err(Refusal::invalid_request("a client proves who it is in one way"));
        }
        let account =
            authenticate(&self.store, id, secret, now).await.map_err(|error| match error.kind {
                Kind::Unauthenticated => Refusal::invalid_client(),
                _ => error.into(),
            })?;
        if parameters.required("grant_type")? != "client_credentials" {
            return Err(Refusal::new(
                "unauthorized_client",
                "a service account may use client_credentials only",
            ));
        }
        let scopes = match parameters.get("scope") {
            Some(asked) => SCOPES.within(Scopes::parse(asked)),
            None => SCOPES,
        };
        if scopes.is_empty() {
            return Err(Refusal::new("invalid_scope", "no scope that a service account may have"));
        }
        let resource = self.resource(parameters, issuer)?;
        let access_token =
            mint(&self.store, &self.bearers, &account, scopes, resource, issuer, now).await?;
        Ok(Some(Issued {
            access_token,
            token_type: "Bearer",
            expires_in: LIFETIME.as_secs(),
            refresh_token: None,
            id_token: None,
            scope: scopes.to_string(),
        }))
    }
}
