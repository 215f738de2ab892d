//! Legacy MCP sessions in the product's store, so that they survive a restart and any replica can
//! continue one.

use async_trait::async_trait;
use pilothouse_model::{Result, Timestamp};
use pilothouse_store::Store;

use crate::mcp::{SavedSession, SessionStore};

/// The store as the MCP layer sees it.
pub struct StoredSessions {
    store: Store,
}

impl StoredSessions {
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl SessionStore for StoredSessions {
    async fn session_load(&self, id: &str) -> Result<Option<SavedSession>> {
        let Some(row) = self.store.mcp_session_load(id).await? else { return Ok(None) };
        // A state that this version cannot read is no session of its: the client starts anew.
        Ok(serde_json::from_str(&row.state).ok())
    }

    async fn session_save(&self, id: &str, session: &SavedSession) -> Result<()> {
        let state = serde_json::to_string(session).map_err(pilothouse_model::Error::internal)?;
        let now = Timestamp::now();
        Ok(self.store.mcp_session_save(id, &session.principal, &state, now).await?)
    }

    async fn session_delete(&self, id: &str) -> Result<()> {
        self.store.mcp_session_delete(id).await?;
        Ok(())
    }
}
