//! What a registry file may say. The vocabulary is closed: an unknown key is an error, and what
//! data cannot express names a hook, a Rust function of that platform's connector.
//!
//! These are the files as written. [`crate::resource`] holds the same things checked and resolved.

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
    /// Arguments that many operations take; an operation names them in `shared`.
    #[serde(default)]
    pub args: BTreeMap<String, Arg>,
    /// How requests say in which account, organization and project they act, by the name types
    /// and operations use for it.
    #[serde(default)]
    pub scope: BTreeMap<String, Scope>,
    /// Servers of the platform besides its main one, by name, with what they are for.
    #[serde(default)]
    pub host: BTreeMap<String, String>,
}

/// Where a request carries the account, organization and project it acts in. The account is the
/// installation's; the others are arguments, `org_id` and `project_id`. A path may have
/// placeholders of these names, and `account_id`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Written as [`Arg::to`], like the other two.
    #[serde(default)]
    pub account: Vec<String>,
    /// Without it there is no argument `org_id`; empty if it only fills a placeholder.
    pub org: Option<Vec<String>>,
    /// Without it there is no argument `project_id`; empty if it only fills a placeholder.
    pub project: Option<Vec<String>>,
    /// Places that get the organization only if the call itself names it.
    #[serde(default)]
    pub named_org: Vec<String>,
    /// Places that get the project only if the call itself names it.
    #[serde(default)]
    pub named_project: Vec<String>,
    /// What must be known. A call that leaves it out acts where the installation says; anything
    /// below it is sent only if the call names it.
    #[serde(default)]
    pub required: Level,
}

/// How narrow a scope is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[default]
    Account,
    Org,
    Project,
}

/// `registry/<platform>/<toolset>.toml`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Toolset {
    pub toolset: ToolsetHead,
    #[serde(default)]
    pub resource: BTreeMap<String, Resource>,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ToolsetHead {
    pub name: String,
    pub about: String,
}

/// A kind of thing: what it is and what can be done with it.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// What an item of a short list keeps of the thing, beside what every type keeps (identifiers,
    /// names, states, times): `sourceBranch`, or `app.status.health` for a field of a field.
    #[serde(default)]
    pub summary: Vec<String>,
    /// How to tell that a long-running instance has come to rest.
    pub wait: Option<Wait>,
    /// Its operations' scope, defined in the platform file.
    pub scope: Option<String>,
    /// The path of its page in the platform's web pages. A placeholder names what may fill it, the
    /// best first: fields of the thing, arguments of the call.
    pub link: Option<String>,
    pub op: BTreeMap<String, Operation>,
}

/// Where an instance shows its progress, and which values are final. Values are compared without
/// regard to ASCII case: one platform may spell a state differently on its two wires.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// What it does, for someone choosing between operations; the plain verbs can do without.
    pub about: Option<String>,
    /// `METHOD /path/{placeholder}`.
    pub http: Option<String>,
    /// `Service.Method`, as in `Runs.GetRunByID`.
    pub grpc: Option<String>,
    /// Instead of a request: a function of the connector, which may call other operations.
    pub hook: Option<String>,
    /// With `http`: a function of the connector that makes the body from the arguments whose
    /// place is `hook`. Everything else about the request stays data.
    pub body_hook: Option<String>,
    /// Other requests for the same thing: the first one whose arguments are all given is sent
    /// instead of `http`.
    #[serde(default)]
    pub route: Vec<Route>,
    /// Instead of the type's scope.
    pub scope: Option<String>,
    /// The server to ask, named in the platform file; the platform's main one without it.
    pub host: Option<String>,
    /// What the body is, if not JSON. A text travels as it is, anything else as JSON, which is
    /// YAML too; an object as a form, if this is `multipart/form-data`.
    pub content_type: Option<String>,
    #[cfg_attr(test, schemars(with = "RiskName"))]
    pub risk: Risk,
    /// A boolean argument that is true makes the operation at least this risky.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, RiskName>"))]
    pub risk_if: BTreeMap<String, Risk>,
    pub retry: Retry,
    /// Only hooks call it: never listed, described, searched or offered.
    #[serde(default)]
    pub internal: bool,
    /// The argument that names what the operation acts on; `id` without it, if there is one.
    pub target: Option<String>,
    /// For a write: the read of the same type that tells, as the `text` of its answer, what the
    /// write would carry out. It gets those of the write's arguments that it has itself, and the
    /// person who decides reads what it says.
    pub preview: Option<String>,
    /// Arguments taken over from the platform file.
    #[serde(default)]
    pub shared: Vec<String>,
    #[serde(default)]
    pub args: BTreeMap<String, Arg>,
    /// Constants that every request carries, by place: the keys are written as [`Arg::to`].
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub set: BTreeMap<String, toml::Value>,
    /// Pagination style, defined in the platform file. Gives the operation the arguments `limit`
    /// and `cursor`.
    pub page: Option<String>,
    /// JSON pointer to the total count, instead of the page style's.
    pub total: Option<String>,
    /// JSON pointer to the list in the answer.
    pub items: Option<String>,
    /// JSON pointer to the part of the answer that is the result.
    pub result: Option<String>,
    /// JSON pointers to secrets in the result, or in each item of a list; nobody gets to see them.
    #[serde(default)]
    pub masked: Vec<String>,
    /// What goes on after the answer, and can be waited for.
    pub starts: Option<Starts>,
}

/// Something that an operation sets going.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Starts {
    /// Its type, of the same platform; it has a `wait`.
    #[serde(rename = "type")]
    pub kind: String,
    /// JSON pointer to its id in the result.
    pub id: String,
}

/// A request that some arguments call for.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Arguments that must all be given, by the call itself or, in a scope that requires them, by
    /// the installation. What is false counts as not given.
    #[serde(default)]
    pub given: Vec<String>,
    /// Arguments that must have these values. One that has no place of its own only chooses. If they
    /// do, what must be given is required.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    /// As [`Operation::http`].
    pub http: String,
    /// Where the account goes, instead of the operation's scope, which keeps to say where the
    /// organization and the project go.
    pub scope: Option<String>,
    /// Instead of the operation's.
    pub host: Option<String>,
    /// Instead of the operation's.
    pub content_type: Option<String>,
    /// Constants of this request beside the operation's, as [`Operation::set`].
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub set: BTreeMap<String, toml::Value>,
}

/// Whether a request whose fate is unknown may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Repeating it changes nothing more.
    Safe,
    /// It is retried only when the platform certainly did not act on it (429, connection refused).
    Never,
}

/// An argument: its type, its place in the request, what it means.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the files")]
pub struct Arg {
    #[serde(rename = "type", default)]
    pub kind: ArgType,
    #[serde(default)]
    pub required: bool,
    pub about: String,
    /// Where it goes: `path`, `query:name`, `header:name`, `body:/pointer` (`body:` is the whole
    /// body), or `hook` (the hook reads it, or a route asks for it). Without it: the hook if there is one, the path if a
    /// placeholder has this name, else the query of a GET or DELETE or the body of anything else,
    /// under the argument's own name. A field of an argument goes where its object goes unless it
    /// has a place of its own, outside of the object.
    pub to: Option<String>,
    /// More places that get the same value.
    #[serde(default)]
    pub also: Vec<String>,
    /// The argument whose value this one takes if it is not given.
    pub from: Option<String>,
    /// Other names that callers give it; they are understood, not shown.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The values allowed.
    #[serde(default)]
    pub values: Vec<String>,
    #[cfg_attr(test, schemars(with = "Option<serde_json::Value>"))]
    pub default: Option<toml::Value>,
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
    /// Longest accepted text in characters, of each text in a map or an array;
    /// [`Arg::MAX_TEXT`] without it.
    pub max_length: Option<usize>,
    /// Most entries of a map or array; [`Arg::MAX_ITEMS`] without it.
    pub max_items: Option<usize>,
    /// What an object, or each object in a list, consists of.
    #[serde(default)]
    pub fields: BTreeMap<String, Arg>,
    /// Of an object: the field that a text in its place stands for, as it is. Without it such a text
    /// is read as JSON or YAML.
    pub text: Option<String>,
    /// A list travels in the query as one text with commas, and not as one parameter for each item.
    #[serde(default)]
    pub joined: bool,
    /// An object takes fields that are not listed, too.
    #[serde(default)]
    pub open: bool,
    /// Never stored, shown or logged.
    #[serde(default)]
    pub secret: bool,
}

impl Arg {
    /// The bound on a text argument that states none.
    pub const MAX_TEXT: usize = 4096;
    /// The bound on the number of entries of a map or array that states none.
    pub const MAX_ITEMS: usize = 256;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArgType {
    #[default]
    String,
    Integer,
    Number,
    Boolean,
    Object,
    /// A list of objects.
    Objects,
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
    /// Same grammar as [`Arg::to`]; nowhere if the platform decides how long a page is.
    pub limit: Option<String>,
    pub cursor: String,
    /// JSON pointer to the next cursor; absent for styles that count pages.
    pub next: Option<String>,
    /// JSON pointer to "there is more".
    pub more: Option<String>,
    /// JSON pointer to the total count.
    pub total: Option<String>,
    /// The cursor is a page number that starts here and goes up by one.
    pub first_page: Option<u64>,
    /// The cursor is the number of an item, starts here and goes up by the limit.
    pub first_item: Option<u64>,
    pub default: u64,
    pub max: u64,
}

/// The spelling of a [`Risk`] in the published schema.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum RiskName {
    Read,
    LowWrite,
    MediumWrite,
    HighWrite,
    Destructive,
}

#[cfg(test)]
mod tests;
