//! Proof Key for Code Exchange (RFC 7636), method S256 only.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Base64 of a SHA-256.
const CHALLENGE_LENGTH: usize = 43;

pub(super) fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_LENGTH && text.bytes().all(is_url_safe)
}

/// Whether `challenge` was made from `verifier`.
pub(super) fn proves(verifier: &str, challenge: &str) -> bool {
    let fits = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| is_url_safe(byte) || b".~".contains(&byte));
    fits && self::challenge(verifier) == challenge
}

/// What is shown before the verifier.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verifier_of_the_challenge_proves_it() {
        // The example of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge) && proves(verifier, challenge));
        for wrong in ["", "short", challenge, &verifier.to_lowercase(), &"x".repeat(129)] {
            assert!(!proves(wrong, challenge), "{wrong}");
        }
        for wrong in ["", "short", &"=".repeat(43)] {
            assert!(!is_challenge(wrong), "{wrong}");
        }
    }
}
