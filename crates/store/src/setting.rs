//! Values that outlive a process: generated keys, switches that an operator set.

use crate::{
    Result, Store,
    dialect::{execute, run},
};

const GET: &str = "SELECT value FROM setting WHERE key = $1";

const PUT: &str = "
    INSERT INTO setting (key, value) VALUES ($1, $2)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value";

/// Rewrites the old value, because only a row that was written is returned.
const PUT_IF_ABSENT: &str = "
    INSERT INTO setting (key, value) VALUES ($1, $2)
    ON CONFLICT (key) DO UPDATE SET value = setting.value
    RETURNING value";

impl Store {
    pub async fn setting_get(&self, key: &str) -> Result<Option<String>> {
        Ok(run!(self.read(), |db| sqlx::query_scalar(GET).bind(key).fetch_optional(db).await)?)
    }

    pub async fn setting_put(&self, key: &str, value: &str) -> Result<()> {
        execute!(self.write(), sqlx::query(PUT).bind(key).bind(value))?;
        Ok(())
    }

    /// Stores `value` unless the key has one, and returns the value that the key has now. Of
    /// several processes that generate a key at once, all get the same.
    pub async fn setting_put_if_absent(&self, key: &str, value: &str) -> Result<String> {
        let rows: Vec<String> = run!(self.write(), |db| {
            sqlx::query_scalar(PUT_IF_ABSENT).bind(key).bind(value).fetch_all(db).await
        })?;
        Ok(rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)?)
    }
}
