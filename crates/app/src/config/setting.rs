//! What can be configured. Each concern declares its settings next to its struct; [`GROUPS`] is
//! the one table of them all, and `docs/reference/environment.md` is written from it.

use std::borrow::Cow;

use super::{
    access, data, github, harness, limit, log, mail, policy, server, sign_in, terraform, tharsis,
};

/// One value that an operator may set.
#[derive(Debug)]
pub struct Setting {
    /// Section and name in the configuration file.
    pub key: &'static str,
    pub variable: &'static str,
    /// Older names of the variable, read when the current one is not set.
    pub aliases: &'static [&'static str],
    /// A variable of a server that we replace, whose numbers are of this unit.
    pub scaled: Option<(&'static str, &'static str)>,
    /// What a valid value is; completes "expected …".
    pub expects: &'static str,
    pub about: &'static str,
    /// Never shown in messages.
    pub secret: bool,
    pub nearby: Nearby,
}

/// When a variable counts that stands in the `.env` of the directory where the program starts. The
/// directory may be somebody else's: it must not send the operator's key elsewhere, let writes
/// through, or undo what the operator forbade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearby {
    Always,
    /// When every key that is used stands there, too: then it is about their owner's account.
    BesideKey,
    /// As `BesideKey`, and where nobody else says anything: all it can do then is forbid.
    Forbids,
    Never,
}

impl Setting {
    pub(super) const fn new(
        key: &'static str,
        variable: &'static str,
        expects: &'static str,
        about: &'static str,
    ) -> Self {
        Self {
            key,
            variable,
            aliases: &[],
            scaled: None,
            expects,
            about,
            secret: false,
            nearby: Nearby::Always,
        }
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(super) const fn nearby(mut self, nearby: Nearby) -> Self {
        self.nearby = nearby;
        self
    }

    pub(super) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The value of one of its variables, with the unit that it counts.
    pub(super) fn text_of<'t>(&self, variable: &str, text: &'t str) -> Cow<'t, str> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        match self.scaled {
            Some((scaled, unit)) if scaled == variable && is_number => {
                Cow::Owned(format!("{text}{unit}"))
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// `variable` is read when no other one is set; a bare number in it counts `unit`.
    pub(super) const fn scaled(mut self, variable: &'static str, unit: &'static str) -> Self {
        self.scaled = Some((variable, unit));
        self
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = &'static str> {
        let older = self.aliases.iter().copied().chain(self.scaled.map(|(variable, _)| variable));
        std::iter::once(self.variable).chain(older)
    }
}

/// The settings of one concern.
#[derive(Debug)]
pub struct Group {
    pub title: &'static str,
    pub about: &'static str,
    pub settings: &'static [&'static Setting],
}

pub static GROUPS: [&Group; 12] = [
    &server::GROUP,
    &data::GROUP,
    &log::GROUP,
    &policy::GROUP,
    &access::GROUP,
    &sign_in::GROUP,
    &github::GROUP,
    &limit::GROUP,
    &mail::GROUP,
    &terraform::GROUP,
    &tharsis::GROUP,
    &harness::GROUP,
];

/// Names the configuration file itself, so it cannot be a setting in it.
pub const FILE_VARIABLE: &str = "PILOTHOUSE_CONFIG";

/// Read by the MCP clients that `pilothouse connect --url` configures, not by Pilothouse.
pub const TOKEN_VARIABLE: &str = "PILOTHOUSE_TOKEN";

pub(super) fn all() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings.iter().copied())
}

/// Variables that start with this are ours: an unknown one is a spelling mistake.
pub(super) const OWN_PREFIX: &str = "PILOTHOUSE_";

pub(super) fn known_variables() -> impl Iterator<Item = &'static str> {
    all().flat_map(Setting::variables).chain([FILE_VARIABLE, TOKEN_VARIABLE])
}
