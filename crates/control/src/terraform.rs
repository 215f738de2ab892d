//! The embedded Terraform workspace platform: a server of Tharsis' own API.
//!
//! From the outside in: `api` speaks gRPC and REST, `service` validates and decides, `lifecycle`
//! moves runs by the rules of `state`, `worker` executes jobs through [`Runner`]. What is stored
//! is in the store crate; what is too large for it lies in files below the data directory.

pub mod executor;

mod api;
mod config;
mod feed;
mod file;
mod lifecycle;
mod limit;
mod platform;
mod reference;
mod rule;
mod runner;
mod service;
mod state;
mod state_file;
mod worker;

pub use config::{Clock, Config};
pub use feed::{Change, Notice, Watch};
pub use platform::Terraform;
pub use runner::Runner;
