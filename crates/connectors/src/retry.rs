//! Sends again what may be sent again: a visible loop over [`Fate`] and the operation's retry
//! class. Every attempt takes its place in the instance's pace.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use pilothouse_model::{Error, Result};
use pilothouse_registry::spec::Retry;
use tokio::time::sleep;

use crate::{
    pace::Pace,
    transport::{Failure, Fate},
};

/// Further attempts after the first, unless an instance is configured otherwise.
pub(crate) const RETRIES: usize = 3;
const FIRST_DELAY: Duration = Duration::from_millis(200);
const MAX_DELAY: Duration = Duration::from_secs(5);
/// A platform that asks for more is not waited for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// Whom an instance's requests go to, and how patiently.
#[derive(Clone, Copy)]
pub(crate) struct Patience<'a> {
    pub peer: &'a str,
    pub pace: &'a Pace,
    /// Further attempts after the first.
    pub retries: usize,
}

/// Runs `attempt` until it succeeds, fails for good, or has failed too often.
pub(crate) async fn run<T, F>(
    retry: Retry,
    Patience { peer, pace, retries }: Patience<'_>,
    mut attempt: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut delays = ExponentialBuilder::default()
        .with_min_delay(FIRST_DELAY)
        .with_max_delay(MAX_DELAY)
        .with_max_times(retries)
        .with_jitter()
        .build();
    let mut changed_nothing = true;
    loop {
        let place = pace.take(peer).await;
        place.map_err(|error| Error { changed_nothing, ..error })?;
        let mut failure = match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        changed_nothing &= failure.fate.changed_nothing();
        failure.error.changed_nothing = changed_nothing;
        if !may_repeat(retry, failure.fate) {
            return Err(give_up(retry, failure));
        }
        let asked = failure.retry_after.unwrap_or_default();
        match delays.next() {
            Some(delay) if asked <= MAX_RETRY_AFTER => {
                let delay = delay.max(asked);
                tracing::debug!(peer, ?delay, error = %failure.error, "trying again");
                sleep(delay).await;
            }
            _ => return Err(give_up(retry, failure)),
        }
    }
}

fn may_repeat(retry: Retry, fate: Fate) -> bool {
    match fate {
        Fate::NotActedOn => true,
        Fate::Unknown => retry == Retry::Safe,
        Fate::Refused | Fate::TimedOut | Fate::Spoiled => false,
    }
}

/// The last error, with what its reader must know before trying again.
fn give_up(retry: Retry, failure: Failure) -> Error {
    let error = failure.error;
    if let Some(wait) = failure.retry_after.filter(|wait| *wait > MAX_RETRY_AFTER) {
        return error.hint(format!("the platform asks to wait {} s", wait.as_secs()));
    }
    if retry == Retry::Never && !error.changed_nothing {
        return error.hint(
            "the platform may have done it all the same; read the target before trying again",
        );
    }
    error
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;
    use crate::pace::Rate;

    /// Attempts made and seconds passed when every attempt fails this way.
    async fn attempts(retry: Retry, fate: Fate, retry_after: Option<u64>) -> (usize, f32, Error) {
        let (count, began) = (Cell::new(0), Instant::now());
        let pace = Pace::new(Rate::default());
        let patience = Patience { peer: "tharsis", pace: &pace, retries: RETRIES };
        let result: Result<()> = run(retry, patience, || {
            count.set(count.get() + 1);
            let mut failure = Failure::new(fate, Error::unavailable("down"));
            failure.retry_after = retry_after.map(Duration::from_secs);
            std::future::ready(Err(failure))
        })
        .await;
        (count.get(), began.elapsed().as_secs_f32(), result.unwrap_err())
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_may_be_repeated_is_repeated() {
        for (retry, fate, expected) in [
            (Retry::Safe, Fate::NotActedOn, 4),
            (Retry::Safe, Fate::Unknown, 4),
            (Retry::Safe, Fate::TimedOut, 1),
            (Retry::Safe, Fate::Refused, 1),
            (Retry::Safe, Fate::Spoiled, 1),
            (Retry::Never, Fate::NotActedOn, 4),
            (Retry::Never, Fate::Unknown, 1),
            (Retry::Never, Fate::TimedOut, 1),
            (Retry::Never, Fate::Refused, 1),
            (Retry::Never, Fate::Spoiled, 1),
        ] {
            let (made, ..) = attempts(retry, fate, None).await;
            assert_eq!(made, expected, "{retry:?} {fate:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn delays_grow_and_are_jittered_within_bounds() {
        let (_, seconds, _) = attempts(Retry::Safe, Fate::Unknown, None).await;
        assert!((1.4..=2.9).contains(&seconds), "0.2 + 0.4 + 0.8 s, at most doubled: {seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_platforms_wish_to_wait_is_honoured_up_to_a_bound() {
        let (made, seconds, _) = attempts(Retry::Never, Fate::NotActedOn, Some(7)).await;
        assert_eq!(made, 4);
        assert!((21.0..22.0).contains(&seconds), "{seconds}");
        let (made, seconds, error) = attempts(Retry::Safe, Fate::NotActedOn, Some(3600)).await;
        assert_eq!((made, seconds), (1, 0.0));
        assert_eq!(error.hint.as_deref(), Some("the platform asks to wait 3600 s"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_outcome_of_a_write_says_so() {
        for (fate, certain) in [
            (Fate::NotActedOn, true),
            (Fate::Refused, true),
            (Fate::Unknown, false),
            (Fate::TimedOut, false),
            (Fate::Spoiled, false),
        ] {
            let (.., error) = attempts(Retry::Never, fate, None).await;
            assert_eq!(error.changed_nothing, certain, "{fate:?}");
            let hint = error.hint.unwrap_or_default();
            assert_eq!(hint.contains("may have done it"), !certain, "{fate:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_attempt_of_unknown_outcome_spoils_the_certainty_of_a_later_refusal() {
        let pace = Pace::new(Rate::default());
        let patience = Patience { peer: "tharsis", pace: &pace, retries: RETRIES };
        let mut fates = [Fate::Unknown, Fate::Refused].into_iter();
        let result: Result<()> = run(Retry::Safe, patience, || {
            let fate = fates.next().unwrap();
            std::future::ready(Err(Failure::new(fate, Error::conflict("the branch exists"))))
        })
        .await;
        assert!(!result.unwrap_err().changed_nothing);
    }
}
