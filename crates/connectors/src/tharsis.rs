//! Tharsis: Terraform workspaces and runs, over gRPC and a few REST paths. The same connector
//! speaks to a remote installation and to the embedded platform.
//!
//! What data can say is in `registry/tharsis/`; here are the hooks and views it names.

use pilothouse_model::text::{prefix, sanitize};

use crate::{connector::adapter::Adapter, protocol, transport::Dialect};

mod answer;
mod archive;
mod cause;
mod change;
mod completion;
mod config;
mod configuration;
mod diagnose;
mod diagnostic;
mod documentation;
mod hooks;
mod installation;
mod job;
mod log;
mod next;
mod plan;
mod preview;
mod reference;
mod run;
mod state;
mod view;
mod workspace;

pub use config::TharsisConfig;

pub(crate) static ADAPTER: Adapter = Adapter {
    platform: "tharsis",
    hooks: hooks::HOOKS,
    body_hooks: &[],
    views: view::VIEWS,
    completions: completion::COMPLETIONS,
    protocol: Some(|| &protocol::THARSIS),
    normalize: reference::drop_empty_ids,
    dialect: Dialect::PLAIN,
    settings: &[],
    place_fields: &[],
};

/// Longest message of the platform that is passed on, in bytes.
const MAX_MESSAGE: usize = 4000;

/// A text of somebody else's, cleaned and bounded.
fn clean(text: &str) -> String {
    let clean = sanitize(text);
    prefix(clean.trim(), MAX_MESSAGE).to_owned()
}
