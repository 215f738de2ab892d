//! A run as it was read, and the change that is being made of it.

use pilothouse_model::{Error, Timestamp};
use pilothouse_store::terraform::{
    Apply, HoldChange, Job, JobChange, JobKind, JobStatus, Lease, Meta, NewState, Plan, Report,
    Run, RunChange, RunMove, RunRecord, RunStatus,
};

use crate::terraform::state::{Event, Hold, Progress, Refused, Stage, hold_after, job_may_become};

/// Edits go through methods, so that node, job and run never disagree.
#[derive(Debug)]
pub(crate) struct Draft {
    before: RunRecord,
    after: RunRecord,
    job_before: Option<Job>,
    /// The latest job of the node that is under way, or was last.
    job: Option<Job>,
    job_created: bool,
    stale: Vec<RunMove>,
    change: RunChange,
}

/// What a stored change leads to.
#[derive(Debug)]
pub(super) struct Effects {
    /// The runs that changed.
    pub(super) touched: Vec<String>,
    pub(super) workspace_id: String,
    pub(super) job_created: bool,
    /// A run began to wait for the workspace, or one let it go.
    pub(super) may_admit: bool,
}

pub(super) fn progress_of(record: &RunRecord) -> Progress {
    Progress {
        plan: record.plan.status,
        apply: record.apply.as_ref().map(|apply| apply.status),
        auto_apply: record.run.auto_apply,
        has_changes: record.plan.has_changes,
    }
}

/// The latest job of the node that is under way, or was last.
pub(super) fn latest_job_id(record: &RunRecord) -> Option<&str> {
    match (progress_of(record).stage(), &record.apply) {
        (Stage::Apply, Some(apply)) => apply.latest_job_id.as_deref(),
        _ => record.plan.latest_job_id.as_deref(),
    }
}

fn write_progress(record: &mut RunRecord, progress: Progress) {
    record.plan.status = progress.plan;
    record.plan.has_changes = progress.has_changes;
    if let (Some(apply), Some(status)) = (&mut record.apply, progress.apply) {
        apply.status = status;
    }
    record.run.status = progress.run();
}

impl Draft {
    pub(super) fn new(record: RunRecord, job: Option<Job>, now: Timestamp) -> Self {
        Self {
            after: record.clone(),
            before: record,
            job_before: job.clone(),
            job,
            job_created: false,
            stale: Vec::new(),
            change: RunChange { now, ..RunChange::default() },
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.change.now
    }

    pub(crate) fn run(&self) -> &Run {
        &self.after.run
    }

    /// For fields that no other depends on; a status changes by [`Draft::advance`].
    pub(crate) fn run_mut(&mut self) -> &mut Run {
        &mut self.after.run
    }

    pub(crate) fn plan_mut(&mut self) -> &mut Plan {
        &mut self.after.plan
    }

    pub(crate) fn apply_mut(&mut self) -> Option<&mut Apply> {
        self.after.apply.as_mut()
    }

    pub(crate) fn job(&self) -> Option<&Job> {
        self.job.as_ref()
    }

    pub(crate) fn progress(&self) -> Progress {
        progress_of(&self.after)
    }

    /// Lets `event` happen to the run.
    pub(crate) fn advance(&mut self, event: Event) -> Result<(), Refused> {
        let progress = self.progress().advance(event)?;
        write_progress(&mut self.after, progress);
        Ok(())
    }

    /// Why the node that is under way failed, for people.
    pub(crate) fn set_error(&mut self, message: Option<String>) {
        match (self.progress().stage(), &mut self.after.apply) {
            (Stage::Apply, Some(apply)) => apply.error_message = message,
            _ => self.after.plan.error_message = message,
        }
    }

    /// Moves the job of the node that is under way.
    pub(crate) fn move_job(&mut self, status: JobStatus) -> Result<(), Error> {
        let now = self.now();
        let job = self.job.as_mut().ok_or_else(|| Error::conflict("the run has no job"))?;
        if !job_may_become(job.status, status) {
            let (from, to) = (job.status.as_str(), status.as_str());
            return Err(Error::conflict(format!("the job is {from} and cannot become {to}")));
        }
        job.status = status;
        match status {
            JobStatus::Running => job.running_at = Some(now),
            JobStatus::Finished | JobStatus::Failed | JobStatus::Canceled => {
                job.finished_at = Some(now);
            }
            JobStatus::Canceling => job.cancel_requested_at = Some(now),
            JobStatus::Queued | JobStatus::Pending => {}
        }
        Ok(())
    }

    pub(crate) fn force_job(&mut self) {
        if let Some(job) = &mut self.job {
            job.force_canceled = true;
        }
    }

    /// Queues a job for the node that is under way, and takes the workspace when it needs it.
    pub(super) fn queue_job(&mut self, max_minutes: i64) {
        let (kind, node_id) = match (self.progress().stage(), &self.after.apply) {
            (Stage::Apply, Some(apply)) => (JobKind::Apply, apply.meta.id.clone()),
            _ => (JobKind::Plan, self.after.plan.meta.id.clone()),
        };
        let run = &self.after.run;
        let job = Job {
            meta: Meta::new(self.now()),
            workspace_id: run.workspace_id.clone(),
            workspace_path: run.workspace_path.clone(),
            run_id: run.meta.id.clone(),
            node_id,
            kind,
            status: JobStatus::Queued,
            max_minutes,
            cancel_requested_at: None,
            force_canceled: false,
            pending_at: None,
            running_at: None,
            finished_at: None,
            lease: Lease::default(),
            log_size: 0,
        };
        let latest = Some(job.meta.id.clone());
        match (kind, &mut self.after.apply) {
            (JobKind::Apply, Some(apply)) => apply.latest_job_id = latest,
            _ => self.after.plan.latest_job_id = latest,
        }
        self.job_before = None;
        self.job = Some(job);
        self.job_created = true;
        if !self.after.run.speculative {
            self.change.hold = Some(HoldChange::Take {
                workspace_id: self.after.run.workspace_id.clone(),
                run_id: self.after.run.meta.id.clone(),
            });
        }
    }

    pub(crate) fn set_report(&mut self, report: Report) {
        self.change.report = Some(report);
    }

    pub(crate) fn set_state(&mut self, state: NewState) {
        self.change.state = Some(state);
    }

    /// The workspace's state may not say what exists.
    pub(crate) fn soil(&mut self) {
        self.change.dirty_workspace_id = Some(self.after.run.workspace_id.clone());
    }

    /// Whether this change is the one that finishes the apply.
    pub(super) fn is_applied(&self) -> bool {
        self.after.run.status == RunStatus::Applied && self.before.run.status != RunStatus::Applied
    }

    /// Discards the planned runs whose plans this run's apply made stale.
    pub(super) fn discard_stale(&mut self, older: Vec<RunRecord>) -> Result<(), Refused> {
        for before in older {
            let mut after = before.clone();
            write_progress(&mut after, progress_of(&before).advance(Event::Discarded)?);
            self.stale.push(RunMove { before, after });
        }
        Ok(())
    }

    pub(super) fn into_change(self) -> (RunChange, Effects) {
        let Self { before, after, job_before, job, job_created, stale, mut change } = self;
        let released = before.run.status != after.run.status
            && hold_after(progress_of(&after)) == Hold::Release;
        if released {
            change.hold = Some(HoldChange::Release {
                workspace_id: after.run.workspace_id.clone(),
                run_id: after.run.meta.id.clone(),
            });
        }
        let job_changed = job_created || job != job_before;
        change.job = job
            .filter(|_| job_changed)
            .map(|after| JobChange { before: job_before.filter(|_| !job_created), after });
        let mut touched = vec![after.run.meta.id.clone()];
        touched.extend(stale.iter().map(|moved| moved.after.run.meta.id.clone()));
        let waits = matches!(after.run.status, RunStatus::Queuing | RunStatus::QueuingApply);
        let workspace_id = after.run.workspace_id.clone();
        change.moves = vec![RunMove { before, after }];
        change.moves.extend(stale);
        (change, Effects { touched, workspace_id, job_created, may_admit: released || waits })
    }
}
