//! Wrong secrets of programs, counted in this process: who goes on guessing waits longer and longer.
//!
//! Passwords, which people choose, are counted in the store by `people`. What programs present
//! cannot be guessed anyway; this keeps those who try from taking our time.

use std::time::Duration;

use pilothouse_model::Timestamp;

use crate::{random, recent::Recent};

/// Wrong secrets before the first wait.
pub const FREE: u32 = 10;
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// After so long without a failure nothing is held against anybody.
const FORGOTTEN: Duration = Duration::from_mins(15);
const REMEMBERED: usize = 4096;

/// Where a request comes from, as the network door tells those behind it.
#[derive(Clone, Debug, Default)]
pub struct Source(pub String);

impl Source {
    /// Who presents a secret from here under `name`. Names may be long; what is remembered is not.
    pub fn presenting(&self, name: &str) -> String {
        random::hash(&format!("{}\n{name}", self.0))
    }
}

/// An attempt that counts as a failure until it is taken back.
#[must_use]
pub struct Begun {
    /// When the failure before it was.
    last: Timestamp,
}

/// Failures by who failed: a source address, and the name that was presented.
pub struct Attempts {
    failures: Recent<String, (u32, Timestamp)>,
}

impl Attempts {
    pub fn new() -> Self {
        Self { failures: Recent::new(REMEMBERED) }
    }

    /// How long `who` must wait before anything is looked at; nothing for most.
    pub fn wait(&self, who: &str, now: Timestamp) -> Option<Duration> {
        let (count, last) = self.failures.get(&who.to_owned())?;
        let left = wait(count).checked_sub(now.since(last))?;
        (!left.is_zero()).then_some(left)
    }

    /// Holds an attempt against `who` before its outcome is known, so that many at once are no more
    /// than many in turn, or says how long they must wait.
    pub fn begin(&self, who: &str, now: Timestamp) -> Result<Begun, Duration> {
        self.failures.update(who.to_owned(), |known| {
            let known = known.filter(|(_, last)| now.since(*last) < FORGOTTEN);
            let (count, last) = known.unwrap_or((0, now));
            match wait(count).checked_sub(now.since(last)) {
                Some(left) if !left.is_zero() => ((count, last), Err(left)),
                _ => ((count.saturating_add(1), now), Ok(Begun { last })),
            }
        })
    }

    /// Takes an attempt back that was right.
    pub fn right(&self, who: &str, Begun { last }: Begun) {
        self.failures.update(who.to_owned(), |known| {
            let (count, _) = known.unwrap_or((0, last));
            ((count.saturating_sub(1), last), ())
        });
    }

    /// Does `work`, which looks at what `who` presents, unless they must wait; then `slow` is said.
    /// Notes when it `is_wrong`.
    pub async fn counted<T, E>(
        &self,
        who: &str,
        now: Timestamp,
        work: impl Future<Output = Result<T, E>>,
        slow: impl FnOnce(Duration) -> E,
        is_wrong: impl FnOnce(&E) -> bool,
    ) -> Result<T, E> {
        if let Some(wait) = self.wait(who, now) {
            return Err(slow(wait));
        }
        let done = work.await;
        if done.as_ref().is_err_and(is_wrong) {
            self.failed(who, now);
        }
        done
    }

    /// Notes that `who` presented something wrong.
    pub fn failed(&self, who: &str, now: Timestamp) {
        let before = self.failures.get(&who.to_owned());
        let count = match before {
            Some((count, last)) if now.since(last) < FORGOTTEN => count,
            _ => 0,
        };
        self.failures.insert(who.to_owned(), (count.saturating_add(1), now));
    }
}

impl Default for Attempts {
    fn default() -> Self {
        Self::new()
    }
}

/// Doubles with each failure after the free ones.
fn wait(failures: u32) -> Duration {
    let Some(beyond) = failures.checked_sub(FREE) else { return Duration::ZERO };
    Duration::from_secs(1 << beyond.min(10)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn guessing_gets_slower_for_who_guesses() {
        let attempts = Attempts::new();
        for failure in 1..=FREE + 6 {
            let free = attempts.wait("a", NOW).is_none();
            assert_eq!(free, failure <= FREE, "{failure}");
            attempts.failed("a", NOW);
        }
        assert_eq!(attempts.wait("a", NOW), Some(LONGEST_WAIT));
        assert_eq!(attempts.wait("b", NOW), None, "somebody else");
        assert_eq!(attempts.wait("a", NOW.after(LONGEST_WAIT)), None);
        attempts.failed("a", NOW.after(FORGOTTEN));
        assert_eq!(attempts.wait("a", NOW.after(FORGOTTEN)), None, "long ago");
    }

    #[test]
    fn an_attempt_counts_until_it_was_right() {
        let attempts = Attempts::new();
        let begun: Vec<_> = (0..2 * FREE).map_while(|_| attempts.begin("a", NOW).ok()).collect();
        assert_eq!(begun.len(), FREE as usize, "at once");
        for right in begun {
            attempts.right("a", right);
        }
        assert_eq!(attempts.wait("a", NOW), None, "all of them were right");
        assert_eq!((0..2 * FREE).filter(|_| attempts.begin("a", NOW).is_ok()).count(), 10);
    }
}
