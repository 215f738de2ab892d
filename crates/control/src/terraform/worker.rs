//! Executes jobs. Claims them by lease, so that any number of servers may run on one store; one
//! that dies loses its jobs to another after the lease.
//!
//! Sleeps while there is nothing to do: it is woken when a job is queued, here or by a server on
//! the same PostgreSQL, when one of its own ends, and, only while other servers hold leases, when
//! the next of those runs out.

mod ear;
mod execution;
mod input;
mod log;
mod outcome;
mod recovery;
mod retention;

use std::{sync::Arc, time::Duration};

use pilothouse_model::{Error, Timestamp};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::ear::Ear;
use super::Terraform;

/// Between two attempts while the store does not answer.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// After the end of another's lease, so that the clocks of two servers may differ a little.
const LEASE_MARGIN: Duration = Duration::from_millis(200);

/// One server's part in executing jobs.
#[derive(Clone)]
struct Worker {
    platform: Arc<Terraform>,
    /// Who holds this worker's leases.
    owner: Arc<str>,
    shutdown: CancellationToken,
}

/// Executes jobs until `shutdown`, then waits for those under way.
pub(super) async fn run(platform: Arc<Terraform>, shutdown: CancellationToken) {
    let owner = Uuid::now_v7().to_string().into();
    let worker = Worker { platform, owner, shutdown };
    let mut jobs = JoinSet::new();
    let mut recovered = false;
    let mut ear = Ear::default();
    while !worker.shutdown.is_cancelled() {
        if !recovered {
            recovered = worker.recover().await.inspect_err(complain).is_ok();
        }
        // Before the queue is looked at, so that nothing falls between the two.
        let hears = ear.open(&worker.platform).await;
        let pause = match worker.claim_all(&mut jobs).await {
            Ok(next_expiry) => next_expiry.map(|at| worker.until(at)),
            Err(error) => {
                complain(&error);
                Some(STORE_PAUSE)
            }
        };
        let pause = if recovered && hears { pause } else { Some(STORE_PAUSE) };
        tokio::select! {
            () = worker.shutdown.cancelled() => break,
            () = worker.platform.queue.notified() => {}
            () = ear.heard() => {}
            Some(ended) = jobs.join_next(), if !jobs.is_empty() => worker.note_end(ended),
            () = sleep(pause), if pause.is_some() => {}
        }
    }
    while let Some(ended) = jobs.join_next().await {
        worker.note_end(ended);
    }
}

async fn sleep(pause: Option<Duration>) {
    tokio::time::sleep(pause.unwrap_or_default()).await;
}

fn complain(error: &Error) {
    tracing::error!(%error, source = error.source.as_deref().map(tracing::field::display), "the job queue does not advance");
}

impl Worker {
    /// Starts as many jobs as there is room for. Returns when the next lease of another server
    /// runs out, if there is room left to take its job over.
    async fn claim_all(&self, jobs: &mut JoinSet<()>) -> Result<Option<Timestamp>, Error> {
        while jobs.len() < self.platform.config.max_jobs {
            let now = self.platform.config.clock.now();
            let end = now.after(self.platform.config.lease);
            let Some(job) = self.platform.store.job_claim(&self.owner, end, now).await? else {
                return Ok(self.platform.store.job_next_expiry(&self.owner).await?);
            };
            let worker = self.clone();
            jobs.spawn(async move { worker.execute(job).await });
        }
        Ok(None)
    }

    fn until(&self, at: Timestamp) -> Duration {
        at.since(self.platform.config.clock.now()) + LEASE_MARGIN
    }

    fn note_end(&self, ended: Result<(), tokio::task::JoinError>) {
        if let Err(error) = ended {
            tracing::error!(%error, owner = %self.owner, "a job's task broke; its lease will run out");
        }
    }
}
