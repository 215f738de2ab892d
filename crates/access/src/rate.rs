//! How often each of many may do something, counted in this process: a token bucket for each.
//!
//! Knows neither network nor principals: who counts is whatever text it is given.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};

use crate::recent::Recent;

/// Buckets that are kept, at most twice as many. Who is forgotten begins anew.
const REMEMBERED: usize = 4096;

type Bucket<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The same rate for everybody.
pub struct Rates<C: Clock = DefaultClock> {
    buckets: Recent<String, Arc<Bucket<C>>>,
    quota: Quota,
    clock: C,
}

impl Rates {
    /// So many in a minute, on average and at once.
    pub fn per_minute(most: NonZeroU32) -> Self {
        Self::with_clock(Quota::per_minute(most), DefaultClock::default())
    }

    /// So many in a second on average, twice as many at once.
    pub fn per_second(most: NonZeroU32) -> Self {
        let at_once = most.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        let quota = Quota::per_second(most).allow_burst(at_once);
        Self::with_clock(quota, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Rates<C> {
    fn with_clock(quota: Quota, clock: C) -> Self {
        Self { buckets: Recent::new(REMEMBERED), quota, clock }
    }

    /// How many are let in at once.
    pub fn at_once(&self) -> NonZeroU32 {
        self.quota.burst_size()
    }

    /// Lets `who` in, or says how long the next one of them must wait. Who is refused loses nothing.
    ///
    /// # Errors
    /// When there were too many.
    pub fn take(&self, who: &str) -> Result<(), Duration> {
        self.buckets.update(who.to_owned(), |known| {
            let bucket = known.unwrap_or_else(|| {
                Arc::new(RateLimiter::direct_with_clock(self.quota, self.clock.clone()))
            });
            let taken = bucket.check().map_err(|refused| {
                refused.wait_time_from(self.clock.now()).max(Duration::from_millis(1))
            });
            (bucket, taken)
        })
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rates(per_minute: u32) -> (Rates<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap());
        (Rates::with_clock(quota, clock.clone()), clock)
    }

    #[test]
    fn all_of_a_minute_may_come_at_once_and_the_next_is_told_when() {
        let (rates, clock) = rates(60);
        for _ in 0..60 {
            assert_eq!(rates.take("a"), Ok(()));
        }
        let second = Duration::from_secs(1);
        assert_eq!(rates.take("a"), Err(second));
        clock.advance(second / 4);
        assert_eq!(rates.take("a"), Err(second * 3 / 4));
        assert_eq!(rates.take("b"), Ok(()), "somebody else");
        clock.advance(second * 3 / 4);
        assert_eq!(rates.take("a"), Ok(()));
        assert_eq!(rates.take("a"), Err(second));
    }

    #[test]
    fn a_bucket_holds_no_more_than_may_come_at_once() {
        let (rates, clock) = rates(2);
        assert_eq!(rates.take("a"), Ok(()));
        clock.advance(Duration::from_hours(1));
        let taken: Vec<_> = (0..3).map(|_| rates.take("a").is_ok()).collect();
        assert_eq!(taken, [true, true, false]);
    }

    #[test]
    fn a_second_may_bring_twice_as_many_at_once() {
        let rates = Rates::per_second(NonZeroU32::new(50).unwrap());
        assert_eq!(rates.at_once().get(), 100);
        assert_eq!(Rates::per_second(NonZeroU32::MAX).at_once(), NonZeroU32::MAX);
        assert_eq!(Rates::per_minute(NonZeroU32::MAX).take("a"), Ok(()));
    }

    #[test]
    fn who_comes_often_is_remembered_among_many_others() {
        let (rates, _clock) = rates(1);
        assert_eq!(rates.take("a"), Ok(()));
        for other in 0..4 * REMEMBERED {
            rates.take(&other.to_string()).unwrap();
            if other % 1000 == 0 {
                assert!(rates.take("a").is_err(), "{other}");
            }
        }
        assert!(rates.buckets.len() <= 2 * REMEMBERED);
    }
}
