//! How much one caller, and one address, may ask for.

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
    /// To the MCP endpoints, from one network address.
    pub requests_per_minute: NonZeroU32,
}

const CALLS_PER_SECOND: Setting = Setting::new(
    "limit.calls_per_second",
    "PILOTHOUSE_CALLS_PER_SECOND",
    "a number of at least 1",
    "Tool calls that one caller may make, on average.",
);
const REQUESTS_PER_MINUTE: Setting = Setting::new(
    "limit.requests_per_minute",
    "PILOTHOUSE_REQUESTS_PER_MINUTE",
    "a number of at least 1",
    "Requests to the MCP endpoints from one network address, on average and at once. Behind a proxy \
     the address is the last one in X-Forwarded-For; of IPv6 the first 64 bits count.",
);

pub(super) static GROUP: Group = Group {
    title: "Limits",
    about: "How much one caller, and one address, may ask for.",
    settings: &[&CALLS_PER_SECOND, &REQUESTS_PER_MINUTE],
};

impl Limit {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let calls_per_second = reader.required(&CALLS_PER_SECOND, parse::positive);
        let requests_per_minute = reader.required(&REQUESTS_PER_MINUTE, parse::positive);
        Some(Self {
            calls_per_second: calls_per_second?,
            requests_per_minute: requests_per_minute?,
        })
    }
}
