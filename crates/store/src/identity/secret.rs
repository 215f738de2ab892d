//! Sealed values by name: everything that must be readable again but never from the database alone.

use pilothouse_model::Timestamp;

use crate::{
    Result, Store,
    dialect::{execute, run},
};

/// The most rows that one call of [`Store::secret_list`] returns.
pub const SECRET_LIST_CAP: u32 = 500;

const GET: &str = "SELECT sealed FROM secret WHERE name = $1";

const PUT: &str = "
    INSERT INTO secret (name, sealed, updated_at) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at";

const CREATE: &str =
    "INSERT INTO secret (name, sealed, updated_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

const REPLACE: &str =
    "UPDATE secret SET sealed = $3, updated_at = $4 WHERE name = $1 AND sealed = $2";

const DELETE: &str = "DELETE FROM secret WHERE name = $1";

const LIST: &str = "SELECT name, sealed FROM secret WHERE name > $1 ORDER BY name LIMIT $2";

impl Store {
    pub async fn secret_get(&self, name: &str) -> Result<Option<String>> {
        Ok(run!(self.read(), |db| sqlx::query_scalar(GET).bind(name).fetch_optional(db).await)?)
    }

    pub async fn secret_put(&self, name: &str, sealed: &str, now: Timestamp) -> Result<()> {
        execute!(self.write(), sqlx::query(PUT).bind(name).bind(sealed).bind(now.0))?;
        Ok(())
    }

    /// Keeps what is there already.
    pub async fn secret_create(&self, name: &str, sealed: &str, now: Timestamp) -> Result<()> {
        execute!(self.write(), sqlx::query(CREATE).bind(name).bind(sealed).bind(now.0))?;
        Ok(())
    }

    /// Replaces exactly the value `old`; false when it changed meanwhile.
    pub async fn secret_replace(
        &self,
        name: &str,
        old: &str,
        new: &str,
        now: Timestamp,
    ) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(REPLACE).bind(name).bind(old).bind(new).bind(now.0))?
            == 1)
    }

    /// False when it did not exist.
    pub async fn secret_delete(&self, name: &str) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(DELETE).bind(name))? == 1)
    }

    /// Names and sealed values after the name `after`, in order, at most [`SECRET_LIST_CAP`].
    pub async fn secret_list(&self, after: &str) -> Result<Vec<(String, String)>> {
        let cap = i64::from(SECRET_LIST_CAP);
        Ok(run!(self.read(), |db| {
            sqlx::query_as(LIST).bind(after).bind(cap).fetch_all(db).await
        })?)
    }
}
