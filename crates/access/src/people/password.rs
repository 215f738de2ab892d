//! Passwords: argon2id, computed off the runtime's threads and one at a time, because each takes
//! 19 MiB. Who waits for a turn has a place in a queue, which has no more than [`PLACES`].

use std::sync::OnceLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use pilothouse_model::Error;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Characters, as NIST SP 800-63B counts them.
pub const SHORTEST: usize = 12;
/// Bytes.
pub const LONGEST: usize = 256;

/// Passwords that are computed or wait for it; one more is refused.
const PLACES: usize = 32;

static QUEUE: Queue = Queue::new(PLACES);

struct Queue {
    places: Semaphore,
    turn: Semaphore,
}

/// The right to have one password computed.
pub(super) struct Place<'a> {
    queue: &'a Queue,
    _place: SemaphorePermit<'a>,
}

impl Queue {
    const fn new(places: usize) -> Self {
        Self { places: Semaphore::const_new(places), turn: Semaphore::const_new(1) }
    }

    fn place(&self) -> Result<Place<'_>, Error> {
        let place = self.places.try_acquire();
        let place = place.map_err(|_| {
            Error::limited("too many passwords wait to be looked at").hint("try again in a moment")
        })?;
        Ok(Place { queue: self, _place: place })
    }
}

/// Whether `password` may be one.
pub(super) fn check(password: &str) -> Result<(), Error> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(Error::invalid(format!(
            "a password has at least {SHORTEST} characters and at most {LONGEST} bytes"
        )));
    }
    Ok(())
}

/// The hash of a new password, in PHC form.
pub(super) async fn hash(password: String) -> Result<String, Error> {
    check(&password)?;
    place()?.compute(move || hash_now(&password)).await?
}

/// # Errors
/// When the queue is full.
pub(super) fn place() -> Result<Place<'static>, Error> {
    QUEUE.place()
}

impl Place<'_> {
    /// Whether the password has the stored hash. Takes as long without one.
    pub(super) async fn verify(
        self,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, Error> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        self.compute(move || {
            let hash = stored.as_deref().unwrap_or_else(|| nobody());
            let right = Argon2::default().verify_password(password.as_bytes(), hash).is_ok();
            right && stored.is_some()
        })
        .await
    }

    async fn compute<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _turn = self.queue.turn.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

fn hash_now(password: &str) -> Result<String, Error> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|error| Error::internal(error.to_string()))?;
    let hash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

/// The hash of a password that nobody has.
fn nobody() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_now("the account does not exist").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use pilothouse_model::Kind;

    use super::*;

    #[tokio::test]
    async fn the_queue_of_passwords_has_an_end() {
        let queue = Queue::new(PLACES);
        let mut places: Vec<_> = (0..PLACES).map(|_| queue.place().unwrap()).collect();
        assert_eq!(queue.place().err().unwrap().kind, Kind::Limited);
        let right = places.pop().unwrap().verify("x".to_owned(), None).await.unwrap();
        assert!(!right);
        assert!(queue.place().is_ok(), "a place that was used is free again");
    }
}
