//! How much one caller may ask for.

use std::num::NonZeroU32;

use super::{
    parse,
    reader::Reader,
    setting::{Group, Setting},
};

#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// On average, for one principal.
    pub calls_per_second: NonZeroU32,
}

const CALLS_PER_SECOND: Setting = Setting::new(
    "limit.calls_per_second",
    "PILOTHOUSE_CALLS_PER_SECOND",
    "a number of at least 1",
    "Tool calls that one caller may make, on average.",
);

pub(super) static GROUP: Group = Group {
    title: "Limits",
    about: "How much one caller may ask for.",
    settings: &[&CALLS_PER_SECOND],
};

impl Limit {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self { calls_per_second: reader.required(&CALLS_PER_SECOND, parse::positive)? })
    }
}
