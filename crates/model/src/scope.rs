//! Scopes: what a token is limited to, whatever its bearer may do otherwise.

use std::fmt;

use crate::Risk;

/// A set of scopes. A larger scope holds the smaller ones: `mcp:admin` holds `mcp:write`, which
/// holds `mcp:read` and every platform's `write`, which holds that platform's `read`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u16);

/// Names in the order in which they are written, and what a person reads before they consent.
const NAMES: [(&str, &str); 11] = [
    ("mcp:read", "look at everything you may see"),
    ("mcp:write", "change what you may change, within the policy"),
    ("mcp:admin", "administer Pilothouse itself"),
    ("harness:read", "look at Harness"),
    ("harness:write", "change things in Harness, within the policy"),
    ("tharsis:read", "look at Tharsis"),
    ("tharsis:write", "change things in Tharsis, within the policy"),
    ("mctl:read", "look at MCTL"),
    ("mctl:write", "change things in MCTL, within the policy"),
    ("thanos:read", "look at Thanos"),
    ("thanos:write", "change things in Thanos, within the policy"),
];

impl Scopes {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);
    pub const READ: Self = Self(1);
    pub const WRITE: Self = Self(2);
    pub const ADMIN: Self = Self(4);

    /// Every scope by name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// The scopes of a space-separated list. Words of others (`openid`, `offline_access`) are
    /// none of ours and left out.
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().fold(Self::NONE, |set, word| set.and(Self::named(word)))
    }

    fn named(word: &str) -> Self {
        NAMES.iter().position(|(name, _)| *name == word).map_or(Self::NONE, |at| Self(1 << at))
    }

    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// What both hold.
    #[must_use]
    pub fn within(self, limit: Self) -> Self {
        Self(self.closed().0 & limit.closed().0).shortest()
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this holds everything that `needed` names.
    pub fn holds(self, needed: Self) -> bool {
        needed.0 & !self.closed().0 == 0
    }

    /// Whether these permit an operation (`platform.type.name`) of this risk.
    pub fn permit(self, operation: &str, risk: Risk) -> bool {
        self.holds(Self::general(risk)) || self.holds(Self::of_platform(operation, risk))
    }

    /// All scopes to ask for at once, so that a client that has `self` may do it.
    #[must_use]
    pub fn step_up(self, operation: &str, risk: Risk) -> Self {
        let platform = Self::of_platform(operation, risk);
        let read = Self::of_platform(operation, Risk::Read);
        // A client that was given one platform is not asked to take all of them.
        if self.holds(read) && !self.holds(Self::READ) {
            return self.and(platform);
        }
        self.and(Self::READ).and(Self::general(risk))
    }

    /// What each scope of the set lets a client do.
    pub fn meanings(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.members().map(|at| NAMES[at])
    }

    fn members(self) -> impl Iterator<Item = usize> {
        (0..NAMES.len()).filter(move |at| self.0 & (1 << at) != 0)
    }

    fn general(risk: Risk) -> Self {
        if risk.is_read() { Self::READ } else { Self::WRITE }
    }

    /// The scope of an operation's platform; for what is of no platform, that of all.
    fn of_platform(operation: &str, risk: Risk) -> Self {
        let platform = operation.split('.').next().unwrap_or_default();
        let level = if risk.is_read() { "read" } else { "write" };
        let named =
            NAMES.iter().position(|(name, _)| name.split_once(':') == Some((platform, level)));
        named.map_or(Self::general(risk), |at| Self(1 << at))
    }

    fn closed(self) -> Self {
        let mut closed = self;
        if closed.0 & Self::ADMIN.0 != 0 {
            closed = closed.and(Self::WRITE);
        }
        if closed.0 & Self::WRITE.0 != 0 {
            closed = closed.and(Self::READ);
        }
        for at in (4..NAMES.len()).step_by(2) {
            if closed.0 & Self::WRITE.0 != 0 {
                closed = closed.and(Self(1 << at));
            }
            if closed.0 & ((1 << at) | Self::READ.0) != 0 {
                closed = closed.and(Self(1 << (at - 1)));
            }
        }
        closed
    }

    /// Without what a larger scope of the set holds anyway.
    fn shortest(self) -> Self {
        self.members().fold(self, |set, at| {
            let without = Self(set.0 & !(1 << at));
            if without.holds(Self(1 << at)) && at > 2 { without } else { set }
        })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.members().map(|at| NAMES[at].0).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_permits_what_it_names_and_what_that_holds() {
        for (scopes, operation, risk, expected) in [
            ("mcp:read", "tharsis.run.get", Risk::Read, true),
            ("mcp:read", "tharsis.run.apply", Risk::HighWrite, false),
            ("mcp:write", "tharsis.run.get", Risk::Read, true),
            ("mcp:admin", "tharsis.run.apply", Risk::Destructive, true),
            ("tharsis:write", "tharsis.run.apply", Risk::HighWrite, true),
            ("tharsis:write", "tharsis.run.get", Risk::Read, true),
            ("tharsis:read", "tharsis.run.apply", Risk::LowWrite, false),
            ("tharsis:write", "harness.pipeline.get", Risk::Read, false),
            ("tharsis:read", "infra_describe", Risk::Read, false),
            ("openid offline_access", "tharsis.run.get", Risk::Read, false),
        ] {
            assert_eq!(
                Scopes::parse(scopes).permit(operation, risk),
                expected,
                "{scopes} {operation}"
            );
        }
        assert!(Scopes::ALL.holds(Scopes::ADMIN) && !Scopes::WRITE.holds(Scopes::ADMIN));
    }

    #[test]
    fn a_step_up_names_all_that_is_needed_at_once() {
        for (has, risk, expected) in [
            ("", Risk::Read, "mcp:read"),
            ("mcp:read", Risk::HighWrite, "mcp:read mcp:write"),
            ("", Risk::LowWrite, "mcp:read mcp:write"),
            ("tharsis:read", Risk::LowWrite, "tharsis:read tharsis:write"),
        ] {
            let asked = Scopes::parse(has).step_up("tharsis.run.apply", risk);
            assert_eq!(asked.to_string(), expected, "{has}");
            assert!(asked.permit("tharsis.run.apply", risk));
        }
    }

    #[test]
    fn a_limit_keeps_what_both_sides_hold() {
        let asked = Scopes::parse("mcp:read mcp:write tharsis:write");
        for (limit, expected) in [
            ("mcp:admin", "mcp:read mcp:write"),
            ("mcp:read", "mcp:read"),
            ("tharsis:write", "tharsis:write"),
            ("", ""),
        ] {
            assert_eq!(asked.within(Scopes::parse(limit)).to_string(), expected, "{limit}");
        }
    }
}
