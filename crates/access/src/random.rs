//! Secrets that we make up, and the only form in which they are kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use pilothouse_model::Error;

/// 256 bits: nobody guesses one, so a fast hash protects it at rest.
const BYTES: usize = 32;

/// What a secret that leaves us begins with, for logs and secret scanners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    OperatorToken,
    ApiKey,
    ClientSecret,
    RefreshToken,
}

impl Mark {
    pub const ALL: [Self; 4] =
        [Self::OperatorToken, Self::ApiKey, Self::ClientSecret, Self::RefreshToken];
    /// Characters that follow a mark.
    pub const RANDOM: usize = 43;

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OperatorToken => "plt_",
            Self::ApiKey => "plk_",
            Self::ClientSecret => "pls_",
            Self::RefreshToken => "plr_",
        }
    }
}

/// A new secret that people and programs keep.
pub fn marked(mark: Mark) -> Result<String, Error> {
    Ok(format!("{}{}", mark.as_str(), unmarked()?))
}

/// A new secret that lives for moments, as in a cookie or an address.
pub fn unmarked() -> Result<String, Error> {
    let mut random = [0_u8; BYTES];
    getrandom::fill(&mut random).map_err(|error| Error::internal(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

/// What of a random secret is stored. Not for passwords, which people choose.
pub fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// Whether `secret` has this hash, in constant time.
pub fn matches(secret: &str, stored: &str) -> bool {
    blake3::Hash::from_hex(stored).is_ok_and(|stored| stored == blake3::hash(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_its_hash_alone() {
        let (one, other) = (marked(Mark::ApiKey).unwrap(), marked(Mark::ApiKey).unwrap());
        assert_ne!(one, other);
        assert!(one.starts_with("plk_") && one.len() == 4 + Mark::RANDOM, "{one}");
        assert!(matches(&one, &hash(&one)));
        for stored in [hash(&other), String::new(), "not hex".to_owned()] {
            assert!(!matches(&one, &stored), "{stored}");
        }
    }
}
