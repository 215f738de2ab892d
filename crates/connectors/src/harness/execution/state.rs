//! How a run, a stage or a step is doing: the one place that knows Harness' words for it. What
//! `infra_wait` waits for is said in `registry/harness/pipelines.toml`; a test holds it to this.

/// What Harness' many words come down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Succeeded,
    Failed,
    Aborted,
    Expired,
    Skipped,
    Queued,
    Running,
    /// For a person, or for somebody to act.
    Waiting,
    /// A word that is not known here.
    Unknown,
}

const WORDS: [(&str, State); 27] = [
    ("Success", State::Succeeded),
    ("IgnoreFailed", State::Succeeded),
    ("Failed", State::Failed),
    ("Errored", State::Failed),
    ("ApprovalRejected", State::Failed),
    ("FreezeFailed", State::Failed),
    ("Aborted", State::Aborted),
    ("AbortedByFreeze", State::Aborted),
    ("Expired", State::Expired),
    ("Skipped", State::Skipped),
    ("Suspended", State::Skipped),
    ("NotStarted", State::Queued),
    ("Queued", State::Queued),
    ("QueuedLicenseLimitReached", State::Queued),
    ("QueuedExecutionConcurrencyReached", State::Queued),
    ("Running", State::Running),
    ("AsyncWaiting", State::Running),
    ("TaskWaiting", State::Running),
    ("TimedWaiting", State::Running),
    ("ResourceWaiting", State::Running),
    ("WaitStepRunning", State::Running),
    ("Pausing", State::Running),
    // It is being ended and has not ended yet.
    ("Discontinuing", State::Running),
    ("ApprovalWaiting", State::Waiting),
    ("InterventionWaiting", State::Waiting),
    ("InputWaiting", State::Waiting),
    ("Paused", State::Waiting),
];

impl State {
    /// Harness' own word, in any case.
    pub fn of(word: &str) -> Self {
        let known = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        known.map_or(Self::Unknown, |(_, state)| *state)
    }

    /// It ended, and not as it was meant to.
    pub fn has_failed(self) -> bool {
        matches!(self, Self::Failed | Self::Aborted | Self::Expired)
    }

    pub fn has_ended(self) -> bool {
        self.has_failed() || matches!(self, Self::Succeeded | Self::Skipped)
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_registry::Catalog;

    use super::*;

    #[test]
    fn what_is_waited_for_is_what_is_said_here() {
        let catalog = Catalog::embedded().platform("harness").unwrap();
        let wait = catalog.types.get("execution").unwrap().wait.clone().unwrap();
        for (word, state) in WORDS {
            let listed = |words: &[String]| words.iter().any(|it| it == word);
            let has_succeeded = state.has_ended() && !state.has_failed();
            assert_eq!(listed(&wait.done), has_succeeded, "{word}");
            assert_eq!(listed(&wait.failed), state.has_failed(), "{word}");
            assert_eq!(listed(&wait.paused), state == State::Waiting, "{word}");
        }
        let waited = [&wait.done, &wait.failed, &wait.paused].into_iter().flatten();
        for word in waited {
            assert_ne!(State::of(word), State::Unknown, "{word}");
        }
        assert_eq!(State::of("errored"), State::Failed);
        assert_eq!(State::of("something else"), State::Unknown);
    }
}
