//! Who may use a workspace's state next.

use pilothouse_store::terraform::RunStatus;

use super::Progress;

/// A run whose next node waits for its workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate<'a> {
    pub(crate) run_id: &'a str,
    pub(crate) speculative: bool,
}

/// What happens to a run's hold on its workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    Keep,
    Release,
}

/// A speculative plan reads only, so it always may. Everything else needs the workspace to itself.
pub(crate) fn admits(candidate: Candidate<'_>, locked: bool, holder: Option<&str>) -> bool {
    candidate.speculative || (!locked && holder.is_none_or(|run_id| run_id == candidate.run_id))
}

/// A run lets go when it is over, and while it is parked until somebody decides about its plan.
pub(crate) fn hold_after(progress: Progress) -> Hold {
    let status = progress.run();
    if status.is_final() || status == RunStatus::Planned { Hold::Release } else { Hold::Keep }
}

#[cfg(test)]
mod tests {
    use pilothouse_store::terraform::{ApplyStatus, PlanStatus};

    use super::*;

    #[test]
    fn admission() {
        for (speculative, locked, holder, admitted) in [
            (true, true, Some("other"), true),
            (false, false, None, true),
            (false, false, Some("mine"), true),
            (false, false, Some("other"), false),
            (false, true, None, false),
            (false, true, Some("mine"), false),
        ] {
            let candidate = Candidate { run_id: "mine", speculative };
            assert_eq!(
                admits(candidate, locked, holder),
                admitted,
                "{speculative} {locked} {holder:?}"
            );
        }
    }

    #[test]
    fn a_run_holds_its_workspace_until_it_is_over_or_parked() {
        let progress = |plan, apply| Progress {
            plan,
            apply: Some(apply),
            auto_apply: false,
            has_changes: true,
        };
        for (plan, apply, hold) in [
            (PlanStatus::Queued, ApplyStatus::Created, Hold::Keep),
            (PlanStatus::Running, ApplyStatus::Created, Hold::Keep),
            (PlanStatus::Finished, ApplyStatus::Created, Hold::Release),
            (PlanStatus::Finished, ApplyStatus::Pending, Hold::Keep),
            (PlanStatus::Finished, ApplyStatus::Running, Hold::Keep),
            (PlanStatus::Finished, ApplyStatus::Errored, Hold::Release),
            (PlanStatus::Canceled, ApplyStatus::Skipped, Hold::Release),
        ] {
            assert_eq!(hold_after(progress(plan, apply)), hold, "{plan:?} {apply:?}");
        }
    }
}
