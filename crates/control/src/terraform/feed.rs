//! Tells who is watching, in this process, that something changed. Carries no content: a watcher
//! reads what it needs, so that a missed notice costs nothing.

use tokio::sync::broadcast;

/// Notices that a slow watcher may be behind before it is told only that it missed some.
const CAPACITY: usize = 256;

/// What changed of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The run, a node of it, or its job.
    Run,
    /// Its job's log grew.
    Log,
}

/// Something of a run changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub change: Change,
    pub run_id: String,
    pub workspace_id: String,
}

#[derive(Debug)]
pub(crate) struct Feed(broadcast::Sender<Notice>);

impl Feed {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    /// Does nothing when nobody watches.
    pub(crate) fn publish(&self, change: Change, run_id: &str, workspace_id: &str) {
        if self.0.receiver_count() > 0 {
            let (run_id, workspace_id) = (run_id.to_owned(), workspace_id.to_owned());
            let notice = Notice { change, run_id, workspace_id };
            // Nobody left to tell is fine.
            let _nobody = self.0.send(notice);
        }
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch(self.0.subscribe())
    }
}

/// Waits for notices.
#[derive(Debug)]
pub struct Watch(broadcast::Receiver<Notice>);

impl Watch {
    /// The next change; `None` when some were missed, so that anything may have changed.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.0.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(_)) => None,
            // The platform is gone; so will be whoever waits here.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }

    /// Waits until something of the run may have changed.
    pub async fn changed(&mut self, run_id: &str) {
        while self.next().await.is_some_and(|notice| notice.run_id != run_id) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watcher_hears_of_its_run_only() {
        let feed = Feed::new();
        let mut watch = feed.watch();
        feed.publish(Change::Run, "other", "w");
        feed.publish(Change::Log, "mine", "w");
        watch.changed("mine").await;
        assert!(watch.0.is_empty());
    }

    #[tokio::test]
    async fn a_watcher_that_missed_notices_is_woken() {
        let feed = Feed::new();
        let mut watch = feed.watch();
        for _ in 0..=CAPACITY {
            feed.publish(Change::Run, "other", "w");
        }
        watch.changed("mine").await;
    }
}
