//! API keys: a name, a hash, an end.

use pilothouse_model::Timestamp;

use super::{
    Membership,
    membership::{membership_delete_subject, membership_insert},
    revision_grow,
};
use crate::{
    Result, Store,
    dialect::execute,
    terraform::row::{Columns, read_all, read_one},
    text::storable,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: String,
    pub name: String,
    /// Hex, of the whole key.
    pub hash: String,
    /// Ids of the agent spaces that it is limited to, if it is; none holds a blank.
    pub spaces: Vec<String>,
    pub created_by: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

const INSERT: &str = "
    INSERT INTO api_key (id, name, hash, spaces, created_by, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

const LIST: &str = "SELECT * FROM api_key ORDER BY id LIMIT 1000";

const BY_HASH: &str = "SELECT * FROM api_key WHERE hash = $1";

const REVOKE: &str = "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

impl ApiKey {
    /// The id of the principal that it is.
    pub fn subject(&self) -> String {
        format!("key:{}", self.id)
    }

    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            name: row.text("name")?,
            hash: row.text("hash")?,
            spaces: row.text("spaces")?.split_ascii_whitespace().map(str::to_owned).collect(),
            created_by: row.text("created_by")?,
            created_at: row.time("created_at")?,
            expires_at: row.time("expires_at")?,
            revoked_at: row.maybe_time("revoked_at")?,
        })
    }
}

impl Store {
    /// Stores a key with everything it may do. Fails with
    /// [`StoreError::Duplicate`](crate::StoreError::Duplicate) when the name is taken.
    pub async fn api_key_create(&self, key: &ApiKey, memberships: &[Membership]) -> Result<()> {
        let mut tx = self.begin().await?;
        execute!(
            tx.connection(),
            sqlx::query(INSERT)
                .bind(&key.id)
                .bind(storable(&key.name))
                .bind(&key.hash)
                .bind(key.spaces.join(" "))
                .bind(storable(&key.created_by))
                .bind(key.created_at.0)
                .bind(key.expires_at.0)
        )?;
        for membership in memberships {
            membership_insert(&mut tx, membership).await?;
        }
        revision_grow(&mut tx).await?;
        tx.commit().await
    }

    /// Oldest first, at most 1000.
    pub async fn api_key_list(&self) -> Result<Vec<ApiKey>> {
        read_all!(self.read(), sqlx::query(LIST), ApiKey::read)
    }

    /// The key with this hash, revoked or not.
    pub async fn api_key_get_by_hash(&self, hash: &str) -> Result<Option<ApiKey>> {
        read_one!(self.read(), sqlx::query(BY_HASH).bind(hash), ApiKey::read)
    }

    /// Ends a key and all it may do. `false`: there is none, or it was revoked before.
    pub async fn api_key_revoke(&self, id: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.begin().await?;
        let revoked = execute!(tx.connection(), sqlx::query(REVOKE).bind(id).bind(now.0))?;
        membership_delete_subject(&mut tx, &format!("key:{id}")).await?;
        revision_grow(&mut tx).await?;
        tx.commit().await?;
        Ok(revoked == 1)
    }
}
