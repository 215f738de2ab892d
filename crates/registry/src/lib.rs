//! What exists: the platforms, their resource types and operations, and the MCP surfaces over
//! them, all as data; and what is known about them: documentation, Terraform's errors.
//!
//! Pure: it reads nothing but the files embedded in the binary, talks to nobody, and knows
//! neither HTTP nor MCP. Start at [`Catalog`].

pub mod binding;
mod catalog;
pub mod coerce;
pub mod definition;
pub mod describe;
mod embedded;
pub mod example;
pub mod knowledge;
mod link;
mod load;
mod name;
mod nearest;
mod pointer;
pub mod prompt;
pub mod resource;
pub mod schema;
pub mod search;
pub mod spec;
pub mod surface;

pub use binding::{Binding, Method, Place};
pub use catalog::{Catalog, PlatformCatalog, Types};
pub use link::Link;
pub use load::{Fault, LoadError};
pub use name::MAX_NAME;
pub use nearest::nearest;
pub use pointer::{Pointer, PointerError};
pub use resource::{Argument, Operation, Paging, ResourceType, Rest, Wait};
