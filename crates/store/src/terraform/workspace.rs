//! Workspaces: one Terraform state each, with its runs.

use std::collections::BTreeMap;

use pilothouse_model::Timestamp;

use super::{
    ChangeError, Meta, NamespaceKind, Page, PageRequest,
    error::exactly_one,
    namespace::{namespace_insert, namespace_move},
    page::{Listing, Order},
    row::{Columns, read_one},
};
use crate::{Result, Store, StoreError, dialect::execute, text::storable};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// `version` counts what people changed; runs change the fields below without it.
    pub meta: Meta,
    pub name: String,
    pub description: String,
    /// The group's path and the name, joined by `/`.
    pub path: String,
    pub group_id: String,
    pub created_by: String,
    /// As asked for; empty: whatever is installed.
    pub terraform_version: String,
    pub max_job_minutes: i64,
    pub prevent_destroy_plan: bool,
    pub labels: BTreeMap<String, String>,
    /// Somebody keeps runs out.
    pub locked: bool,
    /// The state may not say what exists: an apply was cut off.
    pub dirty_state: bool,
    pub current_state_version_id: Option<String>,
    /// The run that has the workspace to itself.
    pub holder_run_id: Option<String>,
    /// The job of that run that is waiting or under way.
    pub current_job_id: Option<String>,
}

/// Which workspaces to list. An absent field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceFilter {
    pub group_id: Option<String>,
    pub path: Option<String>,
    /// Part of the path.
    pub search: Option<String>,
    pub managed_identity_id: Option<String>,
    /// All of these.
    pub labels: BTreeMap<String, String>,
    /// At or below one of these paths.
    pub visible: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceSort {
    Path { descending: bool },
    UpdatedAt { descending: bool },
}

macro_rules! columns {
    () => {
        "w.*, n.path, (
            SELECT MAX(j.id) FROM terraform_job j
            WHERE j.run_id = w.holder_run_id
                AND j.status IN ('queued', 'pending', 'running', 'canceling')) AS current_job_id"
    };
}
macro_rules! from {
    () => {
        "terraform_workspace w JOIN terraform_namespace n ON n.id = w.id"
    };
}

const GET: &str = concat!("SELECT ", columns!(), " FROM ", from!(), " WHERE w.id = $1");

const GET_BY_PATH: &str = concat!("SELECT ", columns!(), " FROM ", from!(), " WHERE n.path = $1");

const SIBLINGS: &str = "SELECT COUNT(*) FROM terraform_workspace WHERE group_id = $1";

const INSERT: &str = "
    INSERT INTO terraform_workspace
        (id, version, created_at, updated_at, name, description, group_id, created_by,
         terraform_version, max_job_minutes, prevent_destroy_plan, labels, locked, dirty_state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

const UPDATE: &str = "
    UPDATE terraform_workspace
    SET description = $3, terraform_version = $4, max_job_minutes = $5,
        prevent_destroy_plan = $6, labels = $7, locked = $8, group_id = $9, updated_at = $10,
        version = version + 1
    WHERE id = $1 AND version = $2";

impl Workspace {
    fn read(row: &dyn Columns) -> Result<Self> {
        let labels = row.text("labels")?;
        Ok(Self {
            meta: Meta::read(row)?,
            name: row.text("name")?,
            description: row.text("description")?,
            path: row.text("path")?,
            group_id: row.text("group_id")?,
            created_by: row.text("created_by")?,
            terraform_version: row.text("terraform_version")?,
            max_job_minutes: row.number("max_job_minutes")?,
            prevent_destroy_plan: row.flag("prevent_destroy_plan")?,
            labels: serde_json::from_str(&labels).map_err(|_| StoreError::Corrupt {
                column: "terraform_workspace.labels",
                value: labels,
            })?,
            locked: row.flag("locked")?,
            dirty_state: row.flag("dirty_state")?,
            current_state_version_id: row.maybe_text("current_state_version_id")?,
            holder_run_id: row.maybe_text("holder_run_id")?,
            current_job_id: row.maybe_text("current_job_id")?,
        })
    }

    fn labels_text(&self) -> String {
        serde_json::json!(self.labels).to_string()
    }
}

impl Store {
    /// Fails with [`StoreError::Duplicate`] when the path is taken, and when the group has
    /// `max_siblings` workspaces already.
    pub async fn workspace_create(
        &self,
        workspace: &Workspace,
        max_siblings: i64,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        tx.limit(SIBLINGS, &workspace.group_id, max_siblings, "workspaces in a group").await?;
        let id = &workspace.meta.id;
        namespace_insert(&mut tx, id, NamespaceKind::Workspace, &workspace.path).await?;
        execute!(
            tx.connection(),
            sqlx::query(INSERT)
                .bind(id)
                .bind(workspace.meta.version)
                .bind(workspace.meta.created_at.0)
                .bind(workspace.meta.updated_at.0)
                .bind(&workspace.name)
                .bind(storable(&workspace.description))
                .bind(&workspace.group_id)
                .bind(storable(&workspace.created_by))
                .bind(storable(&workspace.terraform_version))
                .bind(workspace.max_job_minutes)
                .bind(workspace.prevent_destroy_plan)
                .bind(workspace.labels_text())
                .bind(workspace.locked)
                .bind(workspace.dirty_state)
        )?;
        Ok(tx.commit().await?)
    }

    pub async fn workspace_get(&self, id: &str) -> Result<Option<Workspace>> {
        read_one!(self.read(), sqlx::query(GET).bind(id), Workspace::read)
    }

    pub async fn workspace_get_by_path(&self, path: &str) -> Result<Option<Workspace>> {
        read_one!(self.read(), sqlx::query(GET_BY_PATH).bind(storable(path)), Workspace::read)
    }

    pub async fn workspace_list(
        &self,
        filter: &WorkspaceFilter,
        sort: WorkspaceSort,
        page: &PageRequest,
    ) -> Result<Page<Workspace>, ChangeError> {
        let order = match sort {
            WorkspaceSort::Path { descending } => Order::text("n.path", descending),
            WorkspaceSort::UpdatedAt { descending } => Order::number("w.updated_at", descending),
        };
        let mut listing = Listing::new(columns!(), from!(), "w.id", order);
        listing.below(filter.visible.as_deref());
        listing.equals("w.group_id = ", filter.group_id.as_deref());
        listing.equals("n.path = ", filter.path.as_deref());
        listing.contains("REPLACE(n.path, ", filter.search.as_deref(), ", '') <> n.path");
        listing.contains(
            "w.id IN (SELECT workspace_id FROM terraform_managed_identity_assignment
                WHERE managed_identity_id = ",
            filter.managed_identity_id.as_deref(),
            ")",
        );
        for (key, value) in &filter.labels {
            let pair = format!("{}:{}", serde_json::json!(key), serde_json::json!(value));
            listing.contains("REPLACE(w.labels, ", Some(&pair), ", '') <> w.labels");
        }
        listing.page(self, page, Workspace::read).await
    }

    /// Writes what people may change of the workspace as it was at its `version`.
    pub async fn workspace_update(
        &self,
        workspace: &Workspace,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        exactly_one(execute!(self.write(), update!(workspace, now))?)
    }

    /// Like [`Store::workspace_update`], and moves it from `old_path` to its own path.
    pub async fn workspace_move(
        &self,
        workspace: &Workspace,
        old_path: &str,
        max_siblings: i64,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        tx.limit(SIBLINGS, &workspace.group_id, max_siblings, "workspaces in a group").await?;
        exactly_one(execute!(tx.connection(), update!(workspace, now))?)?;
        namespace_move(&mut tx, old_path, &workspace.path).await?;
        Ok(tx.commit().await?)
    }
}

macro_rules! update {
    ($workspace:expr, $now:expr) => {
        sqlx::query(UPDATE)
            .bind(&$workspace.meta.id)
            .bind($workspace.meta.version)
            .bind(storable(&$workspace.description))
            .bind(storable(&$workspace.terraform_version))
            .bind($workspace.max_job_minutes)
            .bind($workspace.prevent_destroy_plan)
            .bind($workspace.labels_text())
            .bind($workspace.locked)
            .bind(&$workspace.group_id)
            .bind($now.0)
    };
}
use update;
