//! Access tokens of service accounts, for a secret or for a token of an issuer that they trust.
//!
//! Source: `contracts/tharsis/platform.json`, `auth.sa_client_credentials` and
//! `auth.sa_oidc_federation`.

use std::{sync::Arc, time::Duration};

use pilothouse_model::{Error, Kind, Scopes, Timestamp};
use pilothouse_store::{
    Store,
    access::{ServiceAccount, TrustPolicy},
    identity::Grant,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Attempts, Bearers, Site, Source,
    bearer::LIFETIME,
    federation::{self, Claims, Issuers},
};

/// What a service account may have at most: everything but to administer Pilothouse itself.
pub const SCOPES: Scopes = Scopes::WRITE;

/// Hands out tokens.
pub struct Tokens {
    store: Store,
    bearers: Arc<Bearers>,
    issuers: Issuers,
    attempts: Attempts,
}

/// A token that was handed out.
#[derive(Debug)]
pub struct Issued {
    pub token: String,
    pub expires_in: Duration,
}

impl Tokens {
    pub fn new(store: Store, bearers: Arc<Bearers>, issuers: Issuers) -> Self {
        Self { store, bearers, issuers, attempts: Attempts::new() }
    }

    pub fn site(&self) -> &Site {
        self.bearers.site()
    }

    /// For the account's id (a GID or a TRN) and one of its secrets, presented from `source`.
    pub async fn by_secret(
        &self,
        source: &Source,
        client_id: &str,
        client_secret: &str,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Issued, Error> {
        let proven = super::authenticate(&self.store, client_id, client_secret, now);
        let account = self.counted(&source.presenting(client_id), now, proven).await?;
        self.issued(&account, issuer, now).await
    }

    /// For a token of an issuer that the account trusts. All refusals read alike; why is logged.
    pub async fn by_trust(
        &self,
        source: &Source,
        id: &str,
        token: &str,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Issued, Error> {
        let trusted = self.trusted(id, token, now);
        match self.counted(&source.presenting(id), now, trusted).await {
            Ok(account) => self.issued(&account, issuer, now).await,
            Err(error) if matches!(error.kind, Kind::Internal | Kind::Limited) => Err(error),
            Err(error) => {
                let id = pilothouse_model::text::prefix(id, 160);
                tracing::info!(account = id, %error, "a federated token was refused");
                Err(Error::unauthenticated(
                    "the account does not exist or does not trust the token",
                ))
            }
        }
    }

    async fn counted<T>(
        &self,
        who: &str,
        now: Timestamp,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let slow = |wait: Duration| {
            let seconds = wait.as_secs() + 1;
            Error::limited(format!("wrong secrets too often; try again in {seconds} s"))
        };
        let is_wrong = |error: &Error| error.kind == Kind::Unauthenticated;
        self.attempts.counted(who, now, work, slow, is_wrong).await
    }

    async fn trusted(
        &self,
        id: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<ServiceAccount, Error> {
        let refused = |why: &str| Error::unauthenticated(why);
        if id.len() > super::MAX_PRESENTED {
            return Err(refused("the id is too long"));
        }
        let account = super::find(&self.store, id).await?;
        let account = account.ok_or_else(|| refused("there is no such account"))?;
        if account.disabled {
            return Err(refused("the account is disabled"));
        }
        let issuer = federation::claimed_issuer(token)
            .ok_or_else(|| refused("it is no token that names an issuer"))?;
        let policies = &account.trust_policies;
        let of_issuer = |policy: &&TrustPolicy| federation::is_same(&policy.issuer, &issuer);
        let Some(first) = policies.iter().find(of_issuer) else {
            return Err(refused("the account does not trust this issuer"));
        };
        let claims = self.issuers.verified(&first.issuer, token, now).await?;
        if policies.iter().filter(of_issuer).any(|policy| satisfied(policy, &claims)) {
            Ok(account)
        } else {
            Err(refused("no trust policy of the account binds these claims"))
        }
    }

    async fn issued(
        &self,
        account: &ServiceAccount,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Issued, Error> {
        let resource = issuer.to_owned();
        let token =
            mint(&self.store, &self.bearers, account, SCOPES, resource, issuer, now).await?;
        Ok(Issued { token, expires_in: LIFETIME })
    }
}

/// A token with a grant of its own, so that an operator can see and revoke it.
pub(crate) async fn mint(
    store: &Store,
    bearers: &Bearers,
    account: &ServiceAccount,
    scopes: Scopes,
    resource: String,
    issuer: &str,
    now: Timestamp,
) -> Result<String, Error> {
    let grant = Grant {
        id: Uuid::now_v7().to_string(),
        client: account.subject(),
        client_name: account.path(),
        principal: account.subject(),
        principal_name: account.path(),
        account: None,
        scope: scopes.to_string(),
        resource,
        created_at: now,
        expires_at: now.after(LIFETIME),
        revoked_at: None,
    };
    store.grant_purge(now).await?;
    store.grant_save(&grant).await?;
    bearers.mint(&grant, issuer, LIFETIME, now).await
}

/// Whether the claims are all that the policy binds. Of a list, one element must match.
fn satisfied(policy: &TrustPolicy, claims: &Claims) -> bool {
    let matches = |bound: &str, value: &str| {
        if policy.glob { fits(bound, value) } else { bound == value }
    };
    let holds = |bound: &str, value: &Value| match value {
        Value::String(text) => matches(bound, text),
        Value::Array(all) => all.iter().filter_map(Value::as_str).any(|text| matches(bound, text)),
        Value::Bool(_) | Value::Number(_) => matches(bound, &value.to_string()),
        Value::Null | Value::Object(_) => false,
    };
    let bound = &policy.bound_claims;
    !bound.is_empty()
        && bound
            .iter()
            .all(|(name, bound)| claims.get(name).is_some_and(|value| holds(bound, value)))
}

/// Whether `text` fits a pattern in which `*` stands for anything. Linear in both.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let Some((middle, last)) = rest.rsplit_once('*') else { return text.ends_with(rest) };
    for part in middle.split('*') {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("repo:acme/web", "repo:acme/web", true),
            ("repo:acme/web", "repo:acme/web2", false),
            ("repo:acme/*", "repo:acme/web:ref:main", true),
            ("repo:acme/*", "repo:acme", false),
            ("*:ref:main", "repo:acme:ref:main", true),
            ("repo:*:ref:*", "repo:acme:ref:main", true),
            ("repo:*:ref:*", "repo:acme:tag:v1", false),
            ("a*b*a", "aba", true),
            ("a*a", "a", false),
            ("a**a", "aa", true),
            ("*", "", true),
            ("", "", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn all_bound_claims_must_match() {
        let claims = json!({
            "sub": "repo:acme/web", "aud": ["pilothouse", "other"], "run": 7, "admin": true,
            "empty": null, "deep": { "x": "y" },
        });
        let claims = claims.as_object().unwrap();
        for (glob, bound, expected) in [
            (false, &[("sub", "repo:acme/web")][..], true),
            (false, &[("sub", "repo:acme/*")], false),
            (true, &[("sub", "repo:acme/*"), ("aud", "pilot*")], true),
            (true, &[("sub", "repo:acme/*"), ("aud", "nobody")], false),
            (false, &[("run", "7"), ("admin", "true")], true),
            (false, &[("missing", "")], false),
            (true, &[("empty", "*e")], false),
            (true, &[("deep", "*y*")], false),
            (false, &[], false),
        ] {
            let bound_claims =
                bound.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            let policy = TrustPolicy { issuer: String::new(), glob, bound_claims };
            assert_eq!(satisfied(&policy, claims), expected, "{bound:?}");
        }
    }
}
