//! Runs, read together with their nodes. They change through [`RunChange`](super::RunChange).

use pilothouse_model::Timestamp;

use super::{
    Apply, ChangeError, Meta, Page, PageRequest, Plan, RunStatus, RunVariable,
    page::{Listing, Order},
    plan::{apply_columns, plan_columns},
    row::{Columns, read_all, read_one},
    run_variable::run_variable_insert,
};
use crate::{Result, Store, StoreError, dialect::execute, text::storable};

#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the platform's resource has these six")]
pub struct Run {
    pub meta: Meta,
    pub workspace_id: String,
    pub workspace_path: String,
    pub status: RunStatus,
    pub created_by: String,
    /// As asked for, until a plan has begun: then what executes it.
    pub terraform_version: String,
    pub configuration_version_id: String,
    pub is_destroy: bool,
    pub refresh: bool,
    pub refresh_only: bool,
    pub auto_apply: bool,
    pub speculative: bool,
    pub target_addresses: Vec<String>,
    pub force_cancel_available_at: Option<Timestamp>,
    pub force_canceled: bool,
    pub force_canceled_by: Option<String>,
}

/// A run and its nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    pub run: Run,
    pub plan: Plan,
    /// Absent for a speculative run.
    pub apply: Option<Apply>,
}

/// Which runs to list. An absent field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    pub workspace_id: Option<String>,
    pub group_id: Option<String>,
    /// Of all workspaces at or below this path.
    pub below: Option<String>,
    /// At or below one of these paths.
    pub visible: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunSort {
    CreatedAt { descending: bool },
    UpdatedAt { descending: bool },
}

macro_rules! columns {
    () => {
        concat!("r.*, n.path AS workspace_path, ", plan_columns!(), ", ", apply_columns!())
    };
}
macro_rules! from {
    () => {
        "terraform_run r
            JOIN terraform_namespace n ON n.id = r.workspace_id
            JOIN terraform_workspace w ON w.id = r.workspace_id
            JOIN terraform_plan p ON p.run_id = r.id
            LEFT JOIN terraform_apply a ON a.run_id = r.id"
    };
}
macro_rules! select {
    ($condition:literal) => {
        concat!("SELECT ", columns!(), " FROM ", from!(), " WHERE ", $condition)
    };
}

const GET: &str = select!("r.id = $1");

/// In the order in which they may proceed.
const WAITING: &str = select!(
    "r.workspace_id = $1 AND r.status IN ('queuing', 'queuing_apply') ORDER BY r.id LIMIT 100"
);

const PLANNED_BEFORE: &str =
    select!("r.workspace_id = $1 AND r.id < $2 AND r.status = 'planned' ORDER BY r.id");

const WORKSPACES_WAITING: &str = "
    SELECT DISTINCT workspace_id FROM terraform_run
    WHERE status IN ('queuing', 'queuing_apply')";

/// `$2` is the start of the period.
const RECENT: &str =
    "SELECT COUNT(*) FROM terraform_run WHERE workspace_id = $1 AND created_at > $2";

const INSERT: &str = "
    INSERT INTO terraform_run
        (id, version, created_at, updated_at, workspace_id, status, created_by, terraform_version,
         configuration_version_id, is_destroy, refresh, refresh_only, auto_apply, speculative,
         target_addresses, force_canceled)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

const INSERT_PLAN: &str = "
    INSERT INTO terraform_plan
        (id, version, created_at, updated_at, run_id, status, has_changes, resource_additions,
         resource_changes, resource_destructions)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0)";

const INSERT_APPLY: &str = "
    INSERT INTO terraform_apply
        (id, version, created_at, updated_at, run_id, status, triggered_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

impl RunRecord {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self { run: Run::read(row)?, plan: Plan::read(row)?, apply: Apply::read(row)? })
    }
}

impl Run {
    fn read(row: &dyn Columns) -> Result<Self> {
        let targets = row.text("target_addresses")?;
        Ok(Self {
            meta: Meta::read(row)?,
            workspace_id: row.text("workspace_id")?,
            workspace_path: row.text("workspace_path")?,
            status: RunStatus::stored("terraform_run.status", &row.text("status")?)?,
            created_by: row.text("created_by")?,
            terraform_version: row.text("terraform_version")?,
            configuration_version_id: row.text("configuration_version_id")?,
            is_destroy: row.flag("is_destroy")?,
            refresh: row.flag("refresh")?,
            refresh_only: row.flag("refresh_only")?,
            auto_apply: row.flag("auto_apply")?,
            speculative: row.flag("speculative")?,
            target_addresses: serde_json::from_str(&targets).map_err(|_| StoreError::Corrupt {
                column: "terraform_run.target_addresses",
                value: targets,
            })?,
            force_cancel_available_at: row.maybe_time("force_cancel_available_at")?,
            force_canceled: row.flag("force_canceled")?,
            force_canceled_by: row.maybe_text("force_canceled_by")?,
        })
    }

    fn targets_text(&self) -> String {
        serde_json::json!(self.target_addresses).to_string()
    }
}

impl Store {
    /// Stores a new run with its nodes and the variables it will use. Fails when the workspace
    /// got `limit` runs since `period_start`.
    pub async fn run_create(
        &self,
        record: &RunRecord,
        variables: &[RunVariable],
        limit: i64,
        period_start: Timestamp,
    ) -> Result<(), ChangeError> {
        let RunRecord { run, plan, apply } = record;
        let mut tx = self.begin().await?;
        let what = "runs per workspace and hour";
        tx.limit_since(RECENT, &run.workspace_id, period_start, limit, what).await?;
        execute!(
            tx.connection(),
            sqlx::query(INSERT)
                .bind(&run.meta.id)
                .bind(run.meta.version)
                .bind(run.meta.created_at.0)
                .bind(run.meta.updated_at.0)
                .bind(&run.workspace_id)
                .bind(run.status.as_str())
                .bind(storable(&run.created_by))
                .bind(storable(&run.terraform_version))
                .bind(&run.configuration_version_id)
                .bind(run.is_destroy)
                .bind(run.refresh)
                .bind(run.refresh_only)
                .bind(run.auto_apply)
                .bind(run.speculative)
                .bind(run.targets_text())
                .bind(run.force_canceled)
        )?;
        execute!(
            tx.connection(),
            sqlx::query(INSERT_PLAN)
                .bind(&plan.meta.id)
                .bind(plan.meta.version)
                .bind(plan.meta.created_at.0)
                .bind(plan.meta.updated_at.0)
                .bind(&run.meta.id)
                .bind(plan.status.as_str())
                .bind(plan.has_changes)
        )?;
        if let Some(apply) = apply {
            execute!(
                tx.connection(),
                sqlx::query(INSERT_APPLY)
                    .bind(&apply.meta.id)
                    .bind(apply.meta.version)
                    .bind(apply.meta.created_at.0)
                    .bind(apply.meta.updated_at.0)
                    .bind(&run.meta.id)
                    .bind(apply.status.as_str())
                    .bind(storable(&apply.triggered_by))
            )?;
        }
        for variable in variables {
            run_variable_insert(&mut tx, &run.meta.id, variable).await?;
        }
        Ok(tx.commit().await?)
    }

    pub async fn run_get(&self, id: &str) -> Result<Option<RunRecord>> {
        read_one!(self.read(), sqlx::query(GET).bind(id), RunRecord::read)
    }

    pub async fn run_list(
        &self,
        filter: &RunFilter,
        sort: RunSort,
        page: &PageRequest,
    ) -> Result<Page<RunRecord>, ChangeError> {
        let order = match sort {
            RunSort::CreatedAt { descending } => Order::number("r.created_at", descending),
            RunSort::UpdatedAt { descending } => Order::number("r.updated_at", descending),
        };
        let mut listing = Listing::new(columns!(), from!(), "r.id", order);
        listing.below(filter.visible.as_deref());
        listing.equals("r.workspace_id = ", filter.workspace_id.as_deref());
        listing.equals("w.group_id = ", filter.group_id.as_deref());
        if let Some(below) = &filter.below {
            listing.equals("n.path > ", Some(&format!("{below}/")));
            listing.equals("n.path < ", Some(&format!("{below}0")));
        }
        listing.page(self, page, RunRecord::read).await
    }

    /// The first runs of a workspace that wait for it, oldest first.
    pub async fn run_list_waiting(&self, workspace_id: &str) -> Result<Vec<RunRecord>> {
        read_all!(self.read(), sqlx::query(WAITING).bind(workspace_id), RunRecord::read)
    }

    /// The planned runs of a workspace that are older than `run_id`.
    pub async fn run_list_planned_before(
        &self,
        workspace_id: &str,
        run_id: &str,
    ) -> Result<Vec<RunRecord>> {
        read_all!(
            self.read(),
            sqlx::query(PLANNED_BEFORE).bind(workspace_id).bind(run_id),
            RunRecord::read
        )
    }

    /// The workspaces that runs wait for.
    pub async fn workspace_ids_waited_for(&self) -> Result<Vec<String>> {
        let id = |row: &dyn Columns| row.text("workspace_id");
        read_all!(self.read(), sqlx::query(WORKSPACES_WAITING), id)
    }
}
