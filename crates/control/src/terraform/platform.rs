//! The platform as one value: what every part of it shares.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use pilothouse_model::Error;
use pilothouse_store::Store;
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Config, Runner, Watch, api, executor::Stop, feed::Feed, file::Files, runner::ProgramRunner,
    worker,
};

/// An open platform. It answers calls; jobs run only while [`Terraform::start`] does.
pub struct Terraform {
    pub(crate) store: Store,
    pub(crate) config: Config,
    pub(crate) files: Files,
    pub(crate) runner: Arc<dyn Runner>,
    pub(crate) feed: Feed,
    /// Wakes the worker: there may be a job to claim.
    pub(crate) queue: Notify,
    /// How to end the jobs that run in this process, by job, with the attempt it is about.
    stops: Mutex<HashMap<String, (i64, Stop)>>,
    /// The configuration versions that are being uploaded right now.
    uploads: Mutex<HashSet<String>>,
}

impl fmt::Debug for Terraform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terraform").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Terraform {
    /// Opens the platform. Starts nothing and looks for no program: that happens per job.
    pub fn open(store: Store, config: Config) -> Result<Arc<Self>, Error> {
        let mut settings = config.executor.clone();
        settings.limits.archive = config.archive_limits();
        let runner = ProgramRunner { configured: config.terraform.clone(), settings };
        Self::open_with(store, config, Arc::new(runner))
    }

    /// Opens the platform with something else than the real programs.
    pub fn open_with(
        store: Store,
        config: Config,
        runner: Arc<dyn Runner>,
    ) -> Result<Arc<Self>, Error> {
        let files = Files::open(&config.data_dir)?;
        Ok(Arc::new(Self {
            store,
            config,
            files,
            runner,
            feed: Feed::new(),
            queue: Notify::new(),
            stops: Mutex::default(),
            uploads: Mutex::default(),
        }))
    }

    /// Executes jobs until `shutdown`; the handle ends when the last of them has ended. A plan
    /// is given up at once and resumed by the next server, an apply is interrupted and awaited.
    pub fn start(self: &Arc<Self>, shutdown: CancellationToken) -> JoinHandle<()> {
        tokio::spawn(worker::run(Arc::clone(self), shutdown))
    }

    /// Everything the platform serves: Tharsis' gRPC services and its REST. A request without a
    /// [`Caller`](pilothouse_model::Caller) among its extensions is refused.
    pub fn router(self: &Arc<Self>) -> axum::Router {
        api::router(self)
    }

    /// Watches all runs; see [`Watch::changed`] for one.
    pub fn subscribe(&self) -> Watch {
        self.feed.watch()
    }

    /// Registers an attempt at a job in this process, so that a request can end it.
    pub(crate) fn register_stop(&self, job_id: &str, attempt: i64) -> Stop {
        let stop = Stop::default();
        let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        stops.insert(job_id.to_owned(), (attempt, stop.clone()));
        stop
    }

    /// Forgets an attempt that is over; a later one stays.
    pub(crate) fn forget_stop(&self, job_id: &str, attempt: i64) {
        let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        if stops.get(job_id).is_some_and(|(registered, _stop)| *registered == attempt) {
            stops.remove(job_id);
        }
    }

    /// Tells a job to end, when it runs in this process. Elsewhere its owner learns it when it
    /// renews its lease.
    pub(crate) fn stop_job(&self, job_id: &str, forced: bool) {
        let stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_attempt, stop)) = stops.get(job_id) {
            if forced { stop.forced.cancel() } else { stop.graceful.cancel() }
        }
    }

    /// Reserves an upload; `None` while another of the same configuration version is under way.
    pub(crate) fn begin_upload(&self, id: &str) -> Option<Upload<'_>> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.insert(id.to_owned()).then(|| Upload { platform: self, id: id.to_owned() })
    }
}

/// A reservation, given back when it is dropped.
pub(crate) struct Upload<'a> {
    platform: &'a Terraform,
    id: String,
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        let mut uploads = self.platform.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.remove(&self.id);
    }
}
