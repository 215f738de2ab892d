//! Sessions of browsers, found by the hash of their cookie.

use pilothouse_model::Timestamp;

use crate::{
    Result, Store,
    dialect::{execute, run},
};

const CREATE: &str = "
    INSERT INTO browser_session (hash, account, created_at, expires_at) VALUES ($1, $2, $3, $4)";

/// Whose account is disabled has no session.
const ACCOUNT: &str = "
    SELECT s.account FROM browser_session s JOIN account a ON a.id = s.account
    WHERE s.hash = $1 AND s.expires_at > $2 AND NOT a.disabled";

const DELETE: &str = "DELETE FROM browser_session WHERE hash = $1";

const DELETE_ALL: &str = "DELETE FROM browser_session WHERE account = $1";

const PURGE: &str = "DELETE FROM browser_session WHERE expires_at < $1";

impl Store {
    pub async fn browser_session_create(
        &self,
        hash: &str,
        account: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        execute!(
            self.write(),
            sqlx::query(CREATE).bind(hash).bind(account).bind(now.0).bind(expires_at.0)
        )?;
        Ok(())
    }

    /// The account that is signed in, if the session lives and the account is not disabled.
    pub async fn browser_session_account(
        &self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<String>> {
        Ok(run!(self.read(), |db| {
            sqlx::query_scalar(ACCOUNT).bind(hash).bind(now.0).fetch_optional(db).await
        })?)
    }

    /// False when it did not exist.
    pub async fn browser_session_delete(&self, hash: &str) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(DELETE).bind(hash))? == 1)
    }

    /// Signs `account` out everywhere; returns how many sessions ended.
    pub async fn browser_session_delete_all(&self, account: &str) -> Result<u64> {
        Ok(execute!(self.write(), sqlx::query(DELETE_ALL).bind(account))?)
    }

    pub async fn browser_session_purge(&self, older_than: Timestamp) -> Result<u64> {
        Ok(execute!(self.write(), sqlx::query(PURGE).bind(older_than.0))?)
    }
}
