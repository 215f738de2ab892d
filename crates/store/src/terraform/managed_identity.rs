//! Managed identities of groups, and the workspaces that use them.

use pilothouse_model::Timestamp;

use super::{
    ChangeError, IdentityKind, Meta, Page, PageRequest,
    error::exactly_one,
    page::{Listing, Order},
    row::{Columns, read_all, read_one},
};
use crate::{
    Result, Store, Tx,
    dialect::{execute, run},
    text::storable,
};

/// An identity that runs may assume elsewhere, or an alias of one in another group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedIdentity {
    pub meta: Meta,
    pub group_id: String,
    pub group_path: String,
    pub name: String,
    pub description: String,
    /// An alias has the kind and data of its source.
    pub kind: IdentityKind,
    /// What it stands for, in the words of its kind.
    pub data: String,
    pub alias_source_id: Option<String>,
    pub created_by: String,
}

/// Which identities to list. An absent field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct ManagedIdentityFilter {
    /// Of the group at this path.
    pub group_path: Option<String>,
    /// Of the group at this path and the groups above it; of a workspace: of those above it.
    pub lineage_of: Option<String>,
    pub alias_source_id: Option<String>,
    /// Part of the name.
    pub search: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagedIdentitySort {
    CreatedAt { descending: bool },
    UpdatedAt { descending: bool },
    Level { descending: bool },
}

macro_rules! columns {
    () => {
        "m.id, m.version, m.created_at, m.updated_at, m.group_id, n.path AS group_path, m.name,
        m.description, COALESCE(s.kind, m.kind) AS kind, COALESCE(s.data, m.data) AS data,
        m.alias_source_id, m.created_by"
    };
}
macro_rules! from {
    () => {
        "terraform_managed_identity m
            JOIN terraform_namespace n ON n.id = m.group_id
            LEFT JOIN terraform_managed_identity s ON s.id = m.alias_source_id"
    };
}

const GET: &str = concat!("SELECT ", columns!(), " FROM ", from!(), " WHERE m.id = $1");

const GET_BY_NAME: &str =
    concat!("SELECT ", columns!(), " FROM ", from!(), " WHERE n.path = $1 AND m.name = $2");

const OF_WORKSPACE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM ",
    from!(),
    " JOIN terraform_managed_identity_assignment a ON a.managed_identity_id = m.id
    WHERE a.workspace_id = $1 ORDER BY m.name, m.id"
);

const COUNT: &str = "SELECT COUNT(*) FROM terraform_managed_identity WHERE group_id = $1";

const COUNT_ALIASES: &str =
    "SELECT COUNT(*) FROM terraform_managed_identity WHERE alias_source_id = $1";

const COUNT_ASSIGNED: &str =
    "SELECT COUNT(*) FROM terraform_managed_identity_assignment WHERE workspace_id = $1";

/// Of the identity and of what stands for it.
const COUNT_USERS: &str = "
    SELECT COUNT(*) FROM terraform_managed_identity_assignment a
        JOIN terraform_managed_identity m ON m.id = a.managed_identity_id
    WHERE m.id = $1 OR m.alias_source_id = $1";

const INSERT: &str = "
    INSERT INTO terraform_managed_identity
        (id, version, created_at, updated_at, group_id, name, description, kind, data,
         alias_source_id, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const UPDATE: &str = "
    UPDATE terraform_managed_identity
    SET description = $3, data = $4, group_id = $5, updated_at = $6, version = version + 1
    WHERE id = $1 AND version = $2";

const DELETE: &str = "DELETE FROM terraform_managed_identity WHERE id = $1";

const ASSIGN: &str = "
    INSERT INTO terraform_managed_identity_assignment
        (workspace_id, managed_identity_id, created_at)
    VALUES ($1, $2, $3)";

const UNASSIGN: &str = "
    DELETE FROM terraform_managed_identity_assignment
    WHERE workspace_id = $1 AND managed_identity_id = $2";

/// Assignments of identities that are not in a group above the workspace any more.
const UNASSIGN_STRAYS: &str = "
    DELETE FROM terraform_managed_identity_assignment
    WHERE NOT EXISTS (
        SELECT 1 FROM terraform_managed_identity m
            JOIN terraform_namespace g ON g.id = m.group_id
            JOIN terraform_namespace w
                ON w.id = terraform_managed_identity_assignment.workspace_id
        WHERE m.id = terraform_managed_identity_assignment.managed_identity_id
            AND g.path || '/' = SUBSTR(w.path, 1, LENGTH(g.path) + 1))";

impl ManagedIdentity {
    fn read(row: &dyn Columns) -> Result<Self> {
        let kind = row.text("kind")?;
        Ok(Self {
            meta: Meta::read(row)?,
            group_id: row.text("group_id")?,
            group_path: row.text("group_path")?,
            name: row.text("name")?,
            description: row.text("description")?,
            kind: IdentityKind::stored("terraform_managed_identity.kind", &kind)?,
            data: row.text("data")?,
            alias_source_id: row.maybe_text("alias_source_id")?,
            created_by: row.text("created_by")?,
        })
    }
}

/// Takes identities away from workspaces that were moved, or whose identity was moved, out of
/// their reach.
pub(super) async fn unassign_strays(tx: &mut Tx) -> Result<()> {
    execute!(tx.connection(), sqlx::query(UNASSIGN_STRAYS))?;
    Ok(())
}

impl Store {
    /// Fails with [`StoreError::Duplicate`](crate::StoreError::Duplicate) when the group has one
    /// of this name, and when it has `limit` of them; an alias also when its source has `limit`.
    pub async fn managed_identity_create(
        &self,
        identity: &ManagedIdentity,
        limit: i64,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        tx.limit(COUNT, &identity.group_id, limit, "managed identities in a group").await?;
        if let Some(source) = &identity.alias_source_id {
            tx.limit(COUNT_ALIASES, source, limit, "aliases of a managed identity").await?;
        }
        let data = if identity.alias_source_id.is_some() { "" } else { &identity.data };
        execute!(
            tx.connection(),
            sqlx::query(INSERT)
                .bind(&identity.meta.id)
                .bind(identity.meta.version)
                .bind(identity.meta.created_at.0)
                .bind(identity.meta.updated_at.0)
                .bind(&identity.group_id)
                .bind(&identity.name)
                .bind(storable(&identity.description))
                .bind(identity.kind.as_str())
                .bind(storable(data))
                .bind(identity.alias_source_id.as_deref())
                .bind(storable(&identity.created_by))
        )?;
        Ok(tx.commit().await?)
    }

    pub async fn managed_identity_get(&self, id: &str) -> Result<Option<ManagedIdentity>> {
        read_one!(self.read(), sqlx::query(GET).bind(id), ManagedIdentity::read)
    }

    pub async fn managed_identity_get_by_name(
        &self,
        group_path: &str,
        name: &str,
    ) -> Result<Option<ManagedIdentity>> {
        read_one!(
            self.read(),
            sqlx::query(GET_BY_NAME).bind(storable(group_path)).bind(storable(name)),
            ManagedIdentity::read
        )
    }

    pub async fn managed_identity_list(
        &self,
        filter: &ManagedIdentityFilter,
        sort: ManagedIdentitySort,
        page: &PageRequest,
    ) -> Result<Page<ManagedIdentity>, ChangeError> {
        use ManagedIdentitySort as Sort;
        let order = match sort {
            Sort::CreatedAt { descending } => Order::number("m.created_at", descending),
            Sort::UpdatedAt { descending } => Order::number("m.updated_at", descending),
            Sort::Level { descending } => Order::number("n.depth", descending),
        };
        let mut listing = Listing::new(columns!(), from!(), "m.id", order);
        listing.equals("n.path = ", filter.group_path.as_deref());
        let below = filter.lineage_of.as_deref().map(|path| format!("{path}/"));
        let lineage = ", 1, LENGTH(n.path) + 1) = n.path || '/'";
        listing.contains("SUBSTR(", below.as_deref(), lineage);
        listing.equals("m.alias_source_id = ", filter.alias_source_id.as_deref());
        listing.contains("REPLACE(m.name, ", filter.search.as_deref(), ", '') <> m.name");
        listing.page(self, page, ManagedIdentity::read).await
    }

    /// Those that a workspace uses, by name. There are at most as many as
    /// [`Store::managed_identity_assign`] allows.
    pub async fn managed_identity_list_for_workspace(
        &self,
        workspace_id: &str,
    ) -> Result<Vec<ManagedIdentity>> {
        read_all!(self.read(), sqlx::query(OF_WORKSPACE).bind(workspace_id), ManagedIdentity::read)
    }

    /// Gives `identity`, as it was at its version, the description, data and group it holds.
    pub async fn managed_identity_update(
        &self,
        identity: &ManagedIdentity,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        let data = if identity.alias_source_id.is_some() { "" } else { &identity.data };
        let changed = execute!(
            tx.connection(),
            sqlx::query(UPDATE)
                .bind(&identity.meta.id)
                .bind(identity.meta.version)
                .bind(storable(&identity.description))
                .bind(storable(data))
                .bind(&identity.group_id)
                .bind(now.0)
        )?;
        exactly_one(changed)?;
        unassign_strays(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Deletes it with its aliases. Fails with [`ChangeError::Held`] while workspaces use it,
    /// unless forced.
    pub async fn managed_identity_delete(&self, id: &str, force: bool) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        let users: i64 = run!(tx.connection(), |db| {
            sqlx::query_scalar(COUNT_USERS).bind(id).fetch_one(db).await
        })?;
        if users > 0 && !force {
            return Err(ChangeError::Held);
        }
        exactly_one(execute!(tx.connection(), sqlx::query(DELETE).bind(id))?)?;
        Ok(tx.commit().await?)
    }

    /// Fails with [`StoreError::Duplicate`](crate::StoreError::Duplicate) when the workspace uses
    /// it already, and when the workspace uses `limit` of them.
    pub async fn managed_identity_assign(
        &self,
        id: &str,
        workspace_id: &str,
        limit: i64,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        tx.limit(COUNT_ASSIGNED, workspace_id, limit, "managed identities of a workspace").await?;
        execute!(tx.connection(), sqlx::query(ASSIGN).bind(workspace_id).bind(id).bind(now.0))?;
        Ok(tx.commit().await?)
    }

    /// Whether the workspace used it.
    pub async fn managed_identity_unassign(&self, id: &str, workspace_id: &str) -> Result<bool> {
        let removed = execute!(self.write(), sqlx::query(UNASSIGN).bind(workspace_id).bind(id))?;
        Ok(removed > 0)
    }
}
