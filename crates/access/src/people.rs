//! People: accounts with a password, sign-in with a growing delay after failures, browser sessions,
//! and the link with which the first administrator sets themself up.

mod password;

use std::time::Duration;

use pilothouse_model::{Error, Namespace, Principal, PrincipalKind, Role, Timestamp};
use pilothouse_store::{
    Store,
    identity::{Account, UseOutcome},
};
use uuid::Uuid;

pub use self::password::{LONGEST, SHORTEST};
use crate::{external, membership, random};

/// How long a browser stays signed in.
pub const SESSION: Duration = Duration::from_hours(12);
/// How long a setup link works. The next start makes another one.
pub const SETUP: Duration = Duration::from_hours(24);
/// Wrong passwords before the first delay.
const FREE_FAILURES: u32 = 5;
const LONGEST_DELAY: Duration = Duration::from_hours(1);
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 1..=64;
const SETUP_KIND: &str = "setup";

/// What became of a sign-in.
#[derive(Debug)]
pub enum SignIn {
    Welcome(Box<Account>),
    /// Says nothing about which of name and password was wrong.
    Wrong,
    /// Too many failures; nothing was looked at.
    Locked {
        until: Timestamp,
    },
}

/// The principal that an account's owner is.
pub fn principal(account: &Account) -> Principal {
    Principal {
        id: format!("user:{}", account.name),
        kind: PrincipalKind::User,
        name: account.name.clone(),
    }
}

/// Makes an account with a password. An administrator owns everything; anybody else has no role
/// until somebody grants one.
pub async fn create(
    store: &Store,
    name: &str,
    password: &str,
    admin: bool,
    now: Timestamp,
) -> Result<Account, Error> {
    let account = Account {
        id: Uuid::now_v7().to_string(),
        name: name_of(name)?,
        password: Some(password::hash(password.to_owned()).await?),
        identity: None,
        admin,
        disabled: false,
        failures: 0,
        locked_until: Timestamp(0),
        created_at: now,
    };
    store.account_create(&account).await.map_err(|error| {
        if error.is_duplicate() {
            Error::conflict(format!("there is an account {name:?} already"))
        } else {
            error.into()
        }
    })?;
    if admin {
        let subject = principal(&account).id;
        let place = Namespace::everything();
        membership::grant(store, &subject, Role::Owner, &place, &subject, now).await?;
    }
    Ok(account)
}

/// Gives an account another password, ends its lockout and its sessions.
pub async fn set_password(store: &Store, name: &str, password: &str) -> Result<(), Error> {
    let account = find(store, name).await?;
    let hash = password::hash(password.to_owned()).await?;
    store.account_set_password(&account.id, &hash).await?;
    store.browser_session_delete_all(&account.id).await?;
    Ok(())
}

/// Shuts an account out, with its sessions and everything that it granted, or lets it in again.
pub async fn set_disabled(
    store: &Store,
    name: &str,
    disabled: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let account = find(store, name).await?;
    store.account_set_disabled(&account.id, disabled).await?;
    if disabled {
        store.browser_session_delete_all(&account.id).await?;
        store.grant_revoke_account(&account.id, now).await?;
    }
    Ok(())
}

/// Lets the person whom `issuer` calls `subject` in under this account. Never done by an address or
/// a name that both happen to have: only because an operator says so.
pub async fn link(store: &Store, name: &str, issuer: &str, subject: &str) -> Result<(), Error> {
    let account = find(store, name).await?;
    let is_word = |text: &str| (1..=external::LONGEST_WORD).contains(&text.len());
    if !is_word(issuer) || !is_word(subject) {
        let most = external::LONGEST_WORD;
        return Err(Error::invalid(format!("an issuer and a subject have 1 to {most} bytes")));
    }
    let set = store.account_set_identity(&account.id, Some((issuer, subject))).await;
    set.map_err(|error| {
        if error.is_duplicate() {
            let text = format!("another account belongs to {subject:?} of {issuer} already");
            Error::conflict(text).hint("unlink that one first; pilothouse accounts list shows it")
        } else {
            error.into()
        }
    })?;
    Ok(())
}

/// Takes an account's outside identity away, and ends its sessions. One without a password could
/// not be used by anybody then.
pub async fn unlink(store: &Store, name: &str) -> Result<(), Error> {
    let account = find(store, name).await?;
    if account.identity.is_none() {
        return Err(Error::conflict(format!("{name} has no identity of another provider")));
    }
    if account.password.is_none() {
        return Err(Error::conflict(format!("{name} could not sign in at all"))
            .hint(format!("set a password first: pilothouse accounts password {name}")));
    }
    store.account_set_identity(&account.id, None).await?;
    store.browser_session_delete_all(&account.id).await?;
    Ok(())
}

async fn find(store: &Store, name: &str) -> Result<Account, Error> {
    store.account_by_name(&name.to_lowercase()).await?.ok_or_else(|| {
        Error::not_found("account", name).hint("pilothouse accounts list shows all of them")
    })
}

/// Looks at a name and a password. An attempt counts as a failure until its password turns out to
/// be right: of many at once no more are looked at than one after the other.
///
/// # Errors
/// `Limited` when too many wait already; then nothing was counted.
pub async fn sign_in(
    store: &Store,
    name: &str,
    password: &str,
    now: Timestamp,
) -> Result<SignIn, Error> {
    let place = password::place()?;
    let account = match begin(store, &name.trim().to_lowercase(), now).await? {
        Begun::Locked { until } => return Ok(SignIn::Locked { until }),
        Begun::Counted(account) => Some(account),
        Begun::Nobody => None,
    };
    let stored = account.as_ref().and_then(|account| account.password.clone());
    // An unknown name costs the same time as a known one.
    let right = place.verify(password.to_owned(), stored).await?;
    match account {
        Some(account) if right && !account.disabled => {
            store.account_succeeded(&account.id).await?;
            Ok(SignIn::Welcome(account))
        }
        Some(_) | None => Ok(SignIn::Wrong),
    }
}

/// An attempt before its password is looked at.
enum Begun {
    /// One more failure is held against the account.
    Counted(Box<Account>),
    Locked {
        until: Timestamp,
    },
    Nobody,
}

async fn begin(store: &Store, name: &str, now: Timestamp) -> Result<Begun, Error> {
    loop {
        let Some(account) = store.account_by_name(name).await? else { return Ok(Begun::Nobody) };
        if now < account.locked_until {
            return Ok(Begun::Locked { until: account.locked_until });
        }
        let until = now.after(delay(account.failures + 1));
        // Another attempt may have been counted meanwhile; then this one sees what it left.
        if store.account_failed(&account.id, account.failures, until).await? {
            return Ok(Begun::Counted(Box::new(account)));
        }
    }
}

/// Doubles with each failure after the free ones.
fn delay(failures: u32) -> Duration {
    let Some(beyond) = failures.checked_sub(FREE_FAILURES) else { return Duration::ZERO };
    Duration::from_secs(1 << beyond.min(20)).min(LONGEST_DELAY)
}

/// Opens a session; gives the cookie's value, of which only the hash is kept.
pub async fn open_session(
    store: &Store,
    account: &Account,
    now: Timestamp,
) -> Result<String, Error> {
    let cookie = random::unmarked()?;
    store.browser_session_purge(now).await?;
    let hash = random::hash(&cookie);
    store.browser_session_create(&hash, &account.id, now, now.after(SESSION)).await?;
    Ok(cookie)
}

/// Whose session this cookie is.
pub async fn session(
    store: &Store,
    cookie: &str,
    now: Timestamp,
) -> Result<Option<Account>, Error> {
    let account = store.browser_session_account(&random::hash(cookie), now).await?;
    match account {
        Some(id) => Ok(store.account_get(&id).await?),
        None => Ok(None),
    }
}

pub async fn close_session(store: &Store, cookie: &str) -> Result<(), Error> {
    store.browser_session_delete(&random::hash(cookie)).await?;
    Ok(())
}

/// A secret that lets its bearer make the first account; `None` when there is one.
pub async fn setup_secret(store: &Store, now: Timestamp) -> Result<Option<String>, Error> {
    if store.account_exists().await? {
        return Ok(None);
    }
    let secret = random::unmarked()?;
    store.one_time_create(&random::hash(&secret), SETUP_KIND, "", now.after(SETUP)).await?;
    Ok(Some(secret))
}

/// Whether a setup secret still works.
pub async fn setup_is_open(store: &Store, secret: &str, now: Timestamp) -> Result<bool, Error> {
    let open = store.one_time_peek(&random::hash(secret), SETUP_KIND, now).await?;
    Ok(open.is_some() && !store.account_exists().await?)
}

/// Makes the first administrator. The secret works once.
pub async fn set_up(
    store: &Store,
    secret: &str,
    name: &str,
    password: &str,
    now: Timestamp,
) -> Result<Account, Error> {
    // A mistake in the form does not use the link up.
    name_of(name)?;
    password::check(password)?;
    let gone = || {
        Error::forbidden("this setup link is not valid any more")
            .hint("restart `pilothouse serve` to get a new one")
    };
    if !setup_is_open(store, secret, now).await? {
        return Err(gone());
    }
    match store.one_time_use(&random::hash(secret), SETUP_KIND, now).await? {
        UseOutcome::Used(_) => create(store, name, password, true, now).await,
        UseOutcome::Replayed(_) | UseOutcome::Unknown => Err(gone()),
    }
}

/// Lower case letters, digits and a few marks: it becomes part of the principal's id.
pub(crate) fn name_of(text: &str) -> Result<String, Error> {
    let name = text.trim().to_lowercase();
    let fits = NAME_LENGTH.contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-@+".contains(c));
    fits.then_some(name).ok_or_else(|| {
        Error::invalid(format!("{text:?} cannot be an account's name"))
            .hint("use up to 64 letters, digits and the characters . _ - @ +")
    })
}

#[cfg(test)]
mod tests;
