//! API keys: named, scoped, expiring; shown once and kept as a hash.

use std::time::Duration;

use pilothouse_model::{Error, Namespace, Principal, PrincipalKind, Role, Timestamp};
use pilothouse_store::{
    Store,
    access::{ApiKey, Membership},
    terraform::Meta,
};
use uuid::Uuid;

use crate::{membership, random};

/// Marks a key in headers, logs and secret scanners.
pub const MARK: &str = "plk_";
/// Longest name, in characters.
const MAX_NAME: usize = 64;
/// Most roles of one key.
const MAX_GRANTS: usize = 50;
/// A key that nobody replaces ends after this long at the latest.
pub const MAX_LIFETIME: Duration = Duration::from_hours(365 * 24);

/// A key that an operator wants.
#[derive(Clone, Debug)]
pub struct NewApiKey<'a> {
    pub name: &'a str,
    pub grants: &'a [(Role, Namespace)],
    pub lifetime: Duration,
    pub created_by: &'a str,
}

/// Makes a key; gives its row and, this once, its text.
pub async fn create(
    store: &Store,
    new: NewApiKey<'_>,
    now: Timestamp,
) -> Result<(ApiKey, String), Error> {
    check(&new)?;
    let text = random::secret(MARK)?;
    let key = ApiKey {
        id: Uuid::now_v7().to_string(),
        name: new.name.to_owned(),
        hash: random::hash(&text),
        created_by: new.created_by.to_owned(),
        created_at: now,
        expires_at: now.after(new.lifetime),
        revoked_at: None,
    };
    let mut memberships = Vec::with_capacity(new.grants.len());
    for (role, namespace) in new.grants {
        memberships.push(Membership {
            meta: Meta::new(now),
            subject: key.subject(),
            role: *role,
            namespace: namespace.clone(),
            namespace_id: membership::namespace_id(store, namespace).await?,
            created_by: new.created_by.to_owned(),
        });
    }
    store.api_key_create(&key, &memberships).await.map_err(|error| {
        if error.is_duplicate() {
            Error::conflict(format!(
                "there is a key named {:?}, or a role is given twice",
                key.name
            ))
            .hint("pilothouse keys list shows the keys")
        } else {
            error.into()
        }
    })?;
    Ok((key, text))
}

fn check(new: &NewApiKey<'_>) -> Result<(), Error> {
    let length = new.name.chars().count();
    if length == 0 || length > MAX_NAME || new.name.chars().any(char::is_control) {
        return Err(Error::invalid(format!("a key's name has 1 to {MAX_NAME} characters")));
    }
    if new.grants.is_empty() || new.grants.len() > MAX_GRANTS {
        return Err(Error::invalid(format!("a key has 1 to {MAX_GRANTS} roles"))
            .hint("for instance --role viewer=acme/prod"));
    }
    if new.lifetime.is_zero() || new.lifetime > MAX_LIFETIME {
        return Err(Error::invalid("a key lives at least a moment and at most a year"));
    }
    Ok(())
}

/// Whether a text presents itself as a key.
pub fn is_key(presented: &str) -> bool {
    presented.starts_with(MARK)
}

/// Who a key is at `now`; nobody once it is revoked or expired.
pub(crate) fn principal(key: &ApiKey, now: Timestamp) -> Option<Principal> {
    let ended = key.revoked_at.is_some() || key.expires_at <= now;
    (!ended).then(|| Principal {
        id: key.subject(),
        kind: PrincipalKind::ApiKey,
        name: key.name.clone(),
    })
}
