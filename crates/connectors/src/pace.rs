//! At most so many requests per second to one instance, retries included.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, Reference as _},
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use pilothouse_model::{Error, Kind, Result};
use tokio::time::{Instant, sleep};

/// How long a request may stand in line before it is turned away.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// How fast an instance may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub per_second: NonZeroU32,
    /// Requests that may go out at once after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    /// For a platform in this process: it has no quota of which anything must be left.
    pub const EMBEDDED: Self = {
        const PER_SECOND: NonZeroU32 = NonZeroU32::new(1_000_000).expect("not zero");
        Self { per_second: PER_SECOND, burst: PER_SECOND }
    };
}

impl Default for Rate {
    /// Below Tharsis' 60 a second, so that people keep some of the quota.
    fn default() -> Self {
        const PER_SECOND: NonZeroU32 = NonZeroU32::new(40).expect("not zero");
        Self { per_second: PER_SECOND, burst: PER_SECOND }
    }
}

/// tokio's clock, which tests can stop and move.
#[derive(Clone, Copy, Debug)]
struct TokioClock {
    start: Instant,
}

impl Clock for TokioClock {
    /// Since the start.
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

#[derive(Debug)]
pub(crate) struct Pace {
    limiter: Limiter,
    clock: TokioClock,
}

impl Pace {
    pub(crate) fn new(rate: Rate) -> Self {
        let clock = TokioClock { start: Instant::now() };
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self { limiter: RateLimiter::direct_with_clock(quota, clock), clock }
    }

    /// Waits for the next free place; turned away after half a minute.
    pub(crate) async fn take(&self, peer: &str) -> Result<()> {
        let began = self.clock.now();
        while let Err(early) = self.limiter.check() {
            let now = self.clock.now();
            let wait = early.wait_time_from(now);
            if Duration::from(now.duration_since(began)) + wait > MAX_WAIT {
                return Err(Error::new(
                    Kind::Limited,
                    format!("too many requests wait for {peer}"),
                )
                .hint("try again later, or raise the instance's request rate"));
            }
            sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_beyond_the_burst_are_spread_over_time() {
        let pace = Pace::new(rate(10, 2));
        let began = Instant::now();
        for _ in 0..12 {
            pace.take("tharsis").await.unwrap();
        }
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(1) && took < Duration::from_millis(1100), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_is_too_long_turns_requests_away() {
        let pace = Pace::new(rate(1, 1));
        let waiting = (0..40).map(|_| pace.take("tharsis"));
        let results = futures::future::join_all(waiting).await;
        let refused = results.iter().filter(|result| result.is_err()).count();
        assert!((8..=10).contains(&refused), "{refused} of 40 refused");
        let error = results.into_iter().find_map(Result::err).unwrap();
        assert_eq!(error.kind, Kind::Limited);
    }
}
