//! Legacy MCP sessions in the product's store, so that they survive a restart and any replica can
//! continue one.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use pilothouse_model::{Result, Timestamp};
use pilothouse_store::Store;

use crate::mcp::{SavedSession, SessionStore};

/// The store as the MCP layer sees it.
pub struct StoredSessions {
    store: Store,
    idle: Duration,
    /// When this replica last deleted stale rows.
    purged_at: AtomicI64,
}

impl StoredSessions {
    /// Sessions that were not saved for `idle` are over.
    pub fn new(store: Store, idle: Duration) -> Self {
        Self { store, idle, purged_at: AtomicI64::new(0) }
    }

    /// Deletes what is over, now and then.
    async fn purge(&self, now: Timestamp) -> Result<()> {
        let before = Timestamp(self.purged_at.load(Ordering::Relaxed));
        if now.since(before) < self.idle / 4 {
            return Ok(());
        }
        self.purged_at.store(now.0, Ordering::Relaxed);
        let idle = i64::try_from(self.idle.as_millis()).unwrap_or(i64::MAX);
        self.store.mcp_session_purge(Timestamp(now.0.saturating_sub(idle))).await?;
        Ok(())
    }
}

#[async_trait]
impl SessionStore for StoredSessions {
    async fn session_load(&self, id: &str) -> Result<Option<SavedSession>> {
        let Some(row) = self.store.mcp_session_load(id).await? else { return Ok(None) };
        if Timestamp::now().since(row.touched_at) >= self.idle {
            return Ok(None);
        }
        // A state that this version cannot read is no session of its: the client starts anew.
        Ok(serde_json::from_str(&row.state).ok())
    }

    async fn session_save(&self, id: &str, session: &SavedSession) -> Result<()> {
        let state = serde_json::to_string(session).map_err(pilothouse_model::Error::internal)?;
        let now = Timestamp::now();
        self.store.mcp_session_save(id, &session.principal, &state, now).await?;
        self.purge(now).await
    }

    async fn session_delete(&self, id: &str) -> Result<()> {
        self.store.mcp_session_delete(id).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_session_that_nobody_used_is_over_and_its_row_goes() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let idle = Duration::from_mins(30);
        let saved: SavedSession = serde_json::from_value(json!({
            "principal": "user:ann", "space": null, "initialize": {}, "log_level": "info",
            "subscriptions": [],
        }))
        .unwrap();
        let state = serde_json::to_string(&saved).unwrap();
        let now = Timestamp::now();
        for (id, minutes) in [("fresh", 29), ("stale", 31)] {
            let then = Timestamp(now.0 - minutes * 60_000);
            store.mcp_session_save(id, "user:ann", &state, then).await.unwrap();
        }
        let sessions = StoredSessions::new(store.clone(), idle);
        assert!(sessions.session_load("fresh").await.unwrap().is_some());
        assert!(sessions.session_load("stale").await.unwrap().is_none());
        assert!(store.mcp_session_load("stale").await.unwrap().is_some());
        sessions.session_save("new", &saved).await.unwrap();
        assert!(store.mcp_session_load("stale").await.unwrap().is_none());
        assert!(store.mcp_session_load("fresh").await.unwrap().is_some());
    }
}
