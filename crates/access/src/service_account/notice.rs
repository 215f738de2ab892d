//! Secrets that end soon: who is to be told, and when to look again.

use pilothouse_model::{Error, Timestamp};
use pilothouse_store::{
    Store,
    access::{Secret, ServiceAccount},
};

use super::NOTICE;

/// How long a server may take to give notice before another one tries.
pub const LEASE: std::time::Duration = std::time::Duration::from_mins(10);

/// A secret in use that ends within [`NOTICE`].
#[derive(Clone, Debug)]
pub struct Ending {
    pub account: ServiceAccount,
    pub expires_at: Timestamp,
    secret: String,
}

/// Everything that ends soon, the first one first; at most 1000.
pub async fn ending(store: &Store, now: Timestamp) -> Result<Vec<Ending>, Error> {
    let found = store.secret_list_expiring(now, now.after(NOTICE)).await?;
    with_accounts(store, found).await
}

/// What ends soon and nobody gave notice of; another server gets none of it before [`LEASE`] ends.
pub async fn claim(store: &Store, now: Timestamp) -> Result<Vec<Ending>, Error> {
    let claimed = store.secret_claim_due(now, now.after(NOTICE), now.after(LEASE)).await?;
    with_accounts(store, claimed).await
}

/// Notice was given: never again for this secret.
pub async fn given(store: &Store, ending: &Ending, now: Timestamp) -> Result<(), Error> {
    Ok(store.secret_noticed(&ending.secret, now).await?)
}

/// When the next notice is due, if any secret is in use.
pub async fn next(store: &Store, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let ahead = i64::try_from(NOTICE.as_millis()).unwrap_or(i64::MAX);
    let next = store.secret_next_due(now).await?;
    Ok(next.map(|end| Timestamp(end.0.saturating_sub(ahead))))
}

/// An account that was deleted meanwhile takes its secrets with it.
async fn with_accounts(store: &Store, secrets: Vec<Secret>) -> Result<Vec<Ending>, Error> {
    let mut endings = Vec::with_capacity(secrets.len());
    for secret in secrets {
        if let Some(account) = store.service_account_get(&secret.service_account_id).await? {
            endings.push(Ending { account, expires_at: secret.expires_at, secret: secret.id });
        }
    }
    Ok(endings)
}
