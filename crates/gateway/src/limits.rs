//! How often one principal may call, so that a looping agent cannot starve the others.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::HashMapStateStore,
};
use pilothouse_model::{Error, Principal};

/// Forget idle principals when this many are known.
const MAX_TRACKED: usize = 10_000;

type Limiter = RateLimiter<Arc<str>, HashMapStateStore<Arc<str>>, DefaultClock>;

/// A token bucket for each principal.
pub struct Limits {
    limiter: Limiter,
    per_second: NonZeroU32,
    clock: DefaultClock,
}

impl Limits {
    /// `per_second` calls on average, twice as many in a burst.
    pub fn new(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let clock = DefaultClock::default();
        Self { limiter: RateLimiter::hashmap(quota), per_second, clock }
    }

    /// Takes one call out of the principal's bucket.
    pub(crate) fn take(&self, principal: &Principal) -> Result<(), Error> {
        if self.limiter.len() > MAX_TRACKED {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&Arc::from(principal.id.as_str())).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now()).max(Duration::from_millis(1));
            Error::limited(format!("more than {} calls a second", self.per_second))
                .hint(format!("wait {} ms and call again", wait.as_millis()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_next_call_is_told_when() {
        let limits = Limits::new(NonZeroU32::new(1).unwrap());
        let (jo, al) = (Principal::local_user("jo"), Principal::local_user("al"));
        assert!(limits.take(&jo).is_ok() && limits.take(&jo).is_ok());
        let error = limits.take(&jo).unwrap_err();
        assert_eq!(error.kind, pilothouse_model::Kind::Limited);
        assert!(error.hint.unwrap().starts_with("wait "));
        assert!(limits.take(&al).is_ok(), "one principal's burst is not another's");
    }
}
