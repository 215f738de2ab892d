//! One change of a run: its nodes, its job, its workspace and what the job brought back, all
//! together or not at all.

use pilothouse_model::Timestamp;

use super::{
    Apply, ChangeError, Job, NewState, Plan, Report, Run, RunRecord,
    error::exactly_one,
    job::{job_insert, job_update},
    job_signal::job_signal_in_txn,
    report::report_put,
    state_version::state_insert,
};
use crate::{
    Store, Tx,
    dialect::{execute, run},
    text::storable,
};

/// A run as it was read and as it shall be. Parts that are equal are left alone.
#[derive(Clone, Debug)]
pub struct RunMove {
    pub before: RunRecord,
    pub after: RunRecord,
}

/// The same for a job.
#[derive(Clone, Debug)]
pub struct JobChange {
    /// Absent: the job is new.
    pub before: Option<Job>,
    pub after: Job,
}

/// What happens to the workspace that a run may have to itself.
#[derive(Clone, Debug)]
pub enum HoldChange {
    /// Fails with [`ChangeError::Held`] when it is locked or another's.
    Take { workspace_id: String, run_id: String },
    /// Does nothing when it is another's.
    Release { workspace_id: String, run_id: String },
}

/// Fails with [`ChangeError::Stale`] when a row is no longer as it was read.
#[derive(Clone, Debug, Default)]
pub struct RunChange {
    pub now: Timestamp,
    pub moves: Vec<RunMove>,
    pub job: Option<JobChange>,
    pub hold: Option<HoldChange>,
    pub report: Option<Report>,
    /// Becomes the workspace's current state, which is then no longer dirty.
    pub state: Option<NewState>,
    /// The workspace whose state may not say what exists.
    pub dirty_workspace_id: Option<String>,
}

const UPDATE_RUN: &str = "
    UPDATE terraform_run
    SET status = $3, terraform_version = $4, auto_apply = $5, force_cancel_available_at = $6,
        force_canceled = $7, force_canceled_by = $8, updated_at = $9, version = version + 1
    WHERE id = $1 AND version = $2";

const UPDATE_PLAN: &str = "
    UPDATE terraform_plan
    SET status = $3, has_changes = $4, error_message = $5, latest_job_id = $6,
        updated_at = $7, resource_additions = $8, resource_changes = $9,
        resource_destructions = $10, resource_imports = $11, resource_drift = $12,
        output_additions = $13, output_changes = $14, output_destructions = $15,
        version = version + 1
    WHERE id = $1 AND version = $2";

const UPDATE_APPLY: &str = "
    UPDATE terraform_apply
    SET status = $3, triggered_by = $4, error_message = $5, latest_job_id = $6, updated_at = $7,
        version = version + 1
    WHERE id = $1 AND version = $2";

const TAKE: &str = "
    UPDATE terraform_workspace SET holder_run_id = $2
    WHERE id = $1 AND NOT locked AND (holder_run_id IS NULL OR holder_run_id = $2)";

const RELEASE: &str =
    "UPDATE terraform_workspace SET holder_run_id = NULL WHERE id = $1 AND holder_run_id = $2";

const SOIL: &str = "UPDATE terraform_workspace SET dirty_state = TRUE WHERE id = $1";

impl Store {
    pub async fn run_change(&self, change: &RunChange) -> Result<(), ChangeError> {
        let now = change.now;
        let mut tx = self.begin().await?;
        for RunMove { before, after } in &change.moves {
            if before.run != after.run {
                run_update(&mut tx, &after.run, now).await?;
            }
            if before.plan != after.plan {
                plan_update(&mut tx, &after.plan, now).await?;
            }
            if let Some(apply) = after.apply.as_ref().filter(|_| before.apply != after.apply) {
                apply_update(&mut tx, apply, now).await?;
            }
        }
        if let Some(JobChange { before, after }) = &change.job {
            match before {
                None => {
                    job_insert(&mut tx, after).await?;
                    job_signal_in_txn(&mut tx).await?;
                }
                Some(before) if before == after => {}
                Some(_) => job_update(&mut tx, after, now).await?,
            }
        }
        if let Some(hold) = &change.hold {
            hold_update(&mut tx, hold).await?;
        }
        if let Some(report) = &change.report {
            report_put(&mut tx, report).await?;
        }
        if let Some(state) = &change.state {
            state_insert(&mut tx, state).await?;
        }
        if let Some(workspace_id) = &change.dirty_workspace_id {
            execute!(tx.connection(), sqlx::query(SOIL).bind(workspace_id))?;
        }
        Ok(tx.commit().await?)
    }
}

async fn run_update(tx: &mut Tx, run: &Run, now: Timestamp) -> Result<(), ChangeError> {
    exactly_one(execute!(
        tx.connection(),
        sqlx::query(UPDATE_RUN)
            .bind(&run.meta.id)
            .bind(run.meta.version)
            .bind(run.status.as_str())
            .bind(storable(&run.terraform_version))
            .bind(run.auto_apply)
            .bind(run.force_cancel_available_at.map(|at| at.0))
            .bind(run.force_canceled)
            .bind(run.force_canceled_by.as_deref().map(storable))
            .bind(now.0)
    )?)
}

async fn plan_update(tx: &mut Tx, plan: &Plan, now: Timestamp) -> Result<(), ChangeError> {
    exactly_one(run!(tx.connection(), |db| {
        let query = sqlx::query(UPDATE_PLAN)
            .bind(&plan.meta.id)
            .bind(plan.meta.version)
            .bind(plan.status.as_str())
            .bind(plan.has_changes)
            .bind(plan.error_message.as_deref().map(storable))
            .bind(plan.latest_job_id.as_deref())
            .bind(now.0);
        let query = plan.counts.columns().into_iter().fold(query, sqlx::query::Query::bind);
        query.execute(db).await.map(|done| done.rows_affected())
    })?)
}

async fn apply_update(tx: &mut Tx, apply: &Apply, now: Timestamp) -> Result<(), ChangeError> {
    exactly_one(execute!(
        tx.connection(),
        sqlx::query(UPDATE_APPLY)
            .bind(&apply.meta.id)
            .bind(apply.meta.version)
            .bind(apply.status.as_str())
            .bind(storable(&apply.triggered_by))
            .bind(apply.error_message.as_deref().map(storable))
            .bind(apply.latest_job_id.as_deref())
            .bind(now.0)
    )?)
}

async fn hold_update(tx: &mut Tx, hold: &HoldChange) -> Result<(), ChangeError> {
    match hold {
        HoldChange::Take { workspace_id, run_id } => {
            let taken =
                execute!(tx.connection(), sqlx::query(TAKE).bind(workspace_id).bind(run_id))?;
            if taken == 1 { Ok(()) } else { Err(ChangeError::Held) }
        }
        HoldChange::Release { workspace_id, run_id } => {
            execute!(tx.connection(), sqlx::query(RELEASE).bind(workspace_id).bind(run_id))?;
            Ok(())
        }
    }
}
