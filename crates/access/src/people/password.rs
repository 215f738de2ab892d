//! Passwords: argon2id, computed off the runtime's threads and one at a time, because each takes
//! 19 MiB.

use std::sync::OnceLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use pilothouse_model::Error;
use tokio::sync::Semaphore;

/// Characters, as NIST SP 800-63B counts them.
pub const SHORTEST: usize = 12;
/// Bytes.
pub const LONGEST: usize = 256;

static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

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
    compute(move || hash_now(&password)).await?
}

/// Whether the password has the stored hash. Takes as long without one.
pub(super) async fn verify(password: String, stored: Option<String>) -> Result<bool, Error> {
    if password.len() > LONGEST {
        return Ok(false);
    }
    compute(move || {
        let hash = stored.as_deref().unwrap_or_else(|| nobody());
        let right = Argon2::default().verify_password(password.as_bytes(), hash).is_ok();
        right && stored.is_some()
    })
    .await
}

async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let _turn = ONE_AT_A_TIME.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
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
