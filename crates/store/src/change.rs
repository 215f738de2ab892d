//! Which changes of this process a decision may depend on: a number that grows with each, so that
//! whoever remembers what was read compares numbers instead of asking the database.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::Store;

/// Shared by the clones of a store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Arc<AtomicU64>);

impl Changes {
    pub(crate) fn grow(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// What a transaction changes. Told when this is dropped, which is after the commit.
#[derive(Debug)]
pub(crate) struct Change {
    changes: Changes,
    pub(crate) is_made: bool,
}

impl Change {
    pub(crate) fn none_yet(changes: &Changes) -> Self {
        Self { changes: changes.clone(), is_made: false }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        if self.is_made {
            self.changes.grow();
        }
    }
}

impl Store {
    /// Grows with each change that this process made and that a decision may depend on. Those of
    /// other processes show in [`Store::access_revision`] alone.
    pub fn access_changes(&self) -> u64 {
        self.changes.0.load(Ordering::Acquire)
    }
}
