//! GitHub accounts: whose token it is, as GitHub said a moment ago, and what the tenants of a GitOps
//! repository make of that login.
//!
//! Source: `contracts/mctl/platform.json`, `auth.github` and `workspace_resolution`. Knows no
//! network: asking GitHub is somebody else's business.

mod tenant;

use std::{sync::Arc, time::Duration};

use pilothouse_model::{Principal, PrincipalKind, Timestamp};

pub use self::tenant::Tenants;
use crate::recent::Recent;

/// How long GitHub's word about a token counts.
pub const MEMORY: Duration = Duration::from_mins(1);
/// Longest token that GitHub is asked about, in bytes.
pub const MAX_TOKEN: usize = 1024;
const REMEMBERED: usize = 4096;

/// Whether a token looks like one of GitHub's.
pub fn is_token(presented: &str) -> bool {
    let marks = ["ghp_", "gho_", "ghu_", "ghs_", "github_pat_"];
    presented.len() <= MAX_TOKEN && marks.iter().any(|mark| presented.starts_with(mark))
}

/// Who a login is in a call. GitHub does not tell case apart.
pub fn principal(login: &str) -> Principal {
    Principal {
        id: format!("github:{}", login.to_lowercase()),
        kind: PrincipalKind::External,
        name: login.to_owned(),
    }
}

/// What GitHub said about tokens a moment ago: a login, or that the token is not good.
pub struct Answers(Recent<blake3::Hash, (Option<Arc<str>>, Timestamp)>);

impl Default for Answers {
    fn default() -> Self {
        Self(Recent::new(REMEMBERED))
    }
}

impl Answers {
    /// What GitHub said less than [`MEMORY`] ago, if it was asked.
    pub fn get(&self, token: &str, now: Timestamp) -> Option<Option<Arc<str>>> {
        let (answer, asked_at) = self.0.get(&blake3::hash(token.as_bytes()))?;
        (now.since(asked_at) < MEMORY).then_some(answer)
    }

    /// Keeps what GitHub was asked at `now`, under the token's hash only.
    pub fn keep(&self, token: &str, login: Option<&str>, now: Timestamp) {
        self.0.insert(blake3::hash(token.as_bytes()), (login.map(Arc::from), now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_github_counts_for_a_minute() {
        let (answers, now) = (Answers::default(), Timestamp(1_000_000));
        answers.keep("ghp_x", Some("Jo"), now);
        answers.keep("ghp_revoked", None, now);
        assert_eq!(answers.get("ghp_y", now), None);
        let last = Timestamp(now.after(MEMORY).0 - 1);
        assert_eq!(answers.get("ghp_x", last), Some(Some("Jo".into())));
        assert_eq!(answers.get("ghp_revoked", last), Some(None));
        assert_eq!(answers.get("ghp_x", now.after(MEMORY)), None);
        assert_eq!(principal("Jo").id, "github:jo");
    }

    #[test]
    fn tokens_are_told_by_their_beginning() {
        let long = format!("ghp_{}", "x".repeat(MAX_TOKEN));
        for (text, expected) in [
            ("ghp_x", true),
            ("gho_x", true),
            ("github_pat_x", true),
            ("plk_x", false),
            ("", false),
            (&long, false),
        ] {
            assert_eq!(is_token(text), expected, "{text}");
        }
    }
}
