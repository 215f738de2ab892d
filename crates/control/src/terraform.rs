//! The embedded Terraform workspace platform: a server of Tharsis' own API.
//!
//! From the outside in: `api` speaks gRPC and REST, `service` validates and decides, `lifecycle`
//! moves runs by the rules of `state`, `worker` executes jobs through [`Runner`]. What is stored
//! is in the store crate; what is too large for it lies in files below the data directory.

pub mod executor;
pub mod operator;

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

use pilothouse_access::service_account::token::Tokens;

pub use config::{Clock, Config};
pub use feed::{Change, Notice, Watch};
pub use platform::Terraform;
pub use runner::Runner;

/// Where service accounts sign in, which is the one thing here that needs no
/// [`Caller`](pilothouse_model::Caller): REST as it is and below `prefix`, and gRPC.
pub fn token_routes(tokens: &std::sync::Arc<Tokens>, prefix: &str) -> axum::Router {
    api::token_routes(tokens, prefix)
}
