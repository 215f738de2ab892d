//! What a caller was granted: roles in namespaces. What a role allows is `access`' business.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::Error;

/// A named set of permissions, from the smallest to the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Viewer,
    Publisher,
    Deployer,
    Owner,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Publisher, Self::Deployer, Self::Owner];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Publisher => "publisher",
            Self::Deployer => "deployer",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid(format!("unknown role {text:?}")).hint(format!("one of: {known}"))
        })
    }
}

/// A place that roles are granted on, with everything below it.
///
/// Written `acme/network` for a group or workspace of the embedded Terraform platform,
/// `realm:path` for another platform (`harness:default/web`, `mctl:labs`), `realm:` for all of a
/// platform and `*` for everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Namespace {
    /// The platform, or `platform@instance` for another instance than the first.
    pub realm: Arc<str>,
    /// Names joined by `/`; empty for the whole realm.
    pub path: Arc<str>,
}

impl Namespace {
    /// The embedded Terraform platform.
    pub const TERRAFORM: &'static str = "tharsis";
    const ANY: &'static str = "*";
    /// Longest text of one, in bytes.
    pub const MAX_LENGTH: usize = 2048;

    pub fn new(realm: &str, path: &str) -> Self {
        Self { realm: realm.into(), path: path.into() }
    }

    /// A group or workspace of the embedded Terraform platform.
    pub fn terraform(path: &str) -> Self {
        Self::new(Self::TERRAFORM, path)
    }

    /// Every realm.
    pub fn everything() -> Self {
        Self::new(Self::ANY, "")
    }

    pub fn is_everything(&self) -> bool {
        &*self.realm == Self::ANY
    }

    /// Whether `other` is this namespace or lies below it.
    pub fn holds(&self, other: &Self) -> bool {
        self.is_in(&other.realm)
            && (self.path.is_empty()
                || other
                    .path
                    .strip_prefix(&*self.path)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// Whether it is of this realm, or of all.
    pub fn is_in(&self, realm: &str) -> bool {
        self.is_everything() || &*self.realm == realm
    }

    /// Grows with the distance from the root: of two that hold a namespace, the larger is nearer.
    pub fn nearness(&self) -> usize {
        if self.is_everything() { 0 } else { 1 + self.path.len() }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_everything() {
            f.write_str(Self::ANY)
        } else if &*self.realm == Self::TERRAFORM && !self.path.is_empty() {
            f.write_str(&self.path)
        } else {
            write!(f, "{}:{}", self.realm, self.path)
        }
    }
}

impl FromStr for Namespace {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == Self::ANY {
            return Ok(Self::everything());
        }
        let (realm, path) = text.split_once(':').unwrap_or((Self::TERRAFORM, text));
        let is_word = |word: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
            !word.is_empty() && word.chars().all(known)
        };
        let whole_realm = text.contains(':') && path.is_empty();
        let good = is_word(realm) && (whole_realm || path.split('/').all(is_word));
        if !good || text.len() > Self::MAX_LENGTH {
            let shown = crate::text::prefix(text, 160);
            return Err(Error::invalid(format!("{shown:?} is not a namespace")).hint(
                "write a group or workspace as acme/network, another platform's as \
                 harness:default/web, all of a platform as harness:, everything as *",
            ));
        }
        Ok(Self::new(realm, path))
    }
}

/// One role of one subject in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// A principal's id, or a team's: of one subject, the nearest grant counts.
    pub subject: Arc<str>,
    pub namespace: Namespace,
    pub role: Role,
}

/// How far a caller's word reaches.
#[derive(Clone, Debug)]
pub enum Authority {
    /// The operator of this installation.
    Everything,
    /// These roles and nothing else, ordered by subject and then the nearest first.
    Granted(Arc<[Grant]>),
}

impl Authority {
    pub fn nothing() -> Self {
        Self::Granted(Arc::from([]))
    }

    /// The grants in the order that the rules rely on.
    pub fn granted(mut grants: Vec<Grant>) -> Self {
        grants.sort_by(|one, other| {
            let nearness = other.namespace.nearness().cmp(&one.namespace.nearness());
            one.subject.cmp(&other.subject).then(nearness)
        });
        Self::Granted(grants.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(text: &str) -> Namespace {
        text.parse().unwrap()
    }

    #[test]
    fn namespaces_are_read_as_they_are_written() {
        for text in ["acme", "acme/net", "harness:default/web", "harness:", "tharsis:", "*"] {
            assert_eq!(namespace(text).to_string(), text);
        }
        let long = "a".repeat(Namespace::MAX_LENGTH + 1);
        for wrong in ["", "/acme", "acme/", "a//b", ":", ":x", "a b", "harness:a/", "é", &long] {
            assert!(wrong.parse::<Namespace>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_namespace_holds_what_is_below_it() {
        for (outer, inner, holds) in [
            ("acme", "acme", true),
            ("acme", "acme/net", true),
            ("acme", "acmes", false),
            ("acme/net", "acme", false),
            ("tharsis:", "acme", true),
            ("harness:", "acme", false),
            ("*", "harness:a/b", true),
            ("acme", "harness:acme", false),
        ] {
            assert_eq!(namespace(outer).holds(&namespace(inner)), holds, "{outer} {inner}");
        }
    }

    #[test]
    fn roles_are_ordered_and_round_trip() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        }
        assert!("admin".parse::<Role>().is_err());
    }
}
