//! What the embedded Terraform platform remembers.
//!
//! Knows rows, uniqueness and limits on counts. Knows no rule about what may follow what: a
//! change comes in as the rows before and after, and happens whole or not at all.

mod change;
mod configuration_version;
pub(crate) mod error;
mod group;
mod job;
mod job_log;
mod job_signal;
mod managed_identity;
mod namespace;
pub(crate) mod page;
mod plan;
mod report;
pub(crate) mod row;
mod run;
mod run_variable;
mod state_version;
mod status;
mod variable;
mod workspace;

pub use change::{HoldChange, JobChange, RunChange, RunMove};
pub use configuration_version::ConfigurationVersion;
pub use error::ChangeError;
pub use group::{Group, GroupFilter, GroupSort};
pub use job::{Job, JobCounts, Lease, Renewal};
pub use job_log::{MAX_LOG_BYTES, MAX_READ_BYTES, MAX_WRITE_BYTES};
pub use job_signal::JobSignal;
pub use managed_identity::{ManagedIdentity, ManagedIdentityFilter, ManagedIdentitySort};
pub use page::{MAX_PAGE, Page, PageRequest, Position, SortKey};
pub use plan::{Apply, Plan, PlanCounts};
pub use report::Report;
pub use run::{Run, RunFilter, RunRecord, RunSort};
pub use run_variable::{RunVariable, RunVariableSource};
pub use state_version::{NewState, StateOutput, StateVersion, StateVersionSort};
pub use status::{
    ApplyStatus, ConfigurationStatus, IdentityKind, JobKind, JobStatus, NamespaceKind, PlanStatus,
    RunStatus, VariableCategory,
};
pub use variable::{NewVariable, Variable, VariableVersion, VersionSort};
pub use workspace::{Workspace, WorkspaceFilter, WorkspaceSort};

use pilothouse_model::Timestamp;

/// What every resource carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// A UUID in its hyphenated form.
    pub id: String,
    /// Grows with each change; a writer names the one it read.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Meta {
    /// A new resource of `now`, with an id that sorts after all earlier ones.
    pub fn new(now: Timestamp) -> Self {
        Self {
            id: uuid::Uuid::now_v7().hyphenated().to_string(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

/// A namespace as found by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    pub id: String,
    pub kind: NamespaceKind,
    pub path: String,
}
