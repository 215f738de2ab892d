//! Hears of jobs that other servers queue, where the store can tell.

use pilothouse_model::Error;
use pilothouse_store::terraform::JobSignal;

use super::complain;
use crate::terraform::Terraform;

/// What a worker listens with.
#[derive(Debug, Default)]
pub(super) enum Ear {
    #[default]
    Closed,
    /// The store has no other servers.
    Alone,
    Open(JobSignal),
}

impl Ear {
    /// Listens from now on. `false` when the store does not answer and this must be tried again.
    pub(super) async fn open(&mut self, platform: &Terraform) -> bool {
        if !matches!(self, Self::Closed) {
            return true;
        }
        match platform.store.job_signal().await {
            Ok(Some(signal)) => *self = Self::Open(signal),
            Ok(None) => *self = Self::Alone,
            Err(error) => {
                complain(&error.into());
                return false;
            }
        }
        true
    }

    /// Another server queued a job, or may have while the connection was lost.
    pub(super) async fn heard(&mut self) {
        let Self::Open(signal) = self else { return std::future::pending().await };
        if let Err(error) = signal.heard().await {
            complain(&Error::from(error));
            *self = Self::Closed;
        }
    }
}
