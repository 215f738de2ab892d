//! What a registry file may say. The vocabulary is closed: an unknown key is an error, and what
//! data cannot express names a hook, a Rust function of that platform's connector.

use std::collections::BTreeMap;

use pilothouse_model::Risk;
use serde::Deserialize;

/// `registry/<platform>/platform.toml`: what all toolsets of one platform share.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    pub name: String,
    pub title: String,
    pub about: String,
    /// Pagination styles by the name operations use for them.
    #[serde(default)]
    pub page: BTreeMap<String, Page>,
}

/// `registry/<platform>/<toolset>.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolset {
    pub toolset: ToolsetHead,
    #[serde(default)]
    pub resource: BTreeMap<String, Resource>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolsetHead {
    pub name: String,
    pub about: String,
}

/// A kind of thing: what it is and what can be done with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    pub title: String,
    pub about: String,
    /// Other words people use for it; searched, and accepted where a type is asked for.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Fields of an answer worth knowing about, with what they mean.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// How to tell that a long-running instance has come to rest.
    pub wait: Option<Wait>,
    pub op: BTreeMap<String, Operation>,
}

/// Where an instance shows its progress, and which values are final.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// JSON pointer into the result of `get`.
    pub field: String,
    /// Final values that mean success.
    pub done: Vec<String>,
    /// Values that need somebody to act before anything else happens.
    #[serde(default)]
    pub paused: Vec<String>,
    /// Final values that mean failure.
    pub failed: Vec<String>,
}

/// One thing that can be done. `list`, `get`, `create`, `update`, `delete`, `logs`, `diagnose`
/// and `status` have verbs of their own; any other name is an action.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    pub about: Option<String>,
    /// `METHOD /path/{placeholder}`.
    pub http: Option<String>,
    /// `Service.Method`, as in `Runs.GetRunByID`.
    pub grpc: Option<String>,
    /// Instead of a request: a function of the connector, which may call other operations.
    pub hook: Option<String>,
    pub risk: Risk,
    pub retry: Retry,
    #[serde(default)]
    pub args: BTreeMap<String, Arg>,
    /// Pagination style, defined in the platform file.
    pub page: Option<String>,
    /// JSON pointer to the list in the answer.
    pub items: Option<String>,
    /// JSON pointer to the part of the answer that is the result.
    pub result: Option<String>,
}

/// Whether a request whose fate is unknown may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Repeating it changes nothing more.
    Safe,
    /// It is retried only when the platform certainly did not act on it (429, connection refused).
    Never,
}

/// An argument: its type, its place in the request, what it means.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arg {
    #[serde(rename = "type", default)]
    pub kind: ArgType,
    #[serde(default)]
    pub required: bool,
    pub about: String,
    /// Where it goes: `path`, `query:name`, `header:name`, `body:/pointer`, or `hook` (the hook
    /// reads it). Without it: the path if a placeholder has this name, else the query of a GET or
    /// the body of anything else, under the argument's own name.
    pub to: Option<String>,
    /// The values allowed.
    #[serde(default)]
    pub values: Vec<String>,
    pub default: Option<toml::Value>,
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
    /// Longest accepted text in bytes; [`Arg::MAX_TEXT`] without it.
    pub max_length: Option<usize>,
    /// Never stored, shown or logged.
    #[serde(default)]
    pub secret: bool,
}

impl Arg {
    /// The bound on a text argument that states none.
    pub const MAX_TEXT: usize = 4096;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgType {
    #[default]
    String,
    Integer,
    Number,
    Boolean,
    Object,
    /// Text to text.
    Map,
    /// A list of texts.
    Array,
    Any,
}

/// How a platform pages: where limit and cursor go, and where the answer says what follows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Same grammar as [`Arg::to`].
    pub limit: String,
    pub cursor: String,
    /// JSON pointer to the next cursor; absent for styles that count pages.
    pub next: Option<String>,
    /// JSON pointer to "there is more".
    pub more: Option<String>,
    /// JSON pointer to the total count.
    pub total: Option<String>,
    /// The cursor is a page number that starts here and goes up by one.
    pub first_page: Option<u64>,
    pub default: u64,
    pub max: u64,
}
