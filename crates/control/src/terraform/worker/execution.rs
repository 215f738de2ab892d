//! One claimed job, from its first look to its last word.

use pilothouse_model::{Error, Kind, id::ResourceType};
use pilothouse_store::terraform::{Job, JobKind, JobStatus};
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::{STORE_PAUSE, Worker, log::JobLog, outcome::Outcome};
use crate::terraform::{
    executor::{self, Stop},
    reference,
    state::Event,
};

/// How often a plan may be begun before its job is given up: something kills the server.
const MAX_ATTEMPTS: i64 = 3;

/// What the status and lease of a claimed job say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// It never began.
    Begin,
    /// A plan whose server died: nothing was changed, so it starts over.
    Again,
    /// A plan that was to be canceled when its server died.
    Canceled,
    /// A plan that was begun too often.
    GiveUp,
    /// An apply whose server died: it is never run again.
    Abandoned,
}

fn read_claim(job: &Job) -> Claim {
    match (job.status, job.kind) {
        (JobStatus::Running | JobStatus::Canceling, JobKind::Apply) => Claim::Abandoned,
        (JobStatus::Canceling, JobKind::Plan) => Claim::Canceled,
        (JobStatus::Running, JobKind::Plan) if job.lease.attempt > MAX_ATTEMPTS => Claim::GiveUp,
        (JobStatus::Running, JobKind::Plan) => Claim::Again,
        _ => Claim::Begin,
    }
}

/// How a job came out of its execution.
enum Ended {
    With(Box<Outcome>),
    /// The server shuts down; another one starts the plan over.
    GivenUp,
}

impl Worker {
    /// Executes `job` and stores what became of it. What cannot be stored is left to whoever
    /// takes the job over.
    pub(super) async fn execute(&self, job: Job) {
        let (id, attempt) = (&job.meta.id, job.lease.attempt);
        let stop = self.platform.register_stop(id, attempt);
        if let Err(error) = self.execute_claimed(&job, &stop).await {
            let source = error.source.as_deref().map(tracing::field::display);
            tracing::error!(%error, source, job = %id, "a job was left unfinished");
            tokio::time::sleep(STORE_PAUSE).await;
            if let Err(error) = self.release(&job).await {
                tracing::error!(%error, job = %id, "its lease will run out");
            }
        }
        self.platform.forget_stop(id, attempt);
    }

    /// Lets another claim, of this server or another, go on with the job.
    async fn release(&self, job: &Job) -> Result<(), Error> {
        self.platform.store.job_release(&job.meta.id, &self.owner).await?;
        self.platform.queue.notify_one();
        Ok(())
    }

    async fn execute_claimed(&self, job: &Job, stop: &Stop) -> Result<(), Error> {
        let log = JobLog::new(&self.platform, job);
        let claim = read_claim(job);
        let left = if claim == Claim::Begin {
            Ok(None)
        } else {
            log.say("\nThe server that executed this job stopped.").await;
            self.left_over(job, stop).await
        };
        match claim {
            Claim::Begin => match self.begin(job, &log).await {
                Ok(()) => self.run_job(job, &log, stop).await,
                // Somebody canceled the run in this very moment.
                Err(error) if error.kind == Kind::Conflict => self.release(job).await,
                Err(error) => Err(error),
            },
            Claim::Again => {
                log.say("The plan starts again; nothing was changed.\n").await;
                left?;
                self.tidy(&job.meta.id).await;
                self.run_job(job, &log, stop).await
            }
            Claim::Canceled => self.finish(job, Outcome::canceled()).await,
            Claim::GiveUp => {
                let error = Error::unavailable("the server stopped each time it made this plan");
                self.finish(job, Outcome::failed(&error)).await
            }
            Claim::Abandoned => self.abandon(job, left, &log).await,
        }
    }

    /// The state in the directory of a job whose server died, once nothing of that job runs any
    /// more. That may take minutes, during which the job stays ours.
    async fn left_over(&self, job: &Job, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        let directory = self.platform.files.job(&job.meta.id);
        tokio::select! {
            left = self.platform.runner.leftover_state(&directory) => left,
            never = self.guard(job, stop) => match never {},
        }
    }

    /// Marks the job as running. From here on an apply has begun, whatever happens.
    async fn begin(&self, job: &Job, log: &JobLog) -> Result<(), Error> {
        let version = self.platform.runner.version().await.ok();
        let asked = self.platform.run_by_id(&job.run_id).await?.run.terraform_version;
        let begun = self.platform.run_edit(&job.run_id, |draft| {
            self.check_owner(draft, job)?;
            draft.advance(Event::Started)?;
            if let (JobKind::Plan, Some(version)) = (job.kind, &version) {
                draft.run_mut().terraform_version.clone_from(version);
            }
            draft.move_job(JobStatus::Running)
        });
        begun.await?;
        if let Some(version) = version.filter(|version| !asked.is_empty() && asked != *version) {
            log.say(&format!("Version {asked} was asked for; {version} is installed.")).await;
        }
        Ok(())
    }

    async fn run_job(&self, job: &Job, log: &JobLog, stop: &Stop) -> Result<(), Error> {
        let record = self.platform.run_by_id(&job.run_id).await?;
        let ended = match self.input(job, &record).await {
            Ok(input) => self.run_input(job, &input, log, stop).await,
            Err(error) => {
                log.say(&format!("Error: {error}")).await;
                Ended::With(Box::new(Outcome::failed(&error)))
            }
        };
        match ended {
            Ended::With(outcome) => self.finish(job, *outcome).await,
            Ended::GivenUp => {
                log.say("\nThe server shuts down.").await;
                self.tidy(&job.meta.id).await;
                self.release(job).await
            }
        }
    }

    async fn run_input(
        &self,
        job: &Job,
        input: &executor::Job,
        log: &JobLog,
        stop: &Stop,
    ) -> Ended {
        let runner = &self.platform.runner;
        let work = async {
            let outcome = match job.kind {
                JobKind::Plan => runner.plan(input, log, stop).await.map(Outcome::of_plan),
                JobKind::Apply => runner
                    .apply(input, log, stop)
                    .await
                    .map(|report| Outcome::of_apply(report, input.state.as_deref())),
            };
            match outcome {
                Ok(outcome) => outcome,
                Err(error) => {
                    log.say(&format!("Error: {error}")).await;
                    Outcome::failed(&error)
                }
            }
        };
        let outcome = tokio::select! {
            outcome = work => outcome,
            never = self.guard(job, stop) => match never {},
        };
        let asked = self.cancel_requested(job).await;
        match (self.shutdown.is_cancelled() && outcome.is_canceled() && !asked, job.kind) {
            (true, JobKind::Plan) => Ended::GivenUp,
            (true, JobKind::Apply) => Ended::With(Box::new(outcome.interrupted_by_shutdown())),
            (false, _) => Ended::With(Box::new(outcome)),
        }
    }

    /// Keeps the lease, passes cancel requests on, and ends the job when the server shuts down
    /// or the lease was lost. Never returns.
    async fn guard(&self, job: &Job, stop: &Stop) -> std::convert::Infallible {
        let mut renewal = self.renewals();
        let mut shutting_down = false;
        loop {
            tokio::select! {
                _ = renewal.tick() => self.renew(job, stop).await,
                () = self.shutdown.cancelled(), if !shutting_down => {
                    shutting_down = true;
                    // A plan changes nothing, so it is simply made again by the next server.
                    match job.kind {
                        JobKind::Plan => stop.forced.cancel(),
                        JobKind::Apply => stop.graceful.cancel(),
                    }
                }
            }
        }
    }

    fn renewals(&self) -> Interval {
        let period = self.platform.config.lease / 3;
        let mut renewals = interval_at(tokio::time::Instant::now() + period, period);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        renewals
    }

    async fn renew(&self, job: &Job, stop: &Stop) {
        let end = self.platform.config.clock.now().after(self.platform.config.lease);
        match self.platform.store.job_renew(&job.meta.id, &self.owner, end).await {
            Ok(Some(renewal)) => {
                if renewal.cancel_requested {
                    stop.graceful.cancel();
                }
                if renewal.force_canceled {
                    stop.forced.cancel();
                }
            }
            Ok(None) => {
                tracing::warn!(job = %job.meta.id, "another server took a job over");
                stop.graceful.cancel();
            }
            Err(error) => tracing::warn!(%error, job = %job.meta.id, "a lease was not renewed"),
        }
    }

    async fn cancel_requested(&self, job: &Job) -> bool {
        let current = self.platform.store.job_get(&job.meta.id).await;
        current.is_ok_and(|job| job.is_some_and(|job| job.cancel_requested_at.is_some()))
    }

    /// Saves what an apply whose server died left, and says that nobody knows more.
    async fn abandon(
        &self,
        job: &Job,
        left: Result<Option<Vec<u8>>, Error>,
        log: &JobLog,
    ) -> Result<(), Error> {
        log.say("It was an apply, which is never run twice: it counts as failed.").await;
        let (state, message) = match left {
            Ok(left) => {
                let before = self.state_before(job).await?;
                let state = left.filter(|state| Some(state) != before.as_ref());
                let what = if state.is_some() {
                    "the state it had written was saved"
                } else {
                    "it left no new state"
                };
                (state, format!("the server stopped while this apply ran; {what}"))
            }
            Err(error) => (None, format!("the server stopped while this apply ran, and {error}")),
        };
        log.say(&message).await;
        self.finish(job, Outcome::abandoned(&message, job.force_canceled, state)).await
    }

    async fn state_before(&self, job: &Job) -> Result<Option<Vec<u8>>, Error> {
        let kind = ResourceType::Workspace;
        let workspace = self.platform.store.workspace_get(&job.workspace_id).await?;
        let workspace = workspace
            .ok_or_else(|| reference::not_found(kind, &reference::gid(kind, &job.workspace_id)))?;
        self.platform.current_state(&workspace).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apply_that_began_is_never_run_again() {
        use JobKind::{Apply, Plan};
        use JobStatus::{Canceling, Pending, Running};
        for (kind, status, attempt, claim) in [
            (Plan, Pending, 1, Claim::Begin),
            (Plan, Pending, 9, Claim::Begin),
            (Plan, Running, 2, Claim::Again),
            (Plan, Running, MAX_ATTEMPTS, Claim::Again),
            (Plan, Running, MAX_ATTEMPTS + 1, Claim::GiveUp),
            (Plan, Canceling, 2, Claim::Canceled),
            (Apply, Pending, 2, Claim::Begin),
            (Apply, Running, 2, Claim::Abandoned),
            (Apply, Canceling, 2, Claim::Abandoned),
        ] {
            assert_eq!(read_claim(&job(kind, status, attempt)), claim, "{kind:?} {status:?}");
        }
    }

    fn job(kind: JobKind, status: JobStatus, attempt: i64) -> Job {
        use pilothouse_store::terraform::{Lease, Meta};
        Job {
            meta: Meta::new(pilothouse_model::Timestamp(0)),
            workspace_id: String::new(),
            workspace_path: String::new(),
            run_id: String::new(),
            node_id: String::new(),
            kind,
            status,
            max_minutes: 1,
            cancel_requested_at: None,
            force_canceled: false,
            pending_at: None,
            running_at: None,
            finished_at: None,
            lease: Lease { attempt, ..Lease::default() },
            log_size: 0,
        }
    }
}
