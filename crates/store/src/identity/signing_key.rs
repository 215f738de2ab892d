//! The public halves of the keys that sign tokens.

use pilothouse_model::Timestamp;

use crate::{
    Result, Store,
    dialect::{execute, run},
};

/// A key that signs, or signed until it was retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    pub id: String,
    /// The public key in the form that a JSON Web Key has it in.
    pub public: String,
    pub created_at: Timestamp,
    /// Since when it signs nothing more.
    pub retired_at: Option<Timestamp>,
}

/// Only while no other key signs: of several processes that start at once, one key wins.
const CREATE_FIRST: &str = "
    INSERT INTO signing_key (id, public, created_at)
    SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM signing_key WHERE retired_at IS NULL)";

const CREATE: &str = "INSERT INTO signing_key (id, public, created_at) VALUES ($1, $2, $3)";

const RETIRE_OTHERS: &str =
    "UPDATE signing_key SET retired_at = $2 WHERE id <> $1 AND retired_at IS NULL";

const PURGE: &str = "DELETE FROM signing_key WHERE retired_at < $1 RETURNING id";

const LIST: &str = "
    SELECT id, public, created_at, retired_at FROM signing_key
    ORDER BY created_at DESC, id DESC LIMIT 100";

impl Store {
    /// Stores the key unless there is one that signs; false then.
    pub async fn signing_key_create_first(
        &self,
        id: &str,
        public: &str,
        now: Timestamp,
    ) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(CREATE_FIRST).bind(id).bind(public).bind(now.0))?
            == 1)
    }

    /// Stores the key and retires all others.
    pub async fn signing_key_rotate(&self, id: &str, public: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        execute!(tx.connection(), sqlx::query(CREATE).bind(id).bind(public).bind(now.0))?;
        execute!(tx.connection(), sqlx::query(RETIRE_OTHERS).bind(id).bind(now.0))?;
        tx.commit().await
    }

    /// Deletes the keys retired before `older_than`; returns their ids.
    pub async fn signing_key_purge(&self, older_than: Timestamp) -> Result<Vec<String>> {
        Ok(run!(self.write(), |db| {
            sqlx::query_scalar(PURGE).bind(older_than.0).fetch_all(db).await
        })?)
    }

    /// All keys, newest first.
    pub async fn signing_key_list(&self) -> Result<Vec<SigningKey>> {
        let rows: Vec<(String, String, i64, Option<i64>)> =
            run!(self.read(), |db| sqlx::query_as(LIST).fetch_all(db).await)?;
        let key = |(id, public, created_at, retired_at): (_, _, _, Option<i64>)| SigningKey {
            id,
            public,
            created_at: Timestamp(created_at),
            retired_at: retired_at.map(Timestamp),
        };
        Ok(rows.into_iter().map(key).collect())
    }
}
