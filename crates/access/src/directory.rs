//! Who somebody is and what was granted to them, read from the store and remembered until it
//! changes.
//!
//! The store has a revision, which grows with each change of anything that a decision depends on.
//! A change by this process counts from the next call on, one by another process after [`FRESH`]
//! at the latest.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use pilothouse_model::{Authority, Caller, Error, Grant, Timestamp};
use pilothouse_store::{Store, access::ApiKey};

#[cfg(doc)]
use crate::fresh::FRESH;
use crate::{api_key, fresh::Asked, random};

/// Subjects and keys that are remembered; when there are more, all are forgotten and read anew.
const MAX_REMEMBERED: usize = 10_000;

/// All subjects. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Directory {
    store: Store,
    known: Arc<RwLock<Known>>,
}

/// What was read of the store under one revision.
#[derive(Debug, Default)]
struct Known {
    revision: i64,
    /// When the revision was.
    asked: Asked,
    subjects: HashMap<String, Arc<Subject>>,
    /// By hash.
    keys: HashMap<String, Arc<ApiKey>>,
}

#[derive(Debug)]
struct Subject {
    /// Disabled and deleted accounts are not.
    is_active: bool,
    teams: Arc<[String]>,
    grants: Vec<Grant>,
}

impl Directory {
    pub fn new(store: Store) -> Self {
        Self { store, known: Arc::default() }
    }

    /// The caller with its teams and everything that was granted to it and to them, beside what its
    /// credential alone granted. Refused when its account is disabled or gone. The operator is
    /// admitted as is.
    pub async fn admit(&self, caller: Caller, now: Timestamp) -> Result<Caller, Error> {
        let Authority::Granted(own) = &caller.authority else { return Ok(caller) };
        let mut grants = own.to_vec();
        let revision = self.revision(now).await?;
        let subject = self.subject(&caller.principal.id, revision).await?;
        if !subject.is_active {
            return Err(Error::unauthenticated("the account is disabled or gone"));
        }
        grants.extend_from_slice(&subject.grants);
        for team in &*subject.teams {
            grants.extend_from_slice(&self.subject(team, revision).await?.grants);
        }
        Ok(Caller { teams: Arc::clone(&subject.teams), ..caller.granted(grants) })
    }

    /// The API key, if it is one that works at `now`.
    pub async fn key(&self, presented: &str, now: Timestamp) -> Result<Option<Arc<ApiKey>>, Error> {
        let hash = random::hash(presented);
        let revision = self.revision(now).await?;
        let key = match self.remembered(revision, |known| known.keys.get(&hash).cloned()) {
            Some(key) => key,
            None => match self.store.api_key_get_by_hash(&hash).await? {
                Some(key) => {
                    let key = Arc::new(key);
                    self.remember(revision, |known| known.keys.insert(hash, Arc::clone(&key)));
                    key
                }
                None => return Ok(None),
            },
        };
        Ok(api_key::is_live(&key, now).then_some(key))
    }

    async fn revision(&self, now: Timestamp) -> Result<i64, Error> {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if known.asked.is_fresh(&self.store, now) {
                return Ok(known.revision);
            }
        }
        let asked = Asked::now(&self.store, now);
        let revision = self.store.access_revision().await?;
        self.remember(revision, |known| known.asked = asked);
        Ok(revision)
    }

    async fn subject(&self, id: &str, revision: i64) -> Result<Arc<Subject>, Error> {
        if let Some(known) = self.remembered(revision, |known| known.subjects.get(id).cloned()) {
            return Ok(known);
        }
        let is_active = match id.strip_prefix("sa:") {
            Some(account) => {
                let found = self.store.service_account_get(account).await?;
                found.is_some_and(|account| !account.disabled)
            }
            None => true,
        };
        let grants = self.store.membership_grants(id).await?;
        let teams = self.store.team_subjects_of(id).await?.into();
        let subject = Arc::new(Subject { is_active, teams, grants });
        self.remember(revision, |known| known.subjects.insert(id.to_owned(), Arc::clone(&subject)));
        Ok(subject)
    }

    fn remembered<T>(&self, revision: i64, find: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.revision == revision { find(&known) } else { None }
    }

    /// What was read may be newer than `revision`, never older: kept under it, it is read again
    /// after the change that made it newer.
    fn remember<T>(&self, revision: i64, keep: impl FnOnce(&mut Known) -> T) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let is_full = known.subjects.len() + known.keys.len() >= MAX_REMEMBERED;
        if known.revision < revision || is_full {
            *known = Known { revision, ..Known::default() };
        }
        if known.revision == revision {
            keep(&mut known);
        }
    }
}

#[cfg(test)]
mod tests;
