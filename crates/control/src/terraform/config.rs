//! What an operator decides about the platform.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use pilothouse_access::Policy;
use pilothouse_model::Timestamp;

use super::{
    executor::{ArchiveLimits, Settings},
    limit,
};

#[derive(Clone, Debug)]
pub struct Config {
    /// Uploads and job directories live below it.
    pub data_dir: PathBuf,
    /// The program to run; absent: `terraform`, else `tofu`, on `PATH`.
    pub terraform: Option<PathBuf>,
    /// How every job is run.
    pub executor: Settings,
    /// Jobs that this process executes at once.
    pub max_jobs: usize,
    /// The largest accepted configuration, in bytes of `tar.gz`.
    pub upload_limit: u64,
    /// How long any job may take, whatever its workspace allows.
    pub job_timeout: Duration,
    /// How long a job belongs to a server that gives no sign of life.
    pub lease: Duration,
    pub clock: Clock,
    /// For the platform's own clients; the gateway has its own for its calls.
    pub policy: Policy,
}

impl Config {
    /// The defaults of a laptop.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            terraform: None,
            executor: Settings::default(),
            max_jobs: 2,
            upload_limit: 20 * 1024 * 1024,
            job_timeout: Duration::from_mins(limit::MAX_JOB_MINUTES.unsigned_abs()),
            lease: Duration::from_secs(30),
            clock: Clock::system(),
            policy: Policy::default(),
        }
    }

    /// What an upload may be at most.
    pub(super) fn archive_limits(&self) -> ArchiveLimits {
        ArchiveLimits { compressed_bytes: self.upload_limit, ..self.executor.limits.archive }
    }
}

/// Tells the time; a test brings its own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    pub fn system() -> Self {
        Self::new(Timestamp::now)
    }

    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
