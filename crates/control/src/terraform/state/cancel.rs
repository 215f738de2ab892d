//! How a cancel request ends a run: at once, by asking its job, or by force.

use std::time::Duration;

use pilothouse_model::Timestamp;
use pilothouse_store::terraform::JobStatus;

use super::{Progress, Refused};

/// How long a job may take to end by itself before it may be killed.
const FORCE_AFTER: Duration = Duration::from_secs(15);

/// What matters about the job of the node that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JobFacts {
    pub(crate) status: JobStatus,
    pub(crate) cancel_requested_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancel {
    /// Nothing runs: the node, and a job that has not begun, end here.
    AtOnce,
    /// The job is told to end; force is allowed from the given time.
    Ask { force_available_at: Timestamp },
    /// It was asked before and still has time.
    AlreadyAsked,
    /// The job is killed.
    Force,
}

/// Decides about a request to cancel a run whose current node has `job`.
pub(crate) fn decide_cancel(
    progress: Progress,
    job: Option<JobFacts>,
    force: bool,
    now: Timestamp,
) -> Result<Cancel, Refused> {
    let status = progress.run();
    let refused = |rule: String| Err(Refused { status: status.as_str(), rule });
    if status.is_final() {
        return refused("there is nothing left to cancel".to_owned());
    }
    let active = job.filter(|job| matches!(job.status, JobStatus::Running | JobStatus::Canceling));
    match (active, force) {
        (None, false) => Ok(Cancel::AtOnce),
        (None, true) => {
            refused("no job is running, so it can be canceled without force".to_owned())
        }
        (Some(JobFacts { cancel_requested_at: None, .. }), false) => {
            Ok(Cancel::Ask { force_available_at: now.after(FORCE_AFTER) })
        }
        (Some(JobFacts { cancel_requested_at: None, .. }), true) => {
            refused("cancel it without force first".to_owned())
        }
        (Some(_), false) => Ok(Cancel::AlreadyAsked),
        (Some(JobFacts { cancel_requested_at: Some(asked), .. }), true) => {
            let available = asked.after(FORCE_AFTER);
            if now < available {
                return refused(format!("it can be canceled by force from {available}"));
            }
            Ok(Cancel::Force)
        }
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_store::terraform::{ApplyStatus, PlanStatus};

    use super::*;

    const ASKED: Timestamp = Timestamp(1_000);

    fn check(
        plan: PlanStatus,
        job: Option<(JobStatus, Option<Timestamp>)>,
        force: bool,
        now: i64,
        expected: Result<Cancel, &str>,
    ) {
        let progress = Progress {
            plan,
            apply: Some(ApplyStatus::Created),
            auto_apply: false,
            has_changes: false,
        };
        let job = job.map(|(status, cancel_requested_at)| JobFacts { status, cancel_requested_at });
        match (decide_cancel(progress, job, force, Timestamp(now)), expected) {
            (Ok(got), Ok(wanted)) => assert_eq!(got, wanted),
            (Err(got), Err(wanted)) => assert!(got.to_string().contains(wanted), "{got}"),
            (got, wanted) => panic!("{got:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn what_a_request_leads_to() {
        use JobStatus::{Canceling, Pending, Queued, Running};
        let queued = PlanStatus::Queued;
        let running = PlanStatus::Running;
        check(PlanStatus::Pending, None, false, 0, Ok(Cancel::AtOnce));
        check(PlanStatus::Finished, None, false, 0, Ok(Cancel::AtOnce));
        check(queued, Some((Queued, None)), false, 0, Ok(Cancel::AtOnce));
        check(queued, Some((Pending, None)), false, 0, Ok(Cancel::AtOnce));
        check(queued, Some((Queued, None)), true, 0, Err("without force"));
        let ask = Cancel::Ask { force_available_at: Timestamp(16_000) };
        check(running, Some((Running, None)), false, 1_000, Ok(ask));
        check(running, Some((Running, None)), true, 0, Err("without force first"));
        check(running, Some((Canceling, Some(ASKED))), false, 2_000, Ok(Cancel::AlreadyAsked));
        check(running, Some((Canceling, Some(ASKED))), true, 15_999, Err("1970-01-01T00:00:16"));
        check(running, Some((Canceling, Some(ASKED))), true, 16_000, Ok(Cancel::Force));
    }

    #[test]
    fn what_is_over_cannot_be_canceled() {
        check(PlanStatus::Errored, None, false, 0, Err("nothing left"));
        check(PlanStatus::Canceled, None, true, 0, Err("nothing left"));
    }
}
