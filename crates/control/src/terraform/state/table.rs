//! Which status may follow which.

use pilothouse_store::terraform::{ApplyStatus, JobStatus, PlanStatus, RunStatus};

/// Statuses that are missing on the left have no successor.
type Table<S> = &'static [(S, &'static [S])];

const RUN: Table<RunStatus> = {
    use RunStatus::{
        Applied, ApplyQueued, Applying, Canceled, Discarded, Errored, Pending, PlanQueued, Planned,
        PlannedAndFinished, Planning, Queuing, QueuingApply,
    };
    &[
        (Pending, &[Queuing, Canceled]),
        (Queuing, &[PlanQueued, Canceled]),
        (PlanQueued, &[Planning, Errored, Canceled]),
        (Planning, &[Planned, PlannedAndFinished, Errored, Canceled]),
        (Planned, &[QueuingApply, Canceled, Discarded]),
        (QueuingApply, &[ApplyQueued, Canceled]),
        (ApplyQueued, &[Applying, Errored, Canceled]),
        (Applying, &[Applied, Errored, Canceled]),
        (Errored, &[Queuing, QueuingApply]),
        (Canceled, &[Queuing, QueuingApply]),
        (Discarded, &[Planned]),
    ]
};

const PLAN: Table<PlanStatus> = {
    use PlanStatus::{Canceled, Created, Errored, Finished, Pending, Queued, Running};
    &[
        (Created, &[Pending, Canceled]),
        (Pending, &[Queued, Canceled]),
        (Queued, &[Running, Errored, Canceled]),
        (Running, &[Finished, Errored, Canceled]),
        (Errored, &[Pending]),
        (Canceled, &[Pending]),
    ]
};

const APPLY: Table<ApplyStatus> = {
    use ApplyStatus::{Canceled, Created, Errored, Finished, Pending, Queued, Running, Skipped};
    &[
        (Created, &[Pending, Canceled, Skipped]),
        (Pending, &[Queued, Canceled]),
        (Queued, &[Running, Errored, Canceled]),
        (Running, &[Finished, Errored, Canceled]),
        (Errored, &[Pending]),
        (Canceled, &[Pending]),
        (Skipped, &[Created]),
    ]
};

const JOB: Table<JobStatus> = {
    use JobStatus::{Canceled, Canceling, Failed, Finished, Pending, Queued, Running};
    &[
        (Queued, &[Pending, Canceled]),
        (Pending, &[Running, Canceled]),
        (Running, &[Finished, Failed, Canceled, Canceling]),
        (Canceling, &[Canceled, Finished, Failed]),
    ]
};

fn allows<S: Copy + PartialEq>(table: Table<S>, from: S, to: S) -> bool {
    table.iter().any(|(status, next)| *status == from && next.contains(&to))
}

pub(super) fn run_may_become(from: RunStatus, to: RunStatus) -> bool {
    allows(RUN, from, to)
}

pub(super) fn plan_may_become(from: PlanStatus, to: PlanStatus) -> bool {
    allows(PLAN, from, to)
}

pub(super) fn apply_may_become(from: ApplyStatus, to: ApplyStatus) -> bool {
    allows(APPLY, from, to)
}

pub(crate) fn job_may_become(from: JobStatus, to: JobStatus) -> bool {
    allows(JOB, from, to)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Machine {
        statuses: BTreeSet<String>,
        #[serde(rename = "final")]
        last: BTreeSet<String>,
        transitions: BTreeMap<String, BTreeSet<String>>,
    }

    /// Our machine is the contract's: the same pairs, and the same final statuses. `legacy` are
    /// words that the contract lists but nothing leads to.
    fn check<S: Copy + PartialEq>(
        name: &str,
        all: &[S],
        word: fn(S) -> &'static str,
        may_become: fn(S, S) -> bool,
        legacy: &[&str],
    ) {
        let machines: BTreeMap<String, Machine> =
            serde_json::from_str(include_str!("../../../tests/data/state_machines.json")).unwrap();
        let machine = &machines[name];
        let ours: BTreeMap<String, BTreeSet<String>> = all
            .iter()
            .map(|from| {
                let next = all.iter().filter(|to| may_become(*from, **to));
                (word(*from).to_owned(), next.map(|to| word(*to).to_owned()).collect())
            })
            .filter(|(_, next): &(_, BTreeSet<_>)| !next.is_empty())
            .collect();
        assert_eq!(ours, machine.transitions, "{name}");

        let words: BTreeSet<String> = all
            .iter()
            .map(|status| word(*status))
            .chain(legacy.iter().copied())
            .map(str::to_owned)
            .collect();
        assert_eq!(words, machine.statuses, "{name}");
        assert!(machine.last.is_subset(&words), "{name}");
    }

    #[test]
    fn the_tables_are_the_contract() {
        check("run", RunStatus::ALL, RunStatus::as_str, run_may_become, &["running"]);
        let legacy = ["planned", "planned_and_finished", "planning"];
        check("plan", PlanStatus::ALL, PlanStatus::as_str, plan_may_become, &legacy);
        check("apply", ApplyStatus::ALL, ApplyStatus::as_str, apply_may_become, &["applying"]);
        check("job", JobStatus::ALL, JobStatus::as_str, job_may_become, &[]);
    }

    #[test]
    fn final_statuses_are_the_contract() {
        let machines: BTreeMap<String, Machine> =
            serde_json::from_str(include_str!("../../../tests/data/state_machines.json")).unwrap();
        for status in RunStatus::ALL {
            assert_eq!(status.is_final(), machines["run"].last.contains(status.as_str()));
        }
        for status in JobStatus::ALL {
            assert_eq!(status.is_final(), machines["job"].last.contains(status.as_str()));
        }
    }
}
