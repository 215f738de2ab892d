//! `deny.toml`: which third-party crates, licences and sources are admitted.
//!
//! The file keeps cargo-deny's own format, so that program can check it too; here the same rules
//! are a test, because building the program costs more than the rest of the checks together.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub graph: Graph,
    pub licenses: Licences,
    pub bans: Bans,
    pub sources: Sources,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    /// The target triples that we support; crates for others are not looked at.
    pub targets: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licences {
    /// SPDX identifiers that any crate may have.
    pub allow: Vec<String>,
    #[serde(default)]
    pub exceptions: Vec<LicenceException>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceException {
    #[serde(rename = "crate")]
    pub name: String,
    pub allow: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bans {
    pub multiple_versions: Level,
    pub deny: Vec<Reasoned>,
    /// `name@version` of the copies that are tolerated beside the current one.
    #[serde(default)]
    pub skip: Vec<Reasoned>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasoned {
    #[serde(rename = "crate")]
    pub name: String,
    pub reason: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sources {
    pub unknown_registry: Level,
    pub unknown_git: Level,
    pub allow_registry: Vec<String>,
}

/// We only know one level; anything else in the file would be a rule that nobody enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    Deny,
}

impl Policy {
    pub fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join("deny.toml")).context("deny.toml")?;
        toml::from_str(&text).context("deny.toml")
    }
}
