//! The two nodes of a run. They are read with it and change with it.

use super::{
    ApplyStatus, Meta, PlanStatus,
    row::{Columns, read_one},
};
use crate::{Result, Store};

/// The plan node of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub meta: Meta,
    pub run_id: String,
    pub status: PlanStatus,
    pub has_changes: bool,
    pub error_message: Option<String>,
    pub latest_job_id: Option<String>,
    pub counts: PlanCounts,
}

/// How many things a plan would change, and in which way. All 0 until it is finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanCounts {
    pub resource_additions: i64,
    pub resource_changes: i64,
    pub resource_destructions: i64,
    pub resource_imports: i64,
    pub resource_drift: i64,
    pub output_additions: i64,
    pub output_changes: i64,
    pub output_destructions: i64,
}

/// The apply node of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apply {
    pub meta: Meta,
    pub run_id: String,
    pub status: ApplyStatus,
    /// The name of who asked for it; empty until somebody did.
    pub triggered_by: String,
    pub error_message: Option<String>,
    pub latest_job_id: Option<String>,
}

const RUN_OF_PLAN: &str = "SELECT run_id FROM terraform_plan WHERE id = $1";

const RUN_OF_APPLY: &str = "SELECT run_id FROM terraform_apply WHERE id = $1";

/// The columns of a plan, joined to its run as `p`.
macro_rules! plan_columns {
    () => {
        "p.id AS plan_id, p.version AS plan_version, p.created_at AS plan_created_at,
        p.updated_at AS plan_updated_at, p.status AS plan_status,
        p.has_changes AS plan_has_changes, p.error_message AS plan_error_message,
        p.latest_job_id AS plan_latest_job_id, p.resource_additions AS plan_resource_additions,
        p.resource_changes AS plan_resource_changes,
        p.resource_destructions AS plan_resource_destructions,
        p.resource_imports AS plan_resource_imports, p.resource_drift AS plan_resource_drift,
        p.output_additions AS plan_output_additions, p.output_changes AS plan_output_changes,
        p.output_destructions AS plan_output_destructions"
    };
}
pub(super) use plan_columns;

/// The columns of an apply, joined to its run as `a`; all absent for a speculative run.
macro_rules! apply_columns {
    () => {
        "a.id AS apply_id, a.version AS apply_version, a.created_at AS apply_created_at,
        a.updated_at AS apply_updated_at, a.status AS apply_status,
        a.triggered_by AS apply_triggered_by, a.error_message AS apply_error_message,
        a.latest_job_id AS apply_latest_job_id"
    };
}
pub(super) use apply_columns;

impl Plan {
    pub(super) fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            meta: Meta {
                id: row.text("plan_id")?,
                version: row.number("plan_version")?,
                created_at: row.time("plan_created_at")?,
                updated_at: row.time("plan_updated_at")?,
            },
            run_id: row.text("id")?,
            status: PlanStatus::stored("terraform_plan.status", &row.text("plan_status")?)?,
            has_changes: row.flag("plan_has_changes")?,
            error_message: row.maybe_text("plan_error_message")?,
            latest_job_id: row.maybe_text("plan_latest_job_id")?,
            counts: PlanCounts::read(row)?,
        })
    }
}

impl PlanCounts {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            resource_additions: row.number("plan_resource_additions")?,
            resource_changes: row.number("plan_resource_changes")?,
            resource_destructions: row.number("plan_resource_destructions")?,
            resource_imports: row.number("plan_resource_imports")?,
            resource_drift: row.number("plan_resource_drift")?,
            output_additions: row.number("plan_output_additions")?,
            output_changes: row.number("plan_output_changes")?,
            output_destructions: row.number("plan_output_destructions")?,
        })
    }

    /// In the order of the columns that statements name.
    pub(super) fn columns(&self) -> [i64; 8] {
        [
            self.resource_additions,
            self.resource_changes,
            self.resource_destructions,
            self.resource_imports,
            self.resource_drift,
            self.output_additions,
            self.output_changes,
            self.output_destructions,
        ]
    }
}

impl Apply {
    pub(super) fn read(row: &dyn Columns) -> Result<Option<Self>> {
        let Some(id) = row.maybe_text("apply_id")? else { return Ok(None) };
        Ok(Some(Self {
            meta: Meta {
                id,
                version: row.number("apply_version")?,
                created_at: row.time("apply_created_at")?,
                updated_at: row.time("apply_updated_at")?,
            },
            run_id: row.text("id")?,
            status: ApplyStatus::stored("terraform_apply.status", &row.text("apply_status")?)?,
            triggered_by: row.text("apply_triggered_by")?,
            error_message: row.maybe_text("apply_error_message")?,
            latest_job_id: row.maybe_text("apply_latest_job_id")?,
        }))
    }
}

impl Store {
    pub async fn plan_run_id(&self, plan_id: &str) -> Result<Option<String>> {
        let run_id = |row: &dyn Columns| row.text("run_id");
        read_one!(self.read(), sqlx::query(RUN_OF_PLAN).bind(plan_id), run_id)
    }

    pub async fn apply_run_id(&self, apply_id: &str) -> Result<Option<String>> {
        let run_id = |row: &dyn Columns| row.text("run_id");
        read_one!(self.read(), sqlx::query(RUN_OF_APPLY).bind(apply_id), run_id)
    }
}
