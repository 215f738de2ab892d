//! Secrets that we make up, and the only form in which they are kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use pilothouse_model::Error;

/// 256 bits: nobody guesses one, so a fast hash protects it at rest.
const BYTES: usize = 32;

/// A new secret. The prefix marks it in logs and for secret scanners.
pub fn secret(prefix: &str) -> Result<String, Error> {
    let mut random = [0_u8; BYTES];
    getrandom::fill(&mut random).map_err(|error| Error::internal(error.to_string()))?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random)))
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
        let (one, other) = (secret("plx_").unwrap(), secret("plx_").unwrap());
        assert_ne!(one, other);
        assert!(one.starts_with("plx_") && one.len() == 47, "{one}");
        assert!(matches(&one, &hash(&one)));
        for stored in [hash(&other), String::new(), "not hex".to_owned()] {
            assert!(!matches(&one, &stored), "{stored}");
        }
    }
}
