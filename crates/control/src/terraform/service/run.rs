//! Runs: reading them, and what callers ask of them.

use pilothouse_model::{Caller, Error, id::ResourceType};
use pilothouse_store::terraform::{
    Apply, JobStatus, Page, PageRequest, Report, Run, RunFilter, RunRecord, RunSort, RunVariable,
};

use crate::terraform::{
    Terraform,
    lifecycle::Draft,
    reference::{self, Node, Target},
    state::{Cancel, Event, JobFacts, Refused, Stage, decide_cancel},
};

/// Whose runs to list.
pub(crate) struct RunQuery<'a> {
    pub(crate) workspace: Option<&'a str>,
    pub(crate) group: Option<&'a str>,
    /// With `group`: also those of groups below it.
    pub(crate) nested: bool,
    /// Only at or below these paths.
    pub(crate) visible: Option<Vec<String>>,
}

impl Terraform {
    pub(crate) async fn run_get(&self, id: &str) -> Result<RunRecord, Error> {
        let target = reference::target(ResourceType::Run, id)?;
        self.run_in(&target, ResourceType::Run, id).await
    }

    async fn run_in(
        &self,
        target: &Target,
        kind: ResourceType,
        text: &str,
    ) -> Result<RunRecord, Error> {
        let found = self.store.run_get(&target.id).await?;
        found
            .filter(|record| target.is_in(&record.run.workspace_path))
            .ok_or_else(|| reference::not_found(kind, text))
    }

    /// The run of a plan.
    pub(crate) async fn run_of_plan(&self, id: &str) -> Result<RunRecord, Error> {
        let kind = ResourceType::Plan;
        let target = match reference::node(kind, id)? {
            Node::OfRun(target) => target,
            Node::Itself(target) => {
                let run_id = self.store.plan_run_id(&target.id).await?;
                Target { id: run_id.ok_or_else(|| reference::not_found(kind, id))?, ..target }
            }
        };
        self.run_in(&target, kind, id).await
    }

    /// An apply and its run.
    pub(crate) async fn apply_get(&self, id: &str) -> Result<(Run, Apply), Error> {
        let kind = ResourceType::Apply;
        let target = match reference::node(kind, id)? {
            Node::OfRun(target) => target,
            Node::Itself(target) => {
                let run_id = self.store.apply_run_id(&target.id).await?;
                Target { id: run_id.ok_or_else(|| reference::not_found(kind, id))?, ..target }
            }
        };
        let RunRecord { run, apply, .. } = self.run_in(&target, kind, id).await?;
        Ok((run, apply.ok_or_else(|| reference::not_found(kind, id))?))
    }

    /// What the job of a plan or an apply brought back; nothing before it did.
    pub(crate) async fn report(&self, node_id: &str) -> Result<Option<Report>, Error> {
        Ok(self.store.report_get_texts(node_id).await?)
    }

    pub(crate) async fn run_list(
        &self,
        query: RunQuery<'_>,
        sort: RunSort,
        page: &PageRequest,
    ) -> Result<Page<RunRecord>, Error> {
        let mut filter = RunFilter { visible: query.visible, ..RunFilter::default() };
        if let Some(id) = query.workspace {
            filter.workspace_id = Some(self.workspace_get(id).await?.meta.id);
        }
        if let Some(id) = query.group {
            let group = self.group_get(id).await?;
            if query.nested {
                filter.below = Some(group.path);
            } else {
                filter.group_id = Some(group.meta.id);
            }
        }
        Ok(self.store.run_list(&filter, sort, page).await?)
    }

    pub(crate) async fn run_variable_list(&self, id: &str) -> Result<Vec<RunVariable>, Error> {
        let record = self.run_get(id).await?;
        Ok(self.store.run_variable_list(&record.run.meta.id).await?)
    }

    pub(crate) async fn run_apply(&self, caller: &Caller, id: &str) -> Result<RunRecord, Error> {
        self.run_ask(id, |draft| {
            draft.advance(Event::ApplyRequested)?;
            if let Some(apply) = draft.apply_mut() {
                apply.triggered_by.clone_from(&caller.principal.name);
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn run_discard(&self, id: &str) -> Result<RunRecord, Error> {
        self.run_ask(id, |draft| Ok(draft.advance(Event::Discarded)?)).await
    }

    pub(crate) async fn run_undiscard(&self, id: &str) -> Result<RunRecord, Error> {
        self.run_ask(id, |draft| Ok(draft.advance(Event::Undiscarded)?)).await
    }

    /// Lets the node that failed or was canceled run again.
    pub(crate) async fn run_retry(&self, id: &str) -> Result<RunRecord, Error> {
        self.run_ask(id, |draft| {
            draft.advance(Event::RetryRequested)?;
            draft.set_error(None);
            let run = draft.run_mut();
            run.force_cancel_available_at = None;
            run.force_canceled = false;
            run.force_canceled_by = None;
            Ok(())
        })
        .await
    }

    /// Decides ahead what happens when the plan finds changes.
    pub(crate) async fn run_set_auto_apply(
        &self,
        id: &str,
        auto_apply: bool,
    ) -> Result<RunRecord, Error> {
        self.run_ask(id, |draft| {
            let (progress, status) = (draft.progress(), draft.run().status);
            let rule = if draft.run().speculative {
                "a speculative run is never applied"
            } else if progress.stage() == Stage::Apply || status.is_final() {
                "whether to apply was decided when the plan finished"
            } else {
                draft.run_mut().auto_apply = auto_apply;
                return Ok(());
            };
            Err(Refused { status: status.as_str(), rule: rule.to_owned() }.into())
        })
        .await
    }

    /// Ends a run: at once when nothing runs, else by asking its job, else by force.
    pub(crate) async fn run_cancel(
        &self,
        caller: &Caller,
        id: &str,
        force: bool,
    ) -> Result<RunRecord, Error> {
        let record = self.run_ask(id, |draft| cancel(draft, &caller.principal.name, force)).await?;
        let latest = match &record.apply {
            Some(apply) if apply.latest_job_id.is_some() => apply.latest_job_id.as_ref(),
            _ => record.plan.latest_job_id.as_ref(),
        };
        if let Some(job_id) = latest {
            self.stop_job(job_id, force);
        }
        Ok(record)
    }

    async fn run_ask(
        &self,
        id: &str,
        edit: impl Fn(&mut Draft) -> Result<(), Error> + Send + Sync,
    ) -> Result<RunRecord, Error> {
        let record = self.run_get(id).await?;
        self.run_edit(&record.run.meta.id, edit).await
    }
}

fn cancel(draft: &mut Draft, who: &str, force: bool) -> Result<(), Error> {
    let facts = draft
        .job()
        .map(|job| JobFacts { status: job.status, cancel_requested_at: job.cancel_requested_at });
    match decide_cancel(draft.progress(), facts, force, draft.now())? {
        Cancel::AtOnce => {
            draft.advance(Event::Canceled)?;
            if draft.job().is_some_and(|job| !job.status.is_final()) {
                draft.move_job(JobStatus::Canceled)?;
            }
        }
        Cancel::Ask { force_available_at } => {
            draft.move_job(JobStatus::Canceling)?;
            draft.run_mut().force_cancel_available_at = Some(force_available_at);
        }
        Cancel::AlreadyAsked => {}
        Cancel::Force => {
            draft.force_job();
            let run = draft.run_mut();
            run.force_canceled = true;
            run.force_canceled_by = Some(who.to_owned());
        }
    }
    Ok(())
}
