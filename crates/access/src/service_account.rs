//! Service accounts: their secrets, and the proof that a caller is one.
//!
//! Source: `contracts/tharsis/platform.json`, `auth.client_secret`. Unlike Tharsis, a rotated
//! secret works for a while beside the new one.

pub mod notice;
pub mod token;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use pilothouse_model::{
    Error, Principal, PrincipalKind, Timestamp,
    id::{Gid, ResourceType, Trn},
};
use pilothouse_store::{
    Store,
    access::{Secret, ServiceAccount},
};
use uuid::Uuid;

use crate::random;

const RANDOM_BYTES: usize = 48;
const DAY: Duration = Duration::from_hours(24);
/// A secret lives at least this long.
pub const MIN_LIFETIME: Duration = DAY;
/// A secret lives at most this long, which is also the default.
pub const MAX_LIFETIME: Duration = Duration::from_hours(90 * 24);
/// How long the old secret works beside a new one.
pub const OVERLAP: Duration = DAY;
/// How long before its end somebody is told.
pub const NOTICE: Duration = Duration::from_hours(7 * 24);
/// Longest client id or secret that is looked at, in bytes.
const MAX_PRESENTED: usize = 2048;

/// A new secret for `account` and, this once, its text. `expires_at` defaults to the latest.
pub fn new_secret(
    account_id: &str,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(Secret, String), Error> {
    let expires_at = expires_at.unwrap_or_else(|| now.after(MAX_LIFETIME));
    if expires_at < now.after(MIN_LIFETIME) || expires_at > now.after(MAX_LIFETIME) {
        return Err(Error::invalid(format!("the secret would expire at {expires_at}"))
            .hint("client_secret_expires_at lies 1 to 90 days ahead"));
    }
    let mut random = [0_u8; RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|error| Error::internal(error.to_string()))?;
    let text = URL_SAFE.encode(random);
    let secret = Secret {
        id: Uuid::now_v7().to_string(),
        service_account_id: account_id.to_owned(),
        hash: random::hash(&text),
        created_at: now,
        expires_at,
        replaced: false,
        noticed_at: None,
    };
    Ok((secret, text))
}

/// The account that `client_id` (a GID or a TRN) and `client_secret` prove. All failures read
/// alike, so that nobody learns which part was wrong.
pub async fn authenticate(
    store: &Store,
    client_id: &str,
    client_secret: &str,
    now: Timestamp,
) -> Result<ServiceAccount, Error> {
    let refused = || Error::unauthenticated("the client id or the client secret is not valid");
    if client_id.len() > MAX_PRESENTED || client_secret.len() > MAX_PRESENTED {
        return Err(refused());
    }
    let account = find(store, client_id).await?.ok_or_else(refused)?;
    let secrets = store.service_account_secrets(&account.meta.id, now).await?;
    let proven = secrets.iter().any(|secret| random::matches(client_secret, &secret.hash));
    if proven && !account.disabled && account.client_credentials {
        Ok(account)
    } else {
        Err(refused())
    }
}

/// The account that a GID or a TRN names.
pub async fn find(store: &Store, id: &str) -> Result<Option<ServiceAccount>, Error> {
    if let Ok(gid) = id.parse::<Gid>() {
        let uuid = gid.uuid.hyphenated().to_string();
        return match gid.kind {
            ResourceType::ServiceAccount => Ok(store.service_account_get(&uuid).await?),
            _ => Ok(None),
        };
    }
    match id.parse::<Trn>() {
        Ok(trn) if trn.kind == ResourceType::ServiceAccount => {
            let (group, name) = (trn.parent(), trn.last_segment());
            Ok(store.service_account_get_by_path(group, name).await?)
        }
        _ => Ok(None),
    }
}

/// Who the account is in a call.
pub fn principal(account: &ServiceAccount) -> Principal {
    Principal { id: account.subject(), kind: PrincipalKind::ServiceAccount, name: account.path() }
}
