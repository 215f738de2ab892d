//! What callers may ask of the platform: validation and decisions, one file per resource.
//!
//! Knows no protocol: arguments are plain values, ids still as the caller wrote them.

pub(crate) mod configuration_version;
pub(crate) mod group;
pub(crate) mod job;
pub(crate) mod managed_identity;
pub(crate) mod membership;
mod namespace;
pub(crate) mod run;
pub(crate) mod run_create;
pub(crate) mod service_account;
pub(crate) mod state_version;
pub(crate) mod team;
pub(crate) mod variable;
pub(crate) mod workspace;

use pilothouse_model::{Error, Timestamp};
use pilothouse_store::terraform::ChangeError;

use super::limit;

/// How often a change without a stated version is made again because somebody was faster.
const ATTEMPTS: usize = 4;

/// The caller stated the version it read, and it is not the current one.
fn check_version(stated: Option<i64>, current: i64) -> Result<(), Error> {
    if stated.is_none_or(|stated| stated == current) {
        Ok(())
    } else {
        Err(ChangeError::Stale.into())
    }
}

/// Since when things count against a limit per period.
fn period_start(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(limit::PERIOD.as_millis()).unwrap_or(i64::MAX)))
}

/// A taken path or key, in the caller's words.
fn taken(error: ChangeError, what: &str) -> Error {
    match error {
        ChangeError::Store(error) if error.is_duplicate() => {
            Error::conflict(format!("{what} already exists")).source(error)
        }
        other => other.into(),
    }
}
