//! How far a run is, and how each event moves it. The run's own status follows from its nodes.

use pilothouse_store::terraform::{ApplyStatus, PlanStatus, RunStatus};

use super::{
    Refused,
    table::{apply_may_become, plan_may_become, run_may_become},
};

/// The node that is under way, or was last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Plan,
    Apply,
}

/// A run's nodes and the facts that steer them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    pub(crate) plan: PlanStatus,
    /// Absent: a speculative run.
    pub(crate) apply: Option<ApplyStatus>,
    pub(crate) auto_apply: bool,
    /// What the finished plan found.
    pub(crate) has_changes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The workspace has room: the pending node gets a job.
    Admitted,
    /// The job of the queued node began.
    Started,
    /// The job of the running node succeeded. `has_changes` matters for a plan only.
    Finished {
        has_changes: bool,
    },
    /// The job of the queued or running node failed.
    Failed,
    /// The node ends without a result, because somebody asked.
    Canceled,
    /// Somebody wants the plan carried out.
    ApplyRequested,
    /// The plan will not be carried out.
    Discarded,
    Undiscarded,
    /// The node that failed or was canceled is to run again.
    RetryRequested,
}

impl Progress {
    /// A new run, waiting for its workspace.
    pub(crate) fn new(speculative: bool, auto_apply: bool) -> Self {
        Self {
            plan: PlanStatus::Pending,
            apply: (!speculative).then_some(ApplyStatus::Created),
            auto_apply,
            has_changes: false,
        }
    }

    /// The run's status, which its nodes alone decide.
    pub(crate) fn run(self) -> RunStatus {
        match self.plan {
            PlanStatus::Created => RunStatus::Pending,
            PlanStatus::Pending => RunStatus::Queuing,
            PlanStatus::Queued => RunStatus::PlanQueued,
            PlanStatus::Running => RunStatus::Planning,
            PlanStatus::Errored => RunStatus::Errored,
            PlanStatus::Canceled => RunStatus::Canceled,
            PlanStatus::Finished => match self.apply {
                None => RunStatus::PlannedAndFinished,
                Some(ApplyStatus::Skipped) if !self.has_changes => RunStatus::PlannedAndFinished,
                Some(ApplyStatus::Skipped) => RunStatus::Discarded,
                Some(ApplyStatus::Created) => RunStatus::Planned,
                Some(ApplyStatus::Pending) => RunStatus::QueuingApply,
                Some(ApplyStatus::Queued) => RunStatus::ApplyQueued,
                Some(ApplyStatus::Running) => RunStatus::Applying,
                Some(ApplyStatus::Finished) => RunStatus::Applied,
                Some(ApplyStatus::Errored) => RunStatus::Errored,
                Some(ApplyStatus::Canceled) => RunStatus::Canceled,
            },
        }
    }

    pub(crate) fn stage(self) -> Stage {
        if self.plan == PlanStatus::Finished && self.apply.is_some() {
            Stage::Apply
        } else {
            Stage::Plan
        }
    }

    /// The run after `event`. Never leaves the tables, whatever the rules below say.
    pub(crate) fn advance(self, event: Event) -> Result<Self, Refused> {
        let next = self.step(event)?;
        if self.may_become(next) { Ok(next) } else { Err(self.refuse(event)) }
    }

    /// Whether the tables allow every node, and the run, to go from here to `next`. With
    /// `auto_apply` a run passes through planned without staying there.
    fn may_become(self, next: Self) -> bool {
        let apply = match (self.apply, next.apply) {
            (Some(from), Some(to)) => from == to || apply_may_become(from, to),
            (from, to) => from == to,
        };
        let (from, to) = (self.run(), next.run());
        let passes_planned = next.auto_apply
            && run_may_become(from, RunStatus::Planned)
            && run_may_become(RunStatus::Planned, to);
        apply
            && (self.plan == next.plan || plan_may_become(self.plan, next.plan))
            && (run_may_become(from, to) || passes_planned)
    }

    fn step(self, event: Event) -> Result<Self, Refused> {
        match (self.stage(), self.apply) {
            (Stage::Apply, Some(apply)) => self.advance_apply(apply, event),
            _ => self.advance_plan(event),
        }
    }

    fn advance_plan(self, event: Event) -> Result<Self, Refused> {
        use PlanStatus::{Canceled, Created, Errored, Finished, Pending, Queued, Running};
        let plan = match (self.plan, event) {
            (Pending, Event::Admitted) => Queued,
            (Queued, Event::Started) => Running,
            (Running, Event::Finished { has_changes }) => {
                return Ok(self.after_plan(has_changes));
            }
            (Queued | Running, Event::Failed) => Errored,
            (Created | Pending | Queued | Running, Event::Canceled) => Canceled,
            (Errored | Canceled, Event::RetryRequested) => Pending,
            _ => return Err(self.refuse(event)),
        };
        let ended = matches!(plan, Errored | Canceled | Finished);
        let apply = match self.apply {
            Some(ApplyStatus::Created) if ended => Some(ApplyStatus::Skipped),
            Some(ApplyStatus::Skipped) if !ended => Some(ApplyStatus::Created),
            unchanged => unchanged,
        };
        Ok(Self { plan, apply, ..self })
    }

    /// Without changes there is nothing to apply; with `auto_apply` nobody is asked.
    fn after_plan(self, has_changes: bool) -> Self {
        let apply = self.apply.map(|_| match (has_changes, self.auto_apply) {
            (false, _) => ApplyStatus::Skipped,
            (true, true) => ApplyStatus::Pending,
            (true, false) => ApplyStatus::Created,
        });
        Self { plan: PlanStatus::Finished, apply, has_changes, ..self }
    }

    fn advance_apply(self, apply: ApplyStatus, event: Event) -> Result<Self, Refused> {
        use ApplyStatus::{
            Canceled, Created, Errored, Finished, Pending, Queued, Running, Skipped,
        };
        let apply = match (apply, event) {
            (Created, Event::ApplyRequested) | (Errored | Canceled, Event::RetryRequested) => {
                Pending
            }
            (Created, Event::Discarded) => Skipped,
            (Skipped, Event::Undiscarded) if self.has_changes => Created,
            (Pending, Event::Admitted) => Queued,
            (Queued, Event::Started) => Running,
            (Running, Event::Finished { .. }) => Finished,
            (Queued | Running, Event::Failed) => Errored,
            (Created | Pending | Queued | Running, Event::Canceled) => Canceled,
            _ => return Err(self.refuse(event)),
        };
        Ok(Self { apply: Some(apply), ..self })
    }

    fn refuse(self, event: Event) -> Refused {
        let rule = match event {
            Event::ApplyRequested if self.apply.is_none() => {
                "a speculative run is never applied; create a run that is not speculative"
            }
            Event::ApplyRequested => "only a planned run can be applied",
            Event::Discarded => "only a planned run can be discarded",
            Event::Undiscarded => "only a discarded run can be taken back",
            Event::RetryRequested => "only an errored or canceled run can be retried",
            Event::Canceled => "there is nothing left to cancel",
            Event::Admitted => "no node waits for the workspace",
            Event::Started => "no job waits to start",
            Event::Finished { .. } | Event::Failed => "no job is under way",
        };
        Refused { status: self.run().as_str(), rule: rule.to_owned() }
    }
}

#[cfg(test)]
mod tests;
