//! The generated messages and services.

#![allow(
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    unreachable_pub,
    dead_code,
    unused_qualifications,
    reason = "generated code"
)]

include!(concat!(env!("OUT_DIR"), "/server/tharsis.rs"));

pub(super) use martiancloud::tharsis::api::*;
