//! Which writes run without asking a person.

use std::path::PathBuf;

use pilothouse_access::Policy;

use super::{
    parse,
    reader::Reader,
    setting::{Group, Setting},
};

pub(super) const LEVELS: &str = "none, low_write, medium_write, high_write or all";

const AUTO_APPROVE: Setting = Setting::new(
    "policy.auto_approve",
    "PILOTHOUSE_AUTO_APPROVE",
    LEVELS,
    "The largest risk that runs without a person's approval.",
);
const READ_ONLY: Setting = Setting::new(
    "policy.read_only",
    "PILOTHOUSE_READ_ONLY",
    "true or false",
    "Refuses every write, approved or not.",
);

const RULES: Setting = Setting::new(
    "policy.rules",
    "PILOTHOUSE_RULES",
    "a directory",
    "Files with rules of your own: what is forbidden, and what always needs a person.",
);

pub(super) static GROUP: Group = Group {
    title: "Policy",
    about: "Writes ask a person unless this says otherwise.",
    settings: &[&AUTO_APPROVE, &READ_ONLY, &RULES],
};

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Policy> {
    let auto_approve = reader.required(&AUTO_APPROVE, |text| text.parse().ok());
    let read_only = reader.required(&READ_ONLY, parse::flag);
    Some(Policy { auto_approve: auto_approve?, read_only: read_only?, rules: None })
}

/// Where the operator's own rules are.
pub(super) fn rules(reader: &mut Reader<'_>) -> Option<PathBuf> {
    reader.optional(&RULES, parse::path)
}
