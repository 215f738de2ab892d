//! Tharsis' two spellings of an identifier: the opaque [`Gid`] and the readable [`Trn`].
//! Source: `contracts/tharsis/platform.json`, `identifiers`.

mod gid;
mod resource_type;
mod trn;

pub use gid::Gid;
pub use resource_type::ResourceType;
pub use trn::Trn;
