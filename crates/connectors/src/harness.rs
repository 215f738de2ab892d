//! Harness: software delivery as a service, over REST at one address and, for feature management,
//! at a second one.
//!
//! What data can say is in `registry/harness/`; here are the hooks it names, how an installation
//! is reached and what the platform's errors mean.

use crate::{connector::adapter::Adapter, transport::Dialect};

mod body;
mod config;
mod refusal;
mod yaml;

pub use config::HarnessConfig;

pub(crate) static ADAPTER: Adapter = Adapter {
    platform: "harness",
    hooks: &[],
    body_hooks: body::BODY_HOOKS,
    views: &[],
    protocol: None,
    normalize: |_| {},
    dialect: Dialect {
        refusal: refusal::read,
        disguised: refusal::disguised,
        server_error_passes: true,
    },
    settings: &[("org_id", config::ORG), ("project_id", config::PROJECT)],
};
