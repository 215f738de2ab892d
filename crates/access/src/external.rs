//! People whom another provider vouches for: the way of a browser there and back, and the account
//! that its word opens here. Knows no HTTP; whoever talks to a provider hands over what it said.

mod admission;
pub mod id_token;

use std::time::Duration;

use pilothouse_model::{Error, Timestamp};
use pilothouse_store::{
    Store,
    identity::{Account, UseOutcome},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::admission::Admission;
use crate::{oauth::pkce, people, random};

/// How long a person may take at the provider.
pub const JOURNEY: Duration = Duration::from_mins(10);
/// Bytes of a subject, an address or a name that a provider gives.
pub const LONGEST_WORD: usize = 255;
const KIND: &str = "external";

/// What a provider says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The provider, and its unchanging name for the person.
    pub issuer: String,
    pub subject: String,
    /// Only if the provider has verified it.
    pub email: Option<String>,
    /// A name that the provider sees to it that nobody else has now.
    pub login: Option<String>,
}

/// A browser on its way to a provider. It comes back with `state`.
#[derive(Debug)]
pub struct Journey {
    pub state: String,
    pub nonce: String,
    pub challenge: String,
}

/// What was kept of a journey.
#[derive(Debug, Serialize, Deserialize)]
pub struct Return {
    pub nonce: String,
    pub verifier: String,
    /// The base address under which the browser left.
    pub base: String,
    /// The page of ours that it wanted.
    pub next: String,
    provider: String,
    browser: String,
}

/// Sends the browser with this cookie to `provider`.
pub async fn depart(
    store: &Store,
    provider: &str,
    cookie: &str,
    (base, next): (&str, &str),
    now: Timestamp,
) -> Result<Journey, Error> {
    let (state, nonce, verifier) = (random::unmarked()?, random::unmarked()?, random::unmarked()?);
    let challenge = pkce::challenge(&verifier);
    let kept = Return {
        nonce: nonce.clone(),
        verifier,
        base: base.to_owned(),
        next: next.to_owned(),
        provider: provider.to_owned(),
        browser: random::hash(cookie),
    };
    let content = serde_json::to_string(&kept).map_err(Error::internal)?;
    store.one_time_purge(now).await?;
    store.one_time_create(&random::hash(&state), KIND, &content, now.after(JOURNEY)).await?;
    Ok(Journey { state, nonce, challenge })
}

/// The browser with this cookie came back from `provider`; each journey ends once.
pub async fn arrive(
    store: &Store,
    provider: &str,
    cookie: &str,
    state: &str,
    now: Timestamp,
) -> Result<Return, Error> {
    let lost = || Error::forbidden("this sign-in was not begun in this browser, or too long ago");
    let UseOutcome::Used(content) = store.one_time_use(&random::hash(state), KIND, now).await?
    else {
        return Err(lost());
    };
    let kept: Return = serde_json::from_str(&content).map_err(Error::internal)?;
    let same = kept.provider == provider && random::matches(cookie, &kept.browser);
    same.then_some(kept).ok_or_else(lost)
}

/// The account of a person whom a provider vouches for. It is made the first time, if `admission`
/// admits them, without any role; it is found by the provider's own name for them ever after.
pub async fn enter(
    store: &Store,
    vouched: &Vouched,
    admission: &Admission,
    now: Timestamp,
) -> Result<Account, Error> {
    let known = store.account_by_identity(&vouched.issuer, &vouched.subject).await?;
    let account = match known {
        Some(account) => account,
        None if admission.admits(vouched) => create(store, vouched, now).await?,
        None => {
            let Vouched { issuer, subject, .. } = vouched;
            let hint = format!(
                "an operator says who gets one with PILOTHOUSE_SIGN_IN_ACCOUNTS, or whose account \
                 is yours: pilothouse accounts link NAME --issuer {issuer} --subject {subject}"
            );
            return Err(Error::forbidden(format!(
                "you have no account here; {issuer} calls you {subject}"
            ))
            .hint(hint));
        }
    };
    if account.disabled {
        return Err(Error::forbidden("this account is disabled"));
    }
    Ok(account)
}

async fn create(store: &Store, vouched: &Vouched, now: Timestamp) -> Result<Account, Error> {
    let account = Account {
        id: Uuid::now_v7().to_string(),
        name: people::name_of(&vouched.account_name())?,
        password: None,
        identity: Some((vouched.issuer.clone(), vouched.subject.clone())),
        admin: false,
        disabled: false,
        failures: 0,
        locked_until: Timestamp(0),
        created_at: now,
    };
    match store.account_create(&account).await {
        Ok(()) => Ok(account),
        // Another request of the same person was faster, or the name is somebody else's.
        Err(error) if error.is_duplicate() => {
            let found = store.account_by_identity(&vouched.issuer, &vouched.subject).await?;
            found.ok_or_else(|| {
                Error::conflict(format!("the name {} is taken by another account", account.name))
            })
        }
        Err(error) => Err(error.into()),
    }
}

impl Vouched {
    /// Nobody can choose a name here that looks like somebody else's: an address was verified, and
    /// anything else carries the provider's host.
    fn account_name(&self) -> String {
        match (&self.email, &self.login) {
            (Some(email), _) => email.clone(),
            (None, login) => {
                let host = self.issuer.split("://").nth(1).unwrap_or(&self.issuer);
                let host = host.split(['/', ':']).next().unwrap_or_default();
                format!("{}@{host}", login.as_ref().unwrap_or(&self.subject))
            }
        }
    }
}

#[cfg(test)]
mod tests;
