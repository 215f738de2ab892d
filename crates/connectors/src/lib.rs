//! How Pilothouse talks to platforms: operations of the registry become requests, requests travel
//! over a [`Transport`], answers come back in one normal form.
//!
//! A connector never knows whether its platform is far away or embedded in this process. Nothing
//! here decides who may do what, stores anything, or reads the environment.

mod connector;
mod connectors;
pub mod harness;
mod pace;
mod protocol;
mod request;
mod retry;
pub mod tharsis;
pub mod transport;
pub mod yaml;

pub use connector::{
    Connector, Options, Rate,
    hook::{Hook, HookContext},
    scope::{Progress, Scope},
};
pub use connectors::Connectors;
pub use request::{Prepared, ScopeDefaults, encode_segment, prepare};
pub use transport::{Limits, Transport};
