//! Jobs: the queue of what is to be executed, and the leases of who executes it.

use pilothouse_model::Timestamp;

use super::{
    ChangeError, JobKind, JobStatus, Meta,
    error::exactly_one,
    row::{Columns, read_all, read_one},
};
use crate::{
    Result, Store, Tx,
    dialect::{Engine, execute},
    text::storable,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub meta: Meta,
    pub workspace_id: String,
    pub workspace_path: String,
    pub run_id: String,
    /// The plan or apply that it executes.
    pub node_id: String,
    pub kind: JobKind,
    pub status: JobStatus,
    pub max_minutes: i64,
    pub cancel_requested_at: Option<Timestamp>,
    pub force_canceled: bool,
    /// When it was claimed first.
    pub pending_at: Option<Timestamp>,
    pub running_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub lease: Lease,
    /// Bytes.
    pub log_size: i64,
}

/// Who executes a job. Changes without the job's version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// Empty: nobody.
    pub owner: String,
    pub expires_at: Timestamp,
    /// How often the job was claimed.
    pub attempt: i64,
}

/// What the owner of a lease learns when it renews it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    pub cancel_requested: bool,
    pub force_canceled: bool,
}

/// How much of the queue there is, of all servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobCounts {
    /// Nobody executes them yet.
    pub queued: i64,
    pub running: i64,
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT j.*, n.path AS workspace_path
            FROM terraform_job j JOIN terraform_namespace n ON n.id = j.workspace_id
            WHERE ",
            $condition
        )
    };
}

const GET: &str = select!("j.id = $1");

const COUNTS: &str = "
    SELECT COUNT(CASE WHEN status = 'queued' THEN 1 END) AS queued,
        COUNT(CASE WHEN status <> 'queued' THEN 1 END) AS running
    FROM terraform_job WHERE status IN ('queued', 'pending', 'running', 'canceling')";

const INSERT: &str = "
    INSERT INTO terraform_job
        (id, version, created_at, updated_at, workspace_id, run_id, node_id, kind, status,
         max_minutes, force_canceled, lease_owner, lease_expires_at, attempt, log_size)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

const UPDATE: &str = "
    UPDATE terraform_job
    SET status = $3, cancel_requested_at = $4, force_canceled = $5, running_at = $6,
        finished_at = $7, updated_at = $8, version = version + 1
    WHERE id = $1 AND version = $2";

/// The oldest job that nobody executes, or whose owner let its lease run out. `$1` is the owner,
/// `$2` the end of its lease, `$3` now. A job of `$1` itself is never taken over: it is alive.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE terraform_job
            SET status = CASE status WHEN 'queued' THEN 'pending' ELSE status END,
                pending_at = COALESCE(pending_at, $3), lease_owner = $1, lease_expires_at = $2,
                attempt = attempt + 1, updated_at = $3, version = version + 1
            WHERE id = (
                SELECT id FROM terraform_job
                WHERE status = 'queued'
                    OR (status IN ('pending', 'running', 'canceling')
                        AND lease_owner <> $1 AND lease_expires_at <= $3)
                ORDER BY id LIMIT 1",
            $lock,
            ")
            RETURNING id"
        )
    };
}
const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!(" FOR UPDATE SKIP LOCKED");

const RENEW: &str = "
    UPDATE terraform_job SET lease_expires_at = $3
    WHERE id = $1 AND lease_owner = $2 AND status IN ('pending', 'running', 'canceling')
    RETURNING cancel_requested_at, force_canceled";

const RELEASE: &str = "
    UPDATE terraform_job SET lease_owner = '', lease_expires_at = 0
    WHERE id = $1 AND lease_owner = $2";

const NEXT_EXPIRY: &str = "
    SELECT MIN(lease_expires_at) AS next FROM terraform_job
    WHERE status IN ('pending', 'running', 'canceling') AND lease_owner <> $1";

impl Job {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            meta: Meta::read(row)?,
            workspace_id: row.text("workspace_id")?,
            workspace_path: row.text("workspace_path")?,
            run_id: row.text("run_id")?,
            node_id: row.text("node_id")?,
            kind: JobKind::stored("terraform_job.kind", &row.text("kind")?)?,
            status: JobStatus::stored("terraform_job.status", &row.text("status")?)?,
            max_minutes: row.number("max_minutes")?,
            cancel_requested_at: row.maybe_time("cancel_requested_at")?,
            force_canceled: row.flag("force_canceled")?,
            pending_at: row.maybe_time("pending_at")?,
            running_at: row.maybe_time("running_at")?,
            finished_at: row.maybe_time("finished_at")?,
            lease: Lease {
                owner: row.text("lease_owner")?,
                expires_at: row.time("lease_expires_at")?,
                attempt: row.number("attempt")?,
            },
            log_size: row.number("log_size")?,
        })
    }
}

impl Renewal {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            cancel_requested: row.maybe_number("cancel_requested_at")?.is_some(),
            force_canceled: row.flag("force_canceled")?,
        })
    }
}

impl Store {
    pub async fn job_get(&self, id: &str) -> Result<Option<Job>> {
        read_one!(self.read(), sqlx::query(GET).bind(id), Job::read)
    }

    pub async fn job_counts(&self) -> Result<JobCounts> {
        let counts = |row: &dyn Columns| {
            Ok(JobCounts { queued: row.number("queued")?, running: row.number("running")? })
        };
        let counted = read_one!(self.read(), sqlx::query(COUNTS), counts)?;
        Ok(counted.unwrap_or(JobCounts { queued: 0, running: 0 }))
    }

    /// Gives `owner` the next job to execute until `expires_at`. Its status shows how far it
    /// was: `pending` never began, `running` and `canceling` are taken over from an owner that
    /// stopped renewing.
    pub async fn job_claim(
        &self,
        owner: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Job>> {
        let statement = match self.write() {
            Engine::Sqlite(_) => CLAIM_SQLITE,
            Engine::Postgres(_) => CLAIM_POSTGRES,
        };
        let id = |row: &dyn Columns| row.text("id");
        let claimed = read_all!(
            self.write(),
            sqlx::query(statement).bind(owner).bind(expires_at.0).bind(now.0),
            id
        )?;
        match claimed.first() {
            Some(id) => self.job_get(id).await,
            None => Ok(None),
        }
    }

    /// Extends a lease. Nothing: it is no longer `owner`'s, or the job is over.
    pub async fn job_renew(
        &self,
        id: &str,
        owner: &str,
        expires_at: Timestamp,
    ) -> Result<Option<Renewal>> {
        let renewed = read_all!(
            self.write(),
            sqlx::query(RENEW).bind(id).bind(owner).bind(expires_at.0),
            Renewal::read
        )?;
        Ok(renewed.first().copied())
    }

    /// Gives a lease up, so that another owner can claim the job at once.
    pub async fn job_release(&self, id: &str, owner: &str) -> Result<()> {
        execute!(self.write(), sqlx::query(RELEASE).bind(id).bind(owner))?;
        self.job_signal_send().await
    }

    /// When the next lease of another than `owner` ends. Nothing: there is none.
    pub async fn job_next_expiry(&self, owner: &str) -> Result<Option<Timestamp>> {
        let next = |row: &dyn Columns| row.maybe_time("next");
        let next = read_one!(self.read(), sqlx::query(NEXT_EXPIRY).bind(owner), next)?;
        Ok(next.flatten())
    }
}

pub(super) async fn job_insert(tx: &mut Tx, job: &Job) -> Result<()> {
    execute!(
        tx.connection(),
        sqlx::query(INSERT)
            .bind(&job.meta.id)
            .bind(job.meta.version)
            .bind(job.meta.created_at.0)
            .bind(job.meta.updated_at.0)
            .bind(&job.workspace_id)
            .bind(&job.run_id)
            .bind(&job.node_id)
            .bind(job.kind.as_str())
            .bind(job.status.as_str())
            .bind(job.max_minutes)
            .bind(job.force_canceled)
            .bind(storable(&job.lease.owner))
            .bind(job.lease.expires_at.0)
            .bind(job.lease.attempt)
            .bind(job.log_size)
    )?;
    Ok(())
}

pub(super) async fn job_update(tx: &mut Tx, job: &Job, now: Timestamp) -> Result<(), ChangeError> {
    exactly_one(execute!(
        tx.connection(),
        sqlx::query(UPDATE)
            .bind(&job.meta.id)
            .bind(job.meta.version)
            .bind(job.status.as_str())
            .bind(job.cancel_requested_at.map(|at| at.0))
            .bind(job.force_canceled)
            .bind(job.running_at.map(|at| at.0))
            .bind(job.finished_at.map(|at| at.0))
            .bind(now.0)
    )?)
}
