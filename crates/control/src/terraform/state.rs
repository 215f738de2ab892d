//! What may happen to a run, as data and pure functions.
//!
//! Knows no store, no clock and no process. Source of the tables and rules:
//! `contracts/tharsis/platform.json`, `state_machines` and `run_lifecycle`.

mod admission;
mod cancel;
mod progress;
mod table;

pub(crate) use admission::{Candidate, Hold, admits, hold_after};
pub(crate) use cancel::{Cancel, JobFacts, decide_cancel};
pub(crate) use progress::{Event, Progress, Stage};
pub(crate) use table::job_may_become;

use pilothouse_model::Error;

/// Why an event cannot happen now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run is {status}: {rule}")]
pub(crate) struct Refused {
    /// The run's status, in the platform's word.
    pub(crate) status: &'static str,
    /// Which rule forbids it.
    pub(crate) rule: String,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::conflict(refused.to_string())
    }
}
