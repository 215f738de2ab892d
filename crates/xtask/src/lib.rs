//! The rules of this repository as functions over data: each takes what it judges and returns the
//! violations as sentences. `tests/it` runs them on the repository, so `cargo test` enforces them.
//!
//! Development only: nothing may depend on this crate.

pub mod deploy;
pub mod layer;
pub mod licence;
pub mod limit;
pub mod link;
pub mod manifest;
pub mod module;
pub mod package;
pub mod page;
pub mod policy;
pub mod size;
pub mod text;
pub mod workspace;
