//! Sessions of the legacy MCP protocol, so that another replica can go on with one.

use pilothouse_model::Timestamp;

use crate::{
    Result, Store, StoreError,
    dialect::{execute, run},
};

/// What the gateway needs to restore a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpSession {
    pub id: String,
    /// Who opened it, and alone may use it.
    pub principal: String,
    /// JSON text; only the gateway knows what is in it.
    pub state: String,
    pub created_at: Timestamp,
    /// When it was last saved or touched.
    pub touched_at: Timestamp,
}

const SAVE: &str = "
    INSERT INTO mcp_session (id, principal, state, created_at, touched_at)
    VALUES ($1, $2, $3, $4, $4)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, touched_at = excluded.touched_at
    WHERE mcp_session.principal = excluded.principal";

const LOAD: &str = "SELECT * FROM mcp_session WHERE id = $1";

const TOUCH: &str = "UPDATE mcp_session SET touched_at = $2 WHERE id = $1";

const DELETE: &str = "DELETE FROM mcp_session WHERE id = $1";

const PURGE: &str = "DELETE FROM mcp_session WHERE touched_at < $1";

impl Store {
    /// Creates the session or replaces its state. A session never changes its principal.
    pub async fn mcp_session_save(
        &self,
        id: &str,
        principal: &str,
        state: &str,
        now: Timestamp,
    ) -> Result<()> {
        let saved = execute!(
            self.write(),
            sqlx::query(SAVE).bind(id).bind(principal).bind(state).bind(now.0)
        )?;
        if saved == 0 {
            return Err(StoreError::Conflict("the session belongs to another principal"));
        }
        Ok(())
    }

    pub async fn mcp_session_load(&self, id: &str) -> Result<Option<McpSession>> {
        let row: Option<Row> =
            run!(self.read(), |db| sqlx::query_as(LOAD).bind(id).fetch_optional(db).await)?;
        Ok(row.map(Row::into_session))
    }

    /// Notes that the session is in use; false when it does not exist. This is a write: once in a
    /// while is enough.
    pub async fn mcp_session_touch(&self, id: &str, now: Timestamp) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(TOUCH).bind(id).bind(now.0))? == 1)
    }

    /// False when it did not exist.
    pub async fn mcp_session_delete(&self, id: &str) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(DELETE).bind(id))? == 1)
    }

    /// Deletes the sessions last used before `older_than`; returns how many.
    pub async fn mcp_session_purge(&self, older_than: Timestamp) -> Result<u64> {
        Ok(execute!(self.write(), sqlx::query(PURGE).bind(older_than.0))?)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    principal: String,
    state: String,
    created_at: i64,
    touched_at: i64,
}

impl Row {
    fn into_session(self) -> McpSession {
        McpSession {
            id: self.id,
            principal: self.principal,
            state: self.state,
            created_at: Timestamp(self.created_at),
            touched_at: Timestamp(self.touched_at),
        }
    }
}
