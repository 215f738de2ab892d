//! Runs the real `terraform` or `tofu` for one plan or apply, in a directory of the job's own.
//!
//! Knows programs, files and Terraform's JSON. Knows nothing of runs, workspaces, leases or the
//! store: the worker hands in everything a job needs and stores what comes back.
//!
//! A job's directory outlives the job: the worker stores what a report holds and then calls
//! [`clean`]. A server that finds the directory of a job that a dead server ran calls
//! [`leftover_state`] first.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use async_trait::async_trait;
use pilothouse_model::Error;
use serde::{Deserialize, Serialize};

pub(crate) use self::secret::Mask;
pub use self::{
    archive::{ArchiveLimits, Inventory, inspect, pack, unpack},
    binary::{Binary, Product, Version},
    directory::{clean, leftover_state},
};
pub use crate::process::Stop;

mod apply;
mod archive;
mod binary;
mod configuration;
mod diagnostic;
mod diff;
mod directory;
mod environment;
mod log;
mod message;
mod plan;
mod plan_json;
mod preparation;
mod secret;
mod session;
pub(crate) mod steering;
mod transcript;
mod variable;

/// A binary and how it is run on this machine, whoever asks for it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Executor {
    pub binary: Binary,
    pub settings: Settings,
}

/// What an operator decides about every job.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// A folder in which jobs share downloaded providers; created when it is missing. Jobs of
    /// one server take turns at it, two servers must not share it.
    pub plugin_cache: Option<PathBuf>,
    /// A `.terraformrc` with mirrors or credentials of registries.
    pub cli_config: Option<PathBuf>,
    /// What else of the server's own environment Terraform sees: proxies, certificate files.
    pub environment: Vec<(String, String)>,
    /// Without it jobs see whatever the server sees, and end with it.
    pub isolation: Option<Isolation>,
    pub limits: Limits,
}

/// What keeps jobs and the server apart.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// The executable that understands [`COMMAND`](crate::process::supervisor::COMMAND).
    pub supervisor: PathBuf,
    /// What is the server's alone. A job sees its own folder all the same.
    pub hidden: Vec<PathBuf>,
}

/// What one job may produce at most, in bytes unless said otherwise.
#[derive(Clone, Debug)]
pub struct Limits {
    pub archive: ArchiveLimits,
    /// One line of the log.
    pub log_line: usize,
    /// The whole log, the note that it was cut included.
    pub log: usize,
    /// What `show -json` prints for a plan.
    pub plan_json: usize,
    /// What `plan -out` writes.
    pub plan_file: usize,
    /// The diff of one resource or output.
    pub diff: usize,
    /// All diffs of a plan together.
    pub diffs: usize,
    pub state: usize,
    /// A number of diagnostics.
    pub diagnostics: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            archive: ArchiveLimits::default(),
            log_line: 16 * 1024,
            log: 10 * MIB,
            plan_json: 64 * MIB,
            plan_file: 64 * MIB,
            diff: 64 * 1024,
            diffs: 4 * MIB,
            state: 64 * MIB,
            diagnostics: 200,
        }
    }
}

impl Executor {
    /// Plans `job`. Whatever goes wrong is in the report; the log tells it as well.
    pub async fn plan(&self, job: &Job, log: &dyn LogSink, stop: &Stop) -> PlanReport {
        plan::run(self, job, log, stop).await
    }

    /// Applies the plan of `job`. Whatever goes wrong is in the report; the log tells it as well.
    pub async fn apply(&self, job: &Job, log: &dyn LogSink, stop: &Stop) -> ApplyReport {
        apply::run(self, job, log, stop).await
    }
}

/// Everything one job needs; nothing is read from the process's own environment but `PATH`.
#[derive(Clone, Debug)]
pub struct Job {
    /// Exclusively this job's, and not there yet. Created by the executor, removed by [`clean`].
    pub directory: PathBuf,
    /// The uploaded `tar.gz`, on disk.
    pub configuration: PathBuf,
    /// The workspace's current state file.
    pub state: Option<Vec<u8>>,
    /// What [`PlanReport::plan_file`] was; only for an apply.
    pub plan_file: Option<Vec<u8>>,
    pub variables: Vec<Variable>,
    /// By the name of an input variable, a number that changes with its value: what a declared
    /// `<name>_wo_version` gets, which tells Terraform to write a write-only argument again.
    pub versions: BTreeMap<String, u64>,
    pub options: Options,
    /// Set for Terraform beside the run's own environment variables, and stronger than those.
    pub environment: Vec<(String, String)>,
    /// After this Terraform is interrupted, and some minutes later killed.
    pub timeout: Duration,
}

/// How to plan; an apply does what was planned and reads none of it.
#[derive(Clone, Debug)]
pub struct Options {
    pub destroy: bool,
    /// Compare the state with the real world first; what Terraform does unless told otherwise.
    pub refresh: bool,
    pub refresh_only: bool,
    pub targets: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { destroy: false, refresh: true, refresh_only: false, targets: Vec::new() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Terraform,
    Environment,
}

#[derive(Clone, Debug)]
pub struct Variable {
    pub category: Category,
    pub key: String,
    pub value: String,
    /// The value never appears in a log, a diff or a diagnostic, and Terraform is told to treat
    /// it as sensitive even where the configuration does not say so.
    pub sensitive: bool,
}

/// Where a job's log goes, in the order it was written.
///
/// An error does not end the job: the executor warns once and goes on without a log.
#[async_trait]
pub trait LogSink: Send + Sync {
    /// `bytes` is UTF-8, made of whole lines.
    async fn append(&self, bytes: &[u8]) -> Result<(), Error>;
}

/// How a job ended. A job that was told to stop but finished its work is `Finished`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Failed,
    Canceled { forced: bool },
}

/// One complaint of Terraform's, with the place in the configuration it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    pub summary: String,
    pub detail: String,
    /// Relative to the root of the uploaded configuration.
    pub file: Option<String>,
    /// 1-based.
    pub line: Option<u64>,
    /// The source lines it points at.
    pub snippet: Option<String>,
    /// The resource it concerns.
    pub address: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub resource_additions: i32,
    pub resource_changes: i32,
    pub resource_destructions: i32,
    pub resource_imports: i32,
    pub resource_drift: i32,
    pub output_additions: i32,
    pub output_changes: i32,
    pub output_destructions: i32,
}

/// What a plan would do, thing by thing, with sensitive values masked.
///
/// What the plan leaves alone is not in it. What was found changed outside of Terraform is there
/// once more, with `drifted` set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    pub resources: Vec<ResourceChange>,
    pub outputs: Vec<OutputChange>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceChange {
    pub address: String,
    pub resource_type: String,
    pub provider_name: String,
    /// One of `contracts/tharsis/platform.json`, `plan_actions`.
    pub action: String,
    pub unified_diff: String,
    #[serde(default)]
    pub drifted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputChange {
    pub output_name: String,
    pub action: String,
    pub unified_diff: String,
}

#[derive(Clone, Debug)]
pub struct PlanReport {
    pub end: End,
    /// For people, when the job failed: the first error, or why it could not start.
    pub error_message: Option<String>,
    pub diagnostics: Vec<Diagnostic>,
    pub has_changes: bool,
    pub summary: Summary,
    pub diff: Diff,
    /// What an apply needs, opaque to everyone else; present when `end` is `Finished`.
    pub plan_file: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct ApplyReport {
    pub end: End,
    pub error_message: Option<String>,
    pub diagnostics: Vec<Diagnostic>,
    /// The state file as Terraform left it, kept even when the apply failed half way or was
    /// killed. `None` when Terraform did not get to apply anything, and when the state is too
    /// large or damaged: then `error_message` says so and [`clean`] keeps the directory.
    pub state: Option<Vec<u8>>,
    /// A signal ended Terraform in the middle: there may be things that the state does not name.
    pub cut_off: bool,
}
