//! Writes a job's log to the store, up to its limit, and tells who follows it.

use std::sync::Arc;

use async_trait::async_trait;
use pilothouse_model::{Error, text::prefix};
use pilothouse_store::terraform::{Job, MAX_LOG_BYTES, MAX_WRITE_BYTES};
use tokio::sync::Mutex;

use crate::terraform::{Terraform, executor::LogSink, feed::Change};

const FULL: &str = "\nlog size limit reached\n";

/// The log of one job, of which this server is the only writer.
pub(super) struct JobLog {
    platform: Arc<Terraform>,
    job_id: String,
    run_id: String,
    workspace_id: String,
    /// Its size.
    offset: Mutex<i64>,
}

impl JobLog {
    pub(super) fn new(platform: &Arc<Terraform>, job: &Job) -> Self {
        Self {
            platform: Arc::clone(platform),
            job_id: job.meta.id.clone(),
            run_id: job.run_id.clone(),
            workspace_id: job.workspace_id.clone(),
            offset: Mutex::new(job.log_size),
        }
    }

    /// Adds a line of the server's own. The job goes on when that fails.
    pub(super) async fn say(&self, line: &str) {
        if let Err(error) = self.append(format!("{line}\n").as_bytes()).await {
            tracing::warn!(%error, job = %self.job_id, "a line is missing in a job's log");
        }
    }
}

#[async_trait]
impl LogSink for JobLog {
    /// Text that no longer fits is cut, and said so once; after that every call fails.
    async fn append(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut offset = self.offset.lock().await;
        let text = String::from_utf8_lossy(bytes);
        let room = usize::try_from(MAX_LOG_BYTES - *offset).unwrap_or(0);
        if room == 0 {
            return Err(Error::limited("log size limit reached"));
        }
        let fits = text.len() + FULL.len() <= room;
        let cut = format!("{}{FULL}", prefix(&text, room.saturating_sub(FULL.len())));
        let kept = if fits { &*text } else { prefix(&cut, room) };
        let most = usize::try_from(MAX_WRITE_BYTES).unwrap_or(usize::MAX);
        for piece in kept.as_bytes().chunks(most) {
            self.platform.store.job_log_append(&self.job_id, *offset, piece).await?;
            *offset += i64::try_from(piece.len()).unwrap_or(i64::MAX);
        }
        if !fits {
            *offset = MAX_LOG_BYTES;
        }
        self.platform.feed.publish(Change::Log, &self.run_id, &self.workspace_id);
        Ok(())
    }
}
