//! What a surface file may say: the MCP tools of one drop-in server, each mapped to an operation.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::spec::Arg;

/// `registry/<platform>/surface.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// The name the server reports, as the one it replaces does.
    pub server: String,
    pub title: String,
    pub instructions: String,
    pub tool: BTreeMap<String, Tool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    pub title: String,
    pub about: String,
    /// Groups tools for the server's own toolset switches.
    pub toolset: String,
    /// `type.operation` of the same platform.
    pub operation: String,
    /// The tool's own arguments where they differ from the operation's; `to` names the
    /// operation's argument. Arguments not listed are not offered.
    #[serde(default)]
    pub args: BTreeMap<String, Arg>,
    /// A function of the connector that turns the operation's result into the tool's.
    pub view: Option<String>,
    /// The result's fields in the compact notation of [`crate::schema::output`].
    #[serde(default)]
    pub output: toml::Table,
    #[serde(default)]
    pub idempotent: bool,
    #[serde(default)]
    pub open_world: bool,
}
