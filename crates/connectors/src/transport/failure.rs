//! A failed exchange, with what is known about whether the platform acted on the request.

use std::time::Duration;

use pilothouse_model::{Error, Kind};

/// What became of a request that brought no good answer; the retry rules read this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Certainly not acted on: no connection, or turned away for its rate.
    NotActedOn,
    /// Never sent, or turned down by the platform's own word: sending it again will not help.
    Refused,
    /// The connection broke or a proxy gave up; the platform may have acted.
    Unknown,
    /// The time was up; the platform may have acted. Waiting again would only cost more time.
    TimedOut,
    /// The platform failed on it, or its answer cannot be kept: it may have acted, and sending it
    /// again will not help.
    Spoiled,
}

impl Fate {
    pub(crate) fn changed_nothing(self) -> bool {
        matches!(self, Self::NotActedOn | Self::Refused)
    }
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub error: Error,
    pub fate: Fate,
    /// How long the platform asks to wait.
    pub retry_after: Option<Duration>,
    /// The platform did not take what it was shown.
    pub credential_refused: bool,
}

impl Failure {
    pub(crate) fn new(fate: Fate, error: Error) -> Self {
        Self { error, fate, retry_after: None, credential_refused: false }
    }

    /// Before anything was sent, or in the platform's own words.
    pub(crate) fn refused(error: Error) -> Self {
        Self::new(Fate::Refused, error)
    }

    pub(crate) fn timed_out(peer: &str, after: Duration) -> Self {
        let message = format!("{peer} did not answer completely within {} s", after.as_secs_f32());
        Self::new(Fate::TimedOut, Error::unavailable(message))
    }

    pub(crate) fn unreachable(
        peer: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let error = Error::unavailable(format!("cannot connect to {peer}"))
            .hint("check that its address is right and that it is running")
            .source(source);
        Self::new(Fate::NotActedOn, error)
    }

    pub(crate) fn broken(
        peer: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let message = format!("the connection to {peer} broke before its answer was complete");
        Self::new(Fate::Unknown, Error::unavailable(message).source(source))
    }

    pub(crate) fn too_large(peer: &str, max: usize) -> Self {
        let error = Error::new(Kind::Limited, format!("the answer of {peer} exceeds {max} bytes"))
            .hint("ask for less: a smaller page, a narrower filter, or a slice");
        Self::new(Fate::Spoiled, error)
    }
}

/// A defect or a bad argument found before anything was sent.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::refused(error)
    }
}
