//! Things that work once: authorization codes, setup links, states of a sign-in, assertions.

use pilothouse_model::Timestamp;

use crate::{
    Result, Store,
    dialect::{execute, run},
};

/// What became of an attempt to use one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseOutcome {
    /// The caller, and nobody else, may act on this content.
    Used(String),
    /// It was used before; this is its content.
    Replayed(String),
    /// It does not exist, is of another kind, or has expired.
    Unknown,
}

/// A key that is taken stays taken until it expires.
const CREATE: &str = "
    INSERT INTO one_time (hash, kind, content, expires_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (hash) DO NOTHING";

const USE: &str = "
    UPDATE one_time SET used_at = $3
    WHERE hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3
    RETURNING content";

const USED: &str = "
    SELECT content FROM one_time WHERE hash = $1 AND kind = $2 AND used_at IS NOT NULL";

const PEEK: &str = "
    SELECT content FROM one_time
    WHERE hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3";

const PURGE: &str = "DELETE FROM one_time WHERE expires_at < $1";

impl Store {
    /// False when the hash is taken.
    pub async fn one_time_create(
        &self,
        hash: &str,
        kind: &str,
        content: &str,
        expires_at: Timestamp,
    ) -> Result<bool> {
        Ok(execute!(
            self.write(),
            sqlx::query(CREATE).bind(hash).bind(kind).bind(content).bind(expires_at.0)
        )? == 1)
    }

    pub async fn one_time_use(&self, hash: &str, kind: &str, now: Timestamp) -> Result<UseOutcome> {
        let used: Vec<String> = run!(self.write(), |db| {
            sqlx::query_scalar(USE).bind(hash).bind(kind).bind(now.0).fetch_all(db).await
        })?;
        if let Some(content) = used.into_iter().next() {
            return Ok(UseOutcome::Used(content));
        }
        let before: Option<String> = run!(self.read(), |db| {
            sqlx::query_scalar(USED).bind(hash).bind(kind).fetch_optional(db).await
        })?;
        Ok(before.map_or(UseOutcome::Unknown, UseOutcome::Replayed))
    }

    /// The content of one that could be used now.
    pub async fn one_time_peek(
        &self,
        hash: &str,
        kind: &str,
        now: Timestamp,
    ) -> Result<Option<String>> {
        Ok(run!(self.read(), |db| {
            sqlx::query_scalar(PEEK).bind(hash).bind(kind).bind(now.0).fetch_optional(db).await
        })?)
    }

    /// Deletes what expired before `older_than`; returns how many.
    pub async fn one_time_purge(&self, older_than: Timestamp) -> Result<u64> {
        Ok(execute!(self.write(), sqlx::query(PURGE).bind(older_than.0))?)
    }
}
