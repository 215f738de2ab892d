//! The one tree of paths that groups and workspaces share.

use pilothouse_model::Timestamp;

use super::{
    ChangeError, Namespace, NamespaceKind,
    managed_identity::unassign_strays,
    row::{Columns, read_all, read_one},
};
use crate::{
    Result, Store, Tx,
    access::revision_grow,
    dialect::{execute, run},
    text::storable,
};

const INSERT: &str =
    "INSERT INTO terraform_namespace (id, kind, path, depth) VALUES ($1, $2, $3, $4)";

const GET_BY_PATH: &str = "SELECT * FROM terraform_namespace WHERE path = $1";

const ANCESTORS: &str = "
    SELECT * FROM terraform_namespace
    WHERE path || '/' = SUBSTR($1 || '/', 1, LENGTH(path) + 1)
    ORDER BY depth";

/// `0` is the character after `/`.
const SUBTREE: &str = "
    SELECT * FROM terraform_namespace
    WHERE path = $1 OR (path >= $1 || '/' AND path < $1 || '0')";

const DELETE_SUBTREE: &str = "
    DELETE FROM terraform_namespace
    WHERE path = $1 OR (path >= $1 || '/' AND path < $1 || '0')";

const MOVE: &str = "
    UPDATE terraform_namespace
    SET path = $2 || SUBSTR(path, LENGTH($1) + 1), depth = depth + $3
    WHERE path = $1 OR (path >= $1 || '/' AND path < $1 || '0')";

/// Work that is waiting or under way in a subtree.
const BUSY: &str = "
    SELECT COUNT(*) FROM terraform_job j JOIN terraform_namespace n ON n.id = j.workspace_id
    WHERE j.status IN ('queued', 'pending', 'running', 'canceling')
        AND (n.path = $1 OR (n.path >= $1 || '/' AND n.path < $1 || '0'))";

impl Namespace {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            kind: NamespaceKind::stored("terraform_namespace.kind", &row.text("kind")?)?,
            path: row.text("path")?,
        })
    }
}

/// Names in a path.
fn depth(path: &str) -> i64 {
    i64::try_from(path.split('/').count()).unwrap_or(i64::MAX)
}

pub(super) async fn namespace_insert(
    tx: &mut Tx,
    id: &str,
    kind: NamespaceKind,
    path: &str,
) -> Result<()> {
    execute!(
        tx.connection(),
        sqlx::query(INSERT).bind(id).bind(kind.as_str()).bind(path).bind(depth(path))
    )?;
    Ok(())
}

pub(super) async fn namespace_move(tx: &mut Tx, old: &str, new: &str) -> Result<()> {
    let deeper = depth(new) - depth(old);
    execute!(tx.connection(), sqlx::query(MOVE).bind(old).bind(new).bind(deeper))?;
    unassign_strays(tx).await?;
    // What was granted on it moved along.
    revision_grow(tx).await
}

impl Tx {
    /// Fails when `count`, a statement about `owner`, has reached `limit`.
    pub(crate) async fn limit(
        &mut self,
        count: &'static str,
        owner: &str,
        limit: i64,
        what: &'static str,
    ) -> Result<(), ChangeError> {
        let found: i64 = run!(self.connection(), |db| sqlx::query_scalar(count)
            .bind(owner)
            .fetch_one(db)
            .await)?;
        if found >= limit { Err(ChangeError::Limit { what, limit }) } else { Ok(()) }
    }

    /// The same for what happened after `start`.
    pub(super) async fn limit_since(
        &mut self,
        count: &'static str,
        owner: &str,
        start: Timestamp,
        limit: i64,
        what: &'static str,
    ) -> Result<(), ChangeError> {
        let found: i64 = run!(self.connection(), |db| {
            sqlx::query_scalar(count).bind(owner).bind(start.0).fetch_one(db).await
        })?;
        if found >= limit { Err(ChangeError::Limit { what, limit }) } else { Ok(()) }
    }
}

impl Store {
    pub async fn namespace_get_by_path(&self, path: &str) -> Result<Option<Namespace>> {
        read_one!(self.read(), sqlx::query(GET_BY_PATH).bind(storable(path)), Namespace::read)
    }

    /// The namespace at `path` and all above it, from the root down.
    pub async fn namespace_lineage(&self, path: &str) -> Result<Vec<Namespace>> {
        read_all!(self.read(), sqlx::query(ANCESTORS).bind(storable(path)), Namespace::read)
    }

    /// The namespace at `path` and all below it.
    pub async fn namespace_subtree(&self, path: &str) -> Result<Vec<Namespace>> {
        read_all!(self.read(), sqlx::query(SUBTREE).bind(storable(path)), Namespace::read)
    }

    /// Deletes the namespace at `path` with everything in and below it. Fails with
    /// [`ChangeError::Held`] while a job is waiting or under way there.
    pub async fn namespace_delete(&self, path: &str) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        match tx.limit(BUSY, path, 1, "jobs").await {
            Err(ChangeError::Limit { .. }) => return Err(ChangeError::Held),
            other => other?,
        }
        execute!(tx.connection(), sqlx::query(DELETE_SUBTREE).bind(path))?;
        revision_grow(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}
