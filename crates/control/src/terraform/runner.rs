//! What executes plans and applies: the real programs, or whatever a test puts in their place.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use pilothouse_model::Error;

use super::executor::{
    self, ApplyReport, Binary, Executor, Job, LogSink, PlanReport, Settings, Stop,
};

/// The outside boundary between the worker and Terraform.
#[async_trait]
pub trait Runner: Send + Sync {
    /// The version of the program; an error says what to install.
    async fn version(&self) -> Result<String, Error>;
    async fn plan(&self, job: &Job, log: &dyn LogSink, stop: &Stop) -> Result<PlanReport, Error>;
    async fn apply(&self, job: &Job, log: &dyn LogSink, stop: &Stop) -> Result<ApplyReport, Error>;
    /// The state that a job of a dead server left in its directory. After this nothing of that
    /// job runs any more.
    async fn leftover_state(&self, directory: &Path) -> Result<Option<Vec<u8>>, Error>;
    /// Removes a job's directory.
    async fn clean(&self, directory: &Path) -> Result<(), Error>;
}

/// Runs `terraform` or `tofu`. Looks the program up for each job, so that one that is installed
/// while the server runs is found.
#[derive(Clone, Debug)]
pub(crate) struct ProgramRunner {
    pub(crate) configured: Option<PathBuf>,
    pub(crate) settings: Settings,
}

impl ProgramRunner {
    async fn executor(&self) -> Result<Executor, Error> {
        let binary = Binary::find(self.configured.as_deref()).await?;
        Ok(Executor { binary, settings: self.settings.clone() })
    }
}

#[async_trait]
impl Runner for ProgramRunner {
    async fn version(&self) -> Result<String, Error> {
        Ok(self.executor().await?.binary.version.to_string())
    }

    async fn plan(&self, job: &Job, log: &dyn LogSink, stop: &Stop) -> Result<PlanReport, Error> {
        Ok(self.executor().await?.plan(job, log, stop).await)
    }

    async fn apply(&self, job: &Job, log: &dyn LogSink, stop: &Stop) -> Result<ApplyReport, Error> {
        Ok(self.executor().await?.apply(job, log, stop).await)
    }

    async fn leftover_state(&self, directory: &Path) -> Result<Option<Vec<u8>>, Error> {
        executor::leftover_state(directory).await
    }

    async fn clean(&self, directory: &Path) -> Result<(), Error> {
        executor::clean(directory).await
    }
}
