//! Moves runs: reads one, lets pure rules change it, stores the change whole, tells who watches,
//! and lets the next run into a workspace that became free.
//!
//! Knows no protocol and no process.

mod admit;
mod draft;

pub(crate) use draft::Draft;
use draft::Effects;

use pilothouse_model::{Error, id::ResourceType};
use pilothouse_store::terraform::{ChangeError, RunRecord};

use super::{Terraform, feed::Change, reference};

/// How often a change is made again because somebody else was faster.
const ATTEMPTS: usize = 8;

impl Terraform {
    /// Reads a run, lets `edit` change it, and stores the change; from the beginning when someone
    /// else changed the run meanwhile. Then lets waiting runs proceed. Returns the run as it is
    /// afterwards.
    pub(crate) async fn run_edit(
        &self,
        run_id: &str,
        edit: impl Fn(&mut Draft) -> Result<(), Error> + Send + Sync,
    ) -> Result<RunRecord, Error> {
        let effects = self.run_store(run_id, edit).await?;
        if effects.may_admit {
            self.admit(&effects.workspace_id).await?;
        }
        self.run_by_id(run_id).await
    }

    /// [`Terraform::run_edit`] without what follows from it.
    async fn run_store(
        &self,
        run_id: &str,
        edit: impl Fn(&mut Draft) -> Result<(), Error> + Send + Sync,
    ) -> Result<Effects, Error> {
        for _ in 0..ATTEMPTS {
            let mut draft = self.draft(run_id).await?;
            edit(&mut draft)?;
            if draft.is_applied() {
                let run = draft.run();
                let older =
                    self.store.run_list_planned_before(&run.workspace_id, &run.meta.id).await?;
                draft.discard_stale(older)?;
            }
            let (change, effects) = draft.into_change();
            match self.store.run_change(&change).await {
                Err(ChangeError::Stale) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    self.announce(&effects);
                    return Ok(effects);
                }
            }
        }
        Err(ChangeError::Stale.into())
    }

    async fn draft(&self, run_id: &str) -> Result<Draft, Error> {
        let record = self.run_by_id(run_id).await?;
        let job = match draft::latest_job_id(&record) {
            Some(id) => self.store.job_get(id).await?,
            None => None,
        };
        Ok(Draft::new(record, job, self.config.clock.now()))
    }

    fn announce(&self, effects: &Effects) {
        for run_id in &effects.touched {
            self.feed.publish(Change::Run, run_id, &effects.workspace_id);
        }
        if effects.job_created {
            self.queue.notify_one();
        }
    }

    /// A run that a stored id names.
    pub(crate) async fn run_by_id(&self, id: &str) -> Result<RunRecord, Error> {
        self.store.run_get(id).await?.ok_or_else(|| {
            reference::not_found(ResourceType::Run, &reference::gid(ResourceType::Run, id))
        })
    }
}
