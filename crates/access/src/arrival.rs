//! Requests by where they come from, counted in this process: who floods us waits, before anything
//! that they present is looked at.
//!
//! Knows no network: a place is whatever text the door gives.

use std::{num::NonZeroU32, time::Duration};

use pilothouse_model::Timestamp;

use crate::recent::Recent;

/// Places that are told apart, at most twice as many. Who is forgotten begins anew.
const REMEMBERED: usize = 4096;
/// What one request takes out of a bucket into which each millisecond brings as many parts as
/// requests are allowed in a minute.
const REQUEST: u64 = 60_000;

/// A bucket for each place: it holds the requests of one minute and fills evenly.
pub struct Arrivals {
    buckets: Recent<String, Bucket>,
    per_minute: NonZeroU32,
}

#[derive(Clone, Copy)]
struct Bucket {
    parts: u64,
    at: Timestamp,
}

impl Arrivals {
    /// `per_minute` requests of one place, on average and at once.
    pub fn new(per_minute: NonZeroU32) -> Self {
        Self { buckets: Recent::new(REMEMBERED), per_minute }
    }

    pub fn per_minute(&self) -> NonZeroU32 {
        self.per_minute
    }

    /// Lets a request from `place` in, or says how long the next one must wait. A refused request
    /// takes nothing.
    ///
    /// # Errors
    /// When the place sent too many.
    pub fn take(&self, place: &str, now: Timestamp) -> Result<(), Duration> {
        self.buckets.update(place.to_owned(), |known| {
            let mut bucket = known.unwrap_or(Bucket { parts: self.most(), at: now });
            self.fill(&mut bucket, now);
            let taken = match bucket.parts.checked_sub(REQUEST) {
                Some(left) => {
                    bucket.parts = left;
                    Ok(())
                }
                None => Err(self.time_for(REQUEST - bucket.parts)),
            };
            (bucket, taken)
        })
    }

    fn most(&self) -> u64 {
        u64::from(self.per_minute.get()) * REQUEST
    }

    fn fill(&self, bucket: &mut Bucket, now: Timestamp) {
        let passed = u64::try_from(now.since(bucket.at).as_millis()).unwrap_or(u64::MAX);
        let brought = passed.saturating_mul(self.per_minute.get().into());
        bucket.parts = bucket.parts.saturating_add(brought).min(self.most());
        bucket.at = now;
    }

    fn time_for(&self, parts: u64) -> Duration {
        Duration::from_millis(parts.div_ceil(self.per_minute.get().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn arrivals(per_minute: u32) -> Arrivals {
        Arrivals::new(NonZeroU32::new(per_minute).unwrap())
    }

    #[test]
    fn a_minutes_requests_may_come_at_once_and_the_next_is_told_when() {
        let arrivals = arrivals(60);
        for _ in 0..60 {
            assert_eq!(arrivals.take("a", NOW), Ok(()));
        }
        let second = Duration::from_secs(1);
        assert_eq!(arrivals.take("a", NOW), Err(second));
        assert_eq!(arrivals.take("a", NOW.after(second / 4)), Err(second * 3 / 4));
        assert_eq!(arrivals.take("b", NOW), Ok(()), "somebody else");
        assert_eq!(arrivals.take("a", NOW.after(second)), Ok(()));
        assert_eq!(arrivals.take("a", NOW.after(second)), Err(second));
    }

    #[test]
    fn a_bucket_holds_no_more_than_a_minute() {
        let arrivals = arrivals(2);
        let hour = NOW.after(Duration::from_hours(1));
        assert_eq!(arrivals.take("a", NOW), Ok(()));
        let taken: Vec<_> = (0..3).map(|_| arrivals.take("a", hour).is_ok()).collect();
        assert_eq!(taken, [true, true, false]);
        assert!(arrivals.take("a", NOW).is_err(), "a clock that is set back brings nothing");
    }

    #[test]
    fn a_place_that_sends_is_remembered_among_many_others() {
        let arrivals = arrivals(1);
        assert_eq!(arrivals.take("a", NOW), Ok(()));
        for other in 0..4 * REMEMBERED {
            arrivals.take(&other.to_string(), NOW).unwrap();
            if other % 1000 == 0 {
                assert!(arrivals.take("a", NOW).is_err(), "{other}");
            }
        }
        assert!(arrivals.buckets.len() <= 2 * REMEMBERED);
    }
}
