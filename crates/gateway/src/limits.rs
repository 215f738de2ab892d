//! How often one principal may call, so that a looping agent cannot starve the others.

use std::num::NonZeroU32;

use pilothouse_access::Rates;
use pilothouse_model::{Error, Principal};

/// A rate for each principal.
pub struct Limits {
    rates: Rates,
    per_second: NonZeroU32,
}

impl Limits {
    /// `per_second` calls on average, twice as many in a burst.
    pub fn new(per_second: NonZeroU32) -> Self {
        Self { rates: Rates::per_second(per_second), per_second }
    }

    /// Counts one call of the principal.
    pub(crate) fn take(&self, principal: &Principal) -> Result<(), Error> {
        self.rates.take(&principal.id).map_err(|wait| {
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
