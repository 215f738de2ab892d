//! What a surface file may say: the MCP tools of one drop-in server, each mapped to an
//! operation or to a generic verb.

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
    /// Tools that each stand for one operation.
    #[serde(default)]
    pub tool: BTreeMap<String, Tool>,
    /// Generic tools, by the name of the verb behind each.
    #[serde(default)]
    pub verb: BTreeMap<String, Verb>,
    /// What stands before a verb's name in its tool's.
    #[serde(default)]
    pub prefix: String,
    /// Types that a search over everything asks first.
    #[serde(default)]
    pub search: Vec<String>,
    /// Toolsets that are not offered unless an operator asks for them.
    #[serde(default)]
    pub off: Vec<String>,
    /// Older names of toolsets.
    #[serde(default)]
    pub toolset_aliases: BTreeMap<String, String>,
}

/// A generic tool in the words of the server that the surface replaces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verb {
    pub title: String,
    pub about: String,
    /// The tool's own arguments; `to` names the verb's argument, or one of the operation as
    /// `params.name`.
    #[serde(default)]
    pub args: BTreeMap<String, Arg>,
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
