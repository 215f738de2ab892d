//! Harness: software delivery as a service, over REST at one address and, for feature management,
//! at a second one.
//!
//! What data can say is in `registry/harness/`; here are the hooks it names, how an installation
//! is reached and what the platform's errors mean.

use pilothouse_model::text::{prefix, sanitize};
use url::Url;

use crate::{connector::adapter::Adapter, transport::Dialect};

pub mod address;
mod body;
mod config;
mod diagnose;
pub mod execution;
mod exemption;
mod hooks;
mod log;
mod perspective;
mod refine;
mod refusal;
mod run;
mod schema;
mod status;
mod visual;

pub use config::{HarnessConfig, LINK};

pub(crate) static ADAPTER: Adapter = Adapter {
    platform: "harness",
    hooks: hooks::HOOKS,
    body_hooks: body::BODY_HOOKS,
    views: &[],
    completions: &[],
    protocol: None,
    normalize: |_| {},
    dialect: Dialect {
        refusal: refusal::read,
        disguised: refusal::disguised,
        server_error_passes: true,
        is_mirrored,
    },
    settings: &[("org_id", config::ORG), ("project_id", config::PROJECT)],
    place_fields: &[
        ("org_id", &["orgIdentifier", "organizationIdentifier", "orgId", "org_id"]),
        ("project_id", &["projectIdentifier", "projectId", "project_id"]),
    ],
};

/// Links to the storage of Harness' own installation, which others serve under their address.
fn is_mirrored(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host.ends_with(".harness.io") && url.path().starts_with("/storage/")
}

/// Longest message of the platform that is passed on, in bytes.
const MAX_MESSAGE: usize = 4000;

/// A text of somebody else's, cleaned and bounded.
fn clean(text: &str) -> String {
    let clean = sanitize(text);
    prefix(clean.trim(), MAX_MESSAGE).to_owned()
}
