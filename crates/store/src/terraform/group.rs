//! Groups: the tree that holds workspaces.

use pilothouse_model::Timestamp;

use super::{
    ChangeError, Meta, NamespaceKind, Page, PageRequest,
    error::exactly_one,
    namespace::{namespace_insert, namespace_move},
    page::{Listing, Order},
    row::{Columns, read_one},
};
use crate::{Result, Store, dialect::execute, text::storable};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub meta: Meta,
    pub name: String,
    pub description: String,
    /// The names from the root, joined by `/`.
    pub path: String,
    /// Absent for a root group.
    pub parent_id: Option<String>,
    pub created_by: String,
}

/// Which groups to list. An absent field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct GroupFilter {
    pub parent_id: Option<String>,
    /// Part of the path.
    pub search: Option<String>,
    /// At or below one of these paths.
    pub visible: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupSort {
    Path { descending: bool },
    Level { descending: bool },
    UpdatedAt { descending: bool },
}

const COLUMNS: &str = "g.*, n.path";
const FROM: &str = "terraform_group g JOIN terraform_namespace n ON n.id = g.id";

const GET: &str = "
    SELECT g.*, n.path FROM terraform_group g JOIN terraform_namespace n ON n.id = g.id
    WHERE g.id = $1";

const GET_BY_PATH: &str = "
    SELECT g.*, n.path FROM terraform_group g JOIN terraform_namespace n ON n.id = g.id
    WHERE n.path = $1";

const SIBLINGS: &str = "SELECT COUNT(*) FROM terraform_group WHERE parent_id = $1";

const INSERT: &str = "
    INSERT INTO terraform_group
        (id, version, created_at, updated_at, name, description, parent_id, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const UPDATE: &str = "
    UPDATE terraform_group SET description = $3, updated_at = $4, version = version + 1
    WHERE id = $1 AND version = $2";

const REPARENT: &str = "
    UPDATE terraform_group SET parent_id = $3, updated_at = $4, version = version + 1
    WHERE id = $1 AND version = $2";

impl Group {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            meta: Meta::read(row)?,
            name: row.text("name")?,
            description: row.text("description")?,
            path: row.text("path")?,
            parent_id: row.maybe_text("parent_id")?,
            created_by: row.text("created_by")?,
        })
    }
}

impl Store {
    /// Fails with [`StoreError::Duplicate`](crate::StoreError::Duplicate) when the path is taken,
    /// and when the parent has `max_siblings` groups already.
    pub async fn group_create(&self, group: &Group, max_siblings: i64) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        if let Some(parent_id) = &group.parent_id {
            tx.limit(SIBLINGS, parent_id, max_siblings, "groups in a group").await?;
        }
        namespace_insert(&mut tx, &group.meta.id, NamespaceKind::Group, &group.path).await?;
        execute!(
            tx.connection(),
            sqlx::query(INSERT)
                .bind(&group.meta.id)
                .bind(group.meta.version)
                .bind(group.meta.created_at.0)
                .bind(group.meta.updated_at.0)
                .bind(&group.name)
                .bind(storable(&group.description))
                .bind(group.parent_id.as_deref())
                .bind(storable(&group.created_by))
        )?;
        Ok(tx.commit().await?)
    }

    pub async fn group_get(&self, id: &str) -> Result<Option<Group>> {
        read_one!(self.read(), sqlx::query(GET).bind(id), Group::read)
    }

    pub async fn group_get_by_path(&self, path: &str) -> Result<Option<Group>> {
        read_one!(self.read(), sqlx::query(GET_BY_PATH).bind(storable(path)), Group::read)
    }

    pub async fn group_list(
        &self,
        filter: &GroupFilter,
        sort: GroupSort,
        page: &PageRequest,
    ) -> Result<Page<Group>, ChangeError> {
        let order = match sort {
            GroupSort::Path { descending } => Order::text("n.path", descending),
            GroupSort::Level { descending } => Order::number("n.depth", descending),
            GroupSort::UpdatedAt { descending } => Order::number("g.updated_at", descending),
        };
        let mut listing = Listing::new(COLUMNS, FROM, "g.id", order);
        listing.below(filter.visible.as_deref());
        listing.equals("g.parent_id = ", filter.parent_id.as_deref());
        listing.contains("REPLACE(n.path, ", filter.search.as_deref(), ", '') <> n.path");
        listing.page(self, page, Group::read).await
    }

    /// Replaces the description of the group as it was at `version`.
    pub async fn group_update(
        &self,
        id: &str,
        version: i64,
        description: &str,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let changed = execute!(
            self.write(),
            sqlx::query(UPDATE).bind(id).bind(version).bind(storable(description)).bind(now.0)
        )?;
        exactly_one(changed)
    }

    /// Moves `group` and all below it to `new_path`, under `new_parent_id` or to the root.
    pub async fn group_move(
        &self,
        group: &Group,
        new_parent_id: Option<&str>,
        new_path: &str,
        max_siblings: i64,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        if let Some(parent_id) = new_parent_id {
            tx.limit(SIBLINGS, parent_id, max_siblings, "groups in a group").await?;
        }
        let changed = execute!(
            tx.connection(),
            sqlx::query(REPARENT)
                .bind(&group.meta.id)
                .bind(group.meta.version)
                .bind(new_parent_id)
                .bind(now.0)
        )?;
        exactly_one(changed)?;
        namespace_move(&mut tx, &group.path, new_path).await?;
        Ok(tx.commit().await?)
    }
}
