//! How long what was read of the store is believed.

use std::time::Duration;

use pilothouse_model::Timestamp;
use pilothouse_store::Store;

/// A change by this process counts at once. One by another process on the same store counts after
/// this at the latest.
pub const FRESH: Duration = Duration::from_millis(250);

/// When the store was last asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    at: Timestamp,
    changes: u64,
}

impl Asked {
    /// Made before the question, so that no change falls between the two.
    pub(crate) fn now(store: &Store, now: Timestamp) -> Self {
        Self { at: now, changes: store.access_changes() }
    }

    /// Whether the answer can still be believed.
    pub(crate) fn is_fresh(self, store: &Store, now: Timestamp) -> bool {
        self.changes == store.access_changes() && now >= self.at && now.since(self.at) < FRESH
    }
}
