//! The sessions of one endpoint: opened, found by their owner, evicted, expired.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rmcp::model::InitializeRequestParams;
use tokio::time::Instant;

use super::{EventLog, Owner, SavedSession, Session, SessionStore};
use crate::mcp::outlet::Outlet;

/// How often expired sessions and finished streams are looked for while there are sessions.
const SWEEP: Duration = Duration::from_mins(1);
/// Longest session id a client may present.
const ID_LENGTH: usize = 64;

/// Bounds on the sessions of one endpoint.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Sessions held at once. One more evicts the one that has been idle longest.
    pub max: usize,
    /// Sessions held at once for one principal. One more evicts its own that has been idle longest,
    /// so that nobody pushes out others.
    pub per_principal: usize,
    /// A session that nobody used or listened to for this long is forgotten.
    pub idle: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { max: 1000, per_principal: 250, idle: Duration::from_mins(30) }
    }
}

/// There is no room for a session, and none that could give way.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    #[error("all sessions are in use; try again later")]
    Table,
    #[error("you have {0} sessions, and all of them are in use; end one or wait for one")]
    Principal(usize),
}

pub(crate) struct Sessions {
    limits: SessionLimits,
    store: Option<Arc<dyn SessionStore>>,
    table: Mutex<HashMap<Arc<str>, Held>>,
    sweeping: AtomicBool,
}

struct Held {
    session: Arc<Session>,
    saved: Instant,
}

impl Sessions {
    pub(crate) fn new(limits: SessionLimits, store: Option<Arc<dyn SessionStore>>) -> Arc<Self> {
        Arc::new(Self { limits, store, table: Mutex::default(), sweeping: AtomicBool::new(false) })
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Arc<str>, Held>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session for `owner` and remembers it in the store.
    pub(crate) async fn open(
        self: &Arc<Self>,
        owner: Owner,
        client: InitializeRequestParams,
    ) -> Result<Arc<Session>, Full> {
        let session = http_session(uuid::Uuid::new_v4().simple().to_string().into(), owner);
        session.set_client(client);
        let session = self.insert(session)?;
        self.save(&session).await;
        Ok(session)
    }

    /// The session under `id`, if it is `owner`'s; taken over from the store if another replica
    /// opened it.
    pub(crate) async fn find(self: &Arc<Self>, id: &str, owner: &Owner) -> Option<Arc<Session>> {
        if id.len() > ID_LENGTH {
            return None;
        }
        let held = self.table().get(id).map(|held| (Arc::clone(&held.session), held.saved));
        let Some((session, saved)) = held else {
            return self.take_over(id, owner).await;
        };
        if session.owner != *owner {
            return None;
        }
        if session.is_idle() && session.last_used().elapsed() >= self.limits.idle {
            self.forget(&session);
            session.close();
            // Unless another replica served it meanwhile.
            return self.take_over(id, owner).await;
        }
        session.touch();
        if self.store.is_some() && saved.elapsed() > self.limits.idle / 4 {
            self.save(&session).await;
        }
        Some(session)
    }

    /// Removes this very session: another request may have taken one over under its id since it was
    /// found.
    fn forget(&self, session: &Arc<Session>) {
        let mut table = self.table();
        if table.get(&session.id).is_some_and(|held| Arc::ptr_eq(&held.session, session)) {
            table.remove(&session.id);
        }
    }

    async fn take_over(self: &Arc<Self>, id: &str, owner: &Owner) -> Option<Arc<Session>> {
        let saved = match self.store.as_ref()?.session_load(id).await {
            Ok(saved) => saved?,
            Err(error) => {
                tracing::warn!(%error, "session store cannot be read");
                return None;
            }
        };
        if !belongs(&saved, owner) {
            return None;
        }
        let session = http_session(id.into(), owner.clone());
        if let Err(error) = session.restore(saved) {
            tracing::warn!(%error, "stored session cannot be read");
            return None;
        }
        self.insert(session).ok()
    }

    /// Ends the session, if it is `owner`'s.
    pub(crate) async fn close(self: &Arc<Self>, id: &str, owner: &Owner) -> bool {
        let Some(session) = self.find(id, owner).await else { return false };
        self.table().remove(id);
        session.close();
        if let Some(store) = &self.store
            && let Err(error) = store.session_delete(id).await
        {
            tracing::warn!(%error, "session store cannot be written");
        }
        true
    }

    /// Writes a changed session to the store, if there is one.
    pub(crate) async fn save(&self, session: &Session) {
        let Some(store) = &self.store else { return };
        if let Some(held) = self.table().get_mut(&session.id) {
            held.saved = Instant::now();
        }
        let Some(saved) = session.saved() else { return };
        if let Err(error) = store.session_save(&session.id, &saved).await {
            tracing::warn!(%error, "session store cannot be written");
        }
    }

    /// Every session of now.
    pub(crate) fn all(&self) -> Vec<Arc<Session>> {
        self.table().values().map(|held| Arc::clone(&held.session)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.table().len()
    }

    /// Ends every session on this replica; the store keeps them.
    pub(crate) fn close_all(&self) {
        for (_, held) in self.table().drain() {
            held.session.close();
        }
    }

    /// Returns the session to use: another request may have taken over the same one just before.
    fn insert(self: &Arc<Self>, session: Arc<Session>) -> Result<Arc<Session>, Full> {
        {
            let mut table = self.table();
            if let Some(held) = table.get(&session.id) {
                return Ok(Arc::clone(&held.session));
            }
            let principal = &session.owner.principal;
            let is_own = |held: &&Held| held.session.owner.principal == *principal;
            let own = table.values().filter(is_own).count();
            if own >= self.limits.per_principal {
                let oldest = idle_longest(table.values().filter(is_own));
                let oldest = oldest.ok_or(Full::Principal(own))?;
                evict(&mut table, &oldest);
            } else if table.len() >= self.limits.max {
                let oldest = idle_longest(table.values());
                let oldest = oldest.ok_or(Full::Table)?;
                evict(&mut table, &oldest);
            }
            let held = Held { session: Arc::clone(&session), saved: Instant::now() };
            table.insert(Arc::clone(&session.id), held);
        }
        self.start_sweeping();
        Ok(session)
    }

    /// One task per endpoint, and only while there are sessions.
    fn start_sweeping(self: &Arc<Self>) {
        if self.sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        let sessions = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(sessions) = sessions.upgrade() else { return };
                if !sessions.sweep(Instant::now()) {
                    return;
                }
                sessions.save_listening().await;
            }
        });
    }

    /// Keeps the sessions fresh for other replicas whose clients only listen.
    async fn save_listening(&self) {
        let is_stale =
            |held: &&Held| !held.session.is_idle() && held.saved.elapsed() > self.limits.idle / 4;
        let stale: Vec<_> = {
            let table = self.table();
            table.values().filter(is_stale).map(|held| Arc::clone(&held.session)).collect()
        };
        for session in stale {
            self.save(&session).await;
        }
    }

    /// Forgets what is too old. `false` when no session is left, and sweeping stops.
    fn sweep(&self, now: Instant) -> bool {
        let mut table = self.table();
        table.retain(|_, Held { session, .. }| {
            session.drop_old_streams(now);
            if !session.is_idle() {
                session.touch();
            }
            let keep = now.saturating_duration_since(session.last_used()) < self.limits.idle;
            if !keep {
                session.close();
            }
            keep
        });
        let any = !table.is_empty();
        if !any {
            table.shrink_to_fit();
            self.sweeping.store(false, Ordering::Release);
        }
        any
    }
}

/// The session that has been idle for longest; none when all are busy.
fn idle_longest<'a>(held: impl Iterator<Item = &'a Held>) -> Option<Arc<Session>> {
    held.filter(|held| held.session.is_idle())
        .min_by_key(|held| held.session.last_used())
        .map(|held| Arc::clone(&held.session))
}

fn evict(table: &mut HashMap<Arc<str>, Held>, session: &Session) {
    table.remove(&session.id);
    session.close();
}

fn http_session(id: Arc<str>, owner: Owner) -> Arc<Session> {
    Arc::new(Session::new(id, owner, Outlet::Log(EventLog::new())))
}

fn belongs(saved: &SavedSession, owner: &Owner) -> bool {
    saved.principal == owner.principal && saved.space.as_deref() == owner.space.as_deref()
}

#[cfg(test)]
mod tests;
