//! Runs the real `terraform` or `tofu` for one plan or apply, in a directory of the job's own.
//!
//! Knows programs, files and Terraform's JSON. Knows nothing of runs, workspaces, leases or the
//! store: the worker hands in everything a job needs and stores what comes back.

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use pilothouse_model::Error;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

pub mod archive;

/// Everything one job needs; nothing is read from the process's own environment but `PATH`.
#[derive(Clone, Debug)]
pub struct Job {
    /// Exclusively this job's. Created by the executor, removed when it is done.
    pub directory: PathBuf,
    /// The uploaded `tar.gz`, on disk.
    pub configuration: PathBuf,
    /// The workspace's current state file.
    pub state: Option<Vec<u8>>,
    /// The plan to apply, as `terraform plan -out` wrote it; only for an apply.
    pub plan_file: Option<Vec<u8>>,
    pub variables: Vec<Variable>,
    pub options: Options,
    /// Set for Terraform beside the run's own environment variables.
    pub environment: Vec<(String, String)>,
    /// After this Terraform is interrupted.
    pub timeout: Duration,
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub destroy: bool,
    pub refresh: bool,
    pub refresh_only: bool,
    pub targets: Vec<String>,
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
    pub sensitive: bool,
}

/// How a running job is told to end.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Interrupt: Terraform finishes what it is doing and writes its state.
    pub graceful: CancellationToken,
    /// Kill, without waiting for anything.
    pub forced: CancellationToken,
}

/// Where a job's log goes, in the order it was written.
#[async_trait]
pub trait LogSink: Send + Sync {
    async fn append(&self, bytes: &[u8]) -> Result<(), Error>;
}

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
    /// What an apply needs; present when `end` is `Finished`.
    pub plan_file: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct ApplyReport {
    pub end: End,
    pub error_message: Option<String>,
    pub diagnostics: Vec<Diagnostic>,
    /// The state file as Terraform left it, kept even when the apply failed half way.
    pub state: Option<Vec<u8>>,
}
