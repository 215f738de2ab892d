//! What a call with an idempotency key did the first time.
//!
//! A key belongs to a principal and stands for one plan's digest. A call that died leaves its key
//! in progress until it expires: nobody knows what it did.

use std::time::Duration;

use pilothouse_model::Timestamp;

use crate::{
    Result, Store,
    dialect::{execute, run},
};

/// What the caller of [`Store::idempotency_begin`] has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdempotencyBegin {
    /// Execute, then call [`Store::idempotency_finish`] or [`Store::idempotency_abandon`].
    New,
    /// Refuse: the first call is not finished, or died.
    InProgress,
    /// Answer with this result of the first call (JSON text).
    Done(String),
    /// Refuse: the key was used for something else.
    Mismatch,
}

/// Takes the key when it is free or its time is over.
const TAKE: &str = "
    INSERT INTO idempotency (principal, key, digest, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (principal, key) DO UPDATE
    SET digest = excluded.digest, result = NULL, created_at = excluded.created_at,
        expires_at = excluded.expires_at
    WHERE idempotency.expires_at <= excluded.created_at";

const GET: &str = "SELECT digest, result FROM idempotency WHERE principal = $1 AND key = $2";

const FINISH: &str = "
    UPDATE idempotency SET result = $3 WHERE principal = $1 AND key = $2 AND result IS NULL";

const ABANDON: &str = "
    DELETE FROM idempotency WHERE principal = $1 AND key = $2 AND result IS NULL";

const PURGE: &str = "DELETE FROM idempotency WHERE expires_at <= $1";

impl Store {
    /// Takes the key for one execution of the plan with `digest`, or says what became of the call
    /// that has it. Of any number of callers, one gets [`IdempotencyBegin::New`].
    pub async fn idempotency_begin(
        &self,
        principal: &str,
        key: &str,
        digest: &str,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<IdempotencyBegin> {
        loop {
            let take = execute!(
                self.write(),
                sqlx::query(TAKE)
                    .bind(principal)
                    .bind(key)
                    .bind(digest)
                    .bind(now.0)
                    .bind(now.after(ttl).0)
            )?;
            if take == 1 {
                return Ok(IdempotencyBegin::New);
            }
            let found: Option<(String, Option<String>)> = run!(self.read(), |db| {
                sqlx::query_as(GET).bind(principal).bind(key).fetch_optional(db).await
            })?;
            match found {
                Some((taken_for, _)) if taken_for != digest => {
                    return Ok(IdempotencyBegin::Mismatch);
                }
                Some((_, Some(result))) => return Ok(IdempotencyBegin::Done(result)),
                Some((_, None)) => return Ok(IdempotencyBegin::InProgress),
                // Abandoned between the two statements, so it is free again.
                None => {}
            }
        }
    }

    /// Keeps the result for later calls. False when the key is not in progress (any more).
    pub async fn idempotency_finish(
        &self,
        principal: &str,
        key: &str,
        result: &str,
    ) -> Result<bool> {
        let query =
            execute!(self.write(), sqlx::query(FINISH).bind(principal).bind(key).bind(result))?;
        Ok(query == 1)
    }

    /// Frees the key, because nothing was executed. False when it is not in progress.
    pub async fn idempotency_abandon(&self, principal: &str, key: &str) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(ABANDON).bind(principal).bind(key))? == 1)
    }

    /// Forgets the keys whose time is over; returns how many.
    pub async fn idempotency_purge(&self, now: Timestamp) -> Result<u64> {
        Ok(execute!(self.write(), sqlx::query(PURGE).bind(now.0))?)
    }
}
