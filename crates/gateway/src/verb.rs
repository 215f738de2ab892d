//! The generic verbs: a dozen tools over every resource type of every platform.
//!
//! A verb only translates: its arguments become a [`Request`]. What may run, and how, is the call
//! path's business.

pub(crate) mod cursor;
mod describe;
mod diagnose;
mod execute;
mod get;
mod invocation;
pub(crate) mod list;
mod logs;
mod page;
mod placement;
mod reach;
mod schema;
mod search;
mod spelling;
mod status;
mod target;
mod wait;
mod write;

use pilothouse_model::{Error, Risk};
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(crate) use self::{
    invocation::{Follow, Invocation},
    reach::{Home, Reach},
    search::Search,
    status::Overview,
    target::Target,
    wait::Wait,
};

/// A tool call, resolved: what would be done, to what, and how risky it is.
pub(crate) enum Request {
    /// The registry knew the answer.
    Answer {
        verb: &'static str,
        value: Value,
    },
    Operation(Invocation),
    Search(Search),
    Overview(Overview),
    Wait(Wait),
}

impl Request {
    /// Whether the answer is made of our own files: it names secrets and holds none.
    pub(crate) fn is_answered_here(&self) -> bool {
        matches!(self, Self::Answer { .. })
    }

    pub(crate) fn operation(&self) -> &str {
        match self {
            Self::Answer { verb, .. } => verb,
            Self::Operation(invocation) => &invocation.name,
            Self::Search(_) => "search",
            Self::Overview(_) => "status",
            Self::Wait(wait) => &wait.get.name,
        }
    }

    pub(crate) fn risk(&self) -> Risk {
        match self {
            Self::Operation(invocation) => invocation.risk,
            Self::Answer { .. } | Self::Search(_) | Self::Overview(_) | Self::Wait(_) => Risk::Read,
        }
    }

    pub(crate) fn target(&self) -> Option<&str> {
        match self {
            Self::Operation(invocation) => invocation.target.as_deref(),
            Self::Wait(wait) => wait.get.target.as_deref(),
            Self::Answer { .. } | Self::Search(_) | Self::Overview(_) => None,
        }
    }
}

/// The arguments of a write that steer the call path instead of the platform.
#[derive(Debug, Default)]
pub(crate) struct Controls {
    pub(crate) dry_run: bool,
    pub(crate) approval_id: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

impl Controls {
    /// An operation has arguments of these names, too: they reach it inside of `params`.
    pub(crate) const NAMES: [&str; 3] = ["dry_run", Self::APPROVAL, "idempotency_key"];
    pub(crate) const APPROVAL: &str = "approval_id";

    /// Takes the controls out of `arguments`, which the tool's schema has admitted. An `approval_id`
    /// that none of our approvals can have stays: it may be the operation's own.
    pub(crate) fn split(
        mut arguments: Map<String, Value>,
    ) -> Result<(Self, Map<String, Value>), Error> {
        let text = |value: Option<Value>| match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(Error::invalid("approval_id and idempotency_key are texts")),
        };
        let is_foreign = |id: &Value| id.as_str().is_some_and(|id| Uuid::try_parse(id).is_err());
        let approval = match arguments.get(Self::APPROVAL) {
            Some(id) if is_foreign(id) => None,
            _ => arguments.remove(Self::APPROVAL),
        };
        let controls = Self {
            dry_run: arguments.remove("dry_run") == Some(Value::Bool(true)),
            approval_id: text(approval)?,
            idempotency_key: text(arguments.remove("idempotency_key"))?,
        };
        Ok((controls, arguments))
    }

    /// Their schema, for every tool that can write.
    pub(crate) fn properties() -> Map<String, Value> {
        let Value::Object(properties) = json!({
            "dry_run": {"type": "boolean", "description": "Only show the plan"},
            "approval_id": {"type": "string", "maxLength": 64,
                            "description": "From an earlier answer, once a person approved"},
            "idempotency_key": {"type": "string", "maxLength": 128,
                                "description": "A repeat with the same key returns the first result"},
        }) else {
            unreachable!("the literal is an object")
        };
        properties
    }
}

/// What a client may expect of a tool, beside its risk.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "these are the protocol's four annotations")]
pub(crate) struct Hints {
    pub(crate) read_only: bool,
    pub(crate) destructive: bool,
    pub(crate) idempotent: bool,
    pub(crate) open_world: bool,
}

impl Hints {
    pub(crate) const READ: Self =
        Self { read_only: true, destructive: false, idempotent: true, open_world: true };
    /// A read that leaves this process alone.
    pub(crate) const LOCAL: Self = Self { open_world: false, ..Self::READ };
    pub(crate) const WRITE: Self =
        Self { read_only: false, destructive: false, idempotent: false, open_world: true };
    pub(crate) const DESTROY: Self = Self { destructive: true, ..Self::WRITE };
}

/// A generic tool, as data.
pub(crate) struct Verb {
    /// Without the surface's prefix.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) hints: Hints,
    /// Properties of the input schema, in the order they are shown.
    pub(crate) properties: fn() -> Value,
    pub(crate) required: &'static [&'static str],
    /// Properties of the output schema.
    pub(crate) output: fn() -> Value,
    pub(crate) resolve: fn(Reach<'_>, Map<String, Value>) -> Result<Request, Error>,
}

/// Every verb, in the order clients see them.
pub(crate) static VERBS: [&Verb; 13] = [
    &describe::DESCRIBE,
    &schema::SCHEMA,
    &list::LIST,
    &get::GET,
    &write::CREATE,
    &write::UPDATE,
    &write::DELETE,
    &execute::EXECUTE,
    &search::SEARCH,
    &diagnose::DIAGNOSE,
    &status::STATUS,
    &logs::LOGS,
    &wait::WAIT,
];

/// The schema of the argument every verb over one thing has.
fn resource_type() -> Value {
    json!({"type": "string", "maxLength": 80,
           "description": "platform.type, e.g. tharsis.run; infra_describe lists them"})
}

fn id() -> Value {
    json!({"type": "string", "maxLength": 2048, "description": "Id or TRN of the instance"})
}

fn cursor() -> Value {
    json!({"type": "string", "maxLength": 2048,
           "description": "next_cursor of the answer before, for what follows"})
}

/// Arguments that only some operations take.
fn params() -> Value {
    json!({"type": "object", "description": "Further arguments of the operation; see infra_schema"})
}

/// A text argument that the schema has admitted.
fn take_text(arguments: &mut Map<String, Value>, name: &str) -> Option<String> {
    match arguments.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// An object argument that the schema has admitted; empty when it was left out.
fn take_object(arguments: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match arguments.remove(name) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}
