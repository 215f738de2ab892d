//! The circumstances of one call: who calls, who watches its progress, who may stop it.

use std::{fmt, sync::Arc};

use pilothouse_model::{Authority, Caller, Error, Result};
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
/// Fails unless the caller may do in another place what was decided about.
type Elsewhere = Arc<dyn Fn(&str) -> Result<()> + Send + Sync>;

/// Cheap to clone.
#[derive(Clone)]
pub struct Scope {
    caller: Caller,
    /// The place that was decided about, and who decides about others.
    bounds: Option<(String, Elsewhere)>,
    watcher: Option<Watcher>,
    cancellation: CancellationToken,
}

impl Scope {
    /// Nobody watches, only dropping the call's future stops it, and it stays where it acts unless
    /// everything is granted to the caller.
    pub fn new(caller: Caller) -> Self {
        Self { caller, bounds: None, watcher: None, cancellation: CancellationToken::new() }
    }

    /// The call was decided about `here`, as [`super::Connector::place`] tells it; `elsewhere`
    /// decides about the other places that it turns out to touch.
    #[must_use]
    pub fn within(
        mut self,
        here: String,
        elsewhere: impl Fn(&str) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.bounds = Some((here, Arc::new(elsewhere)));
        self
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

    /// Fails unless the call may act in `place`, too.
    pub(crate) fn permit(&self, place: &str) -> Result<()> {
        match &self.bounds {
            Some((here, _)) if here == place => Ok(()),
            Some((_, elsewhere)) => elsewhere(place),
            None if matches!(self.caller.authority, Authority::Everything) => Ok(()),
            None => Err(Error::forbidden(format!("the call may not act in {place:?}"))),
        }
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
