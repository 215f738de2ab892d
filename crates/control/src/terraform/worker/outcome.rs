//! What became of a job, and how it is stored: whole, and by the owner of its lease only.

use std::path::Path;

use pilothouse_model::{Error, Kind, Timestamp};
use pilothouse_store::terraform::{
    Job, JobStatus, NewState, PlanCounts, Report, RunChange, RunRecord,
};
use serde::Serialize;

use super::{STORE_PAUSE, Worker};
use crate::terraform::{
    executor::{ApplyReport, Diagnostic, End, Mask, PlanReport, Summary},
    lifecycle::Draft,
    state::Event,
    state_file::{self, Origin},
};

/// How often storing an outcome is tried again while the store does not answer: for five minutes.
const ATTEMPTS: u32 = 150;

/// What a job left behind.
#[derive(Debug)]
pub(super) struct Outcome {
    end: End,
    error_message: Option<String>,
    diagnostics: Vec<Diagnostic>,
    plan: Option<PlanResult>,
    /// The state file after an apply, when it differs from the one before.
    state: Option<Vec<u8>>,
    /// The state may not say what exists.
    dirty: bool,
}

#[derive(Debug)]
struct PlanResult {
    has_changes: bool,
    summary: Summary,
    diff: String,
    plan_file: Option<Vec<u8>>,
}

impl Outcome {
    /// The job could not be run, or not to its end.
    pub(super) fn failed(error: &Error) -> Self {
        Self {
            end: End::Failed,
            error_message: Some(error.to_string()),
            diagnostics: vec![Diagnostic {
                severity: "error".to_owned(),
                summary: error.message.clone(),
                detail: error.hint.clone().unwrap_or_default(),
                file: None,
                line: None,
                snippet: None,
                address: None,
            }],
            plan: None,
            state: None,
            dirty: false,
        }
    }

    /// An apply whose end nobody saw; `state` is what it left.
    pub(super) fn abandoned(message: &str, forced: bool, state: Option<Vec<u8>>) -> Self {
        let failed =
            Self::failed(&Error::unavailable(message).hint(
                "check what exists, then run a new plan: it shows what the apply left undone",
            ));
        let end = if forced { End::Canceled { forced } } else { End::Failed };
        Self { end, state, dirty: true, ..failed }
    }

    /// A job that somebody canceled, and that did nothing.
    pub(super) fn canceled() -> Self {
        let error = Error::conflict("the job was canceled before it was done");
        Self { end: End::Canceled { forced: false }, ..Self::failed(&error) }
    }

    pub(super) fn of_plan(report: PlanReport) -> Self {
        let PlanReport { end, error_message, diagnostics, has_changes, summary, diff, plan_file } =
            report;
        let plan = (end == End::Finished).then(|| PlanResult {
            has_changes,
            summary,
            diff: json(&diff),
            plan_file,
        });
        Self { end, error_message, diagnostics, plan, state: None, dirty: false }
    }

    pub(super) fn of_apply(report: ApplyReport, state_before: Option<&[u8]>) -> Self {
        let ApplyReport { end, error_message, diagnostics, state, cut_off } = report;
        let dirty = cut_off || end == End::Canceled { forced: true };
        let state = state.filter(|after| Some(after.as_slice()) != state_before);
        Self { end, error_message, diagnostics, plan: None, state, dirty }
    }

    /// A server that shuts down ends its applies; nobody asked for that.
    pub(super) fn interrupted_by_shutdown(mut self) -> Self {
        if matches!(self.end, End::Canceled { .. }) {
            let error = Error::unavailable("the server was shut down while the apply ran")
                .hint("Terraform was interrupted and its state was kept; run a new plan");
            self.end = End::Failed;
            self.error_message = Some(error.to_string());
        }
        self
    }

    /// The state cannot be read, so it is not stored.
    fn lose_state(&mut self, error: &Error, directory: &Path) {
        let message = format!("{error}; it stays in {}", directory.display());
        tracing::error!(%message, "a state is stored nowhere else");
        self.state = None;
        self.dirty = true;
        self.error_message = Some(match self.error_message.take() {
            Some(first) => format!("{first}; {message}"),
            None => message,
        });
    }

    pub(super) fn is_canceled(&self) -> bool {
        matches!(self.end, End::Canceled { .. })
    }

    fn event(&self) -> Event {
        match self.end {
            End::Finished => Event::Finished {
                has_changes: self.plan.as_ref().is_some_and(|plan| plan.has_changes),
            },
            End::Failed => Event::Failed,
            End::Canceled { .. } => Event::Canceled,
        }
    }

    fn job_status(&self) -> JobStatus {
        match self.end {
            End::Finished => JobStatus::Finished,
            End::Failed => JobStatus::Failed,
            End::Canceled { .. } => JobStatus::Canceled,
        }
    }

    fn report(&self, job: &Job) -> Report {
        Report {
            node_id: job.node_id.clone(),
            run_id: job.run_id.clone(),
            plan_file: self.plan.as_ref().and_then(|plan| plan.plan_file.clone()),
            summary: self.plan.as_ref().map(|plan| json(&plan.summary)),
            diff: self.plan.as_ref().map(|plan| plan.diff.clone()),
            diagnostics: json(&self.diagnostics),
        }
    }

    /// Outputs that tell what `mask` hides are sensitive, whatever the configuration says.
    fn new_state(
        &self,
        record: &RunRecord,
        mask: &Mask,
        now: Timestamp,
    ) -> Result<Option<NewState>, Error> {
        let Some(content) = &self.state else { return Ok(None) };
        let run = &record.run;
        let origin = Origin {
            workspace_id: &run.workspace_id,
            workspace_path: &run.workspace_path,
            run_id: Some(&run.meta.id),
            created_by: &run.created_by,
        };
        let mut state = state_file::read(content.clone(), &origin, now)?;
        for output in &mut state.outputs {
            output.sensitive |= mask.hits(&output.value);
        }
        Ok(Some(state))
    }

    fn write_to(
        &self,
        draft: &mut Draft,
        job: &Job,
        state: Option<&NewState>,
    ) -> Result<(), Error> {
        if let Some(PlanResult { summary, .. }) = &self.plan {
            draft.plan_mut().counts = PlanCounts {
                resource_additions: summary.resource_additions.into(),
                resource_changes: summary.resource_changes.into(),
                resource_destructions: summary.resource_destructions.into(),
                resource_imports: summary.resource_imports.into(),
                resource_drift: summary.resource_drift.into(),
                output_additions: summary.output_additions.into(),
                output_changes: summary.output_changes.into(),
                output_destructions: summary.output_destructions.into(),
            };
        }
        draft.set_error(self.error_message.clone());
        draft.advance(self.event())?;
        draft.move_job(self.job_status())?;
        draft.set_report(self.report(job));
        if let Some(state) = state {
            draft.set_state(state.clone());
        }
        if self.dirty {
            draft.soil();
        }
        Ok(())
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data serializes")
}

impl Worker {
    /// Stores the outcome and removes the job's directory. A directory with a state that cannot
    /// be stored stays.
    pub(super) async fn finish(&self, job: &Job, mut outcome: Outcome) -> Result<(), Error> {
        let mut keep = false;
        for attempt in 1.. {
            match self.store_outcome(job, &outcome).await {
                Ok(()) => break,
                Err(error) if error.kind == Kind::Invalid && outcome.state.is_some() => {
                    let directory = self.platform.files.job(&job.meta.id);
                    outcome.lose_state(&error, &directory);
                    keep = true;
                }
                Err(error) if error.kind == Kind::Unavailable && attempt < ATTEMPTS => {
                    tracing::warn!(%error, job = %job.meta.id, "the outcome of a job waits for the store");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
        if !keep {
            self.tidy(&job.meta.id).await;
        }
        self.forget_old(&job.workspace_id).await;
        Ok(())
    }

    async fn store_outcome(&self, job: &Job, outcome: &Outcome) -> Result<(), Error> {
        let record = self.platform.run_by_id(&job.run_id).await?;
        let now = self.platform.config.clock.now();
        let mask = self.mask(&job.run_id).await?;
        let state = outcome.new_state(&record, &mask, now)?;
        let stored = self.platform.run_edit(&job.run_id, |draft| {
            self.check_owner(draft, job)?;
            outcome.write_to(draft, job, state.as_ref())
        });
        match (stored.await, state) {
            (Err(error), Some(state)) if error.kind == Kind::Conflict => {
                // The run's fate was decided elsewhere; what Terraform did is true all the same.
                tracing::warn!(%error, job = %job.meta.id, "only the state of an apply is stored");
                let change = RunChange { now, state: Some(state), ..RunChange::default() };
                Ok(self.platform.store.run_change(&change).await?)
            }
            (stored, _) => stored.map(|_run| ()),
        }
    }

    /// Another server that took the job over has decided what became of it.
    pub(super) fn check_owner(&self, draft: &Draft, job: &Job) -> Result<(), Error> {
        let current = draft.job().filter(|current| current.meta.id == job.meta.id);
        if current.is_some_and(|current| *current.lease.owner == *self.owner) {
            return Ok(());
        }
        Err(Error::conflict("the job belongs to another server now"))
    }
}
