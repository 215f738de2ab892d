//! Lets waiting runs into their workspaces.

use pilothouse_model::{Error, Kind};
use pilothouse_store::terraform::{RunRecord, Workspace};

use crate::terraform::{
    Terraform,
    state::{Candidate, Event, admits},
};

impl Terraform {
    /// Gives every waiting run that may proceed its job. Safe to call at any time, by anyone.
    pub(crate) async fn admit(&self, workspace_id: &str) -> Result<(), Error> {
        let Some(workspace) = self.store.workspace_get(workspace_id).await? else {
            return Ok(());
        };
        let mut holder = workspace.holder_run_id.clone();
        for record in self.store.run_list_waiting(workspace_id).await? {
            let run = &record.run;
            let candidate = Candidate { run_id: &run.meta.id, speculative: run.speculative };
            if !admits(candidate, workspace.locked, holder.as_deref()) {
                continue;
            }
            if self.admit_run(&record, &workspace).await? && !run.speculative {
                holder = Some(run.meta.id.clone());
            }
        }
        Ok(())
    }

    /// Whether the run got its job. It does not when it is no longer waiting, or when the
    /// workspace was locked or taken by another meanwhile.
    async fn admit_run(&self, record: &RunRecord, workspace: &Workspace) -> Result<bool, Error> {
        let admitted = self.run_store(&record.run.meta.id, |draft| {
            draft.advance(Event::Admitted)?;
            draft.queue_job(workspace.max_job_minutes);
            Ok(())
        });
        match admitted.await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind, Kind::Conflict | Kind::NotFound) => {
                tracing::debug!(run = %record.run.meta.id, %error, "not admitted");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
