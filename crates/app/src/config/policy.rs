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

const POLICIES: Setting = Setting::new(
    "policy.directory",
    "PILOTHOUSE_POLICIES",
    "a directory",
    "Cedar policies of your own: what is forbidden, what always needs a person, what does not.",
);

pub(super) static GROUP: Group = Group {
    title: "Policy",
    about: "Writes ask a person unless this says otherwise.",
    settings: &[&AUTO_APPROVE, &READ_ONLY, &POLICIES],
};

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Policy> {
    let auto_approve = reader.required(&AUTO_APPROVE, |text| text.parse().ok());
    let read_only = reader.required(&READ_ONLY, parse::flag);
    Some(Policy { auto_approve: auto_approve?, read_only: read_only?, written: None })
}

/// Where the operator's own policies are.
pub(super) fn policies(reader: &mut Reader<'_>) -> Option<PathBuf> {
    reader.optional(&POLICIES, parse::path)
}
