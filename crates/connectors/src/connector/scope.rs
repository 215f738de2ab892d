//! The circumstances of one call: who calls, who watches its progress, who may stop it.

use std::{fmt, sync::Arc};

use pilothouse_model::Caller;
use tokio_util::sync::CancellationToken;

/// How far a long call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    pub message: &'a str,
    /// Grows from report to report, in the unit of `total`.
    pub current: u64,
    pub total: Option<u64>,
}

type Watcher = Arc<dyn Fn(Progress<'_>) + Send + Sync>;

/// Cheap to clone.
#[derive(Clone)]
pub struct Scope {
    caller: Caller,
    watcher: Option<Watcher>,
    cancellation: CancellationToken,
}

impl Scope {
    /// Nobody watches, and only dropping the call's future stops it.
    pub fn new(caller: Caller) -> Self {
        Self { caller, watcher: None, cancellation: CancellationToken::new() }
    }

    /// `watcher` must not block: it is called between two steps of the work.
    #[must_use]
    pub fn watched(mut self, watcher: impl Fn(Progress<'_>) + Send + Sync + 'static) -> Self {
        self.watcher = Some(Arc::new(watcher));
        self
    }

    /// The call ends with an error soon after the token fires.
    #[must_use]
    pub fn cancelled_by(mut self, cancellation: CancellationToken) -> Self {
        self.cancellation = cancellation;
        self
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(crate) fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    pub(crate) fn report(&self, message: &str, current: u64, total: Option<u64>) {
        if let Some(watcher) = &self.watcher {
            watcher(Progress { message, current, total });
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("caller", &self.caller).finish_non_exhaustive()
    }
}
