//! The registry as the rest of the product uses it: resource types and operations, checked and
//! resolved. Made by the loader; knows nothing of files.

use std::collections::BTreeMap;

use pilothouse_model::Risk;
use serde_json::Value;

pub use crate::spec::{Level, Retry};
use crate::{
    binding::{Binding, Method, PathTemplate, Place},
    link::Link,
    pointer::Pointer,
    spec::Arg,
};

/// A kind of thing of one platform.
#[derive(Clone, Debug)]
pub struct ResourceType {
    /// `platform.type`, unique in the product.
    pub id: String,
    pub platform: String,
    /// The part of `id` after the dot.
    pub name: String,
    pub toolset: String,
    pub title: String,
    pub about: String,
    pub aliases: Vec<String>,
    pub fields: BTreeMap<String, String>,
    /// See [`crate::spec::Resource::summary`].
    pub summary: Vec<String>,
    pub wait: Option<Wait>,
    pub link: Option<Link>,
    /// By name, internal ones included.
    pub operations: BTreeMap<String, Operation>,
}

/// One thing that can be done with a resource type.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `platform.type.operation`, unique in the product.
    pub id: String,
    pub name: String,
    pub about: String,
    pub binding: Binding,
    /// Requests that some arguments call for, in the order they are tried.
    pub routes: Vec<Route>,
    /// What makes the body of the request from the arguments placed at [`Place::Hook`].
    pub body_hook: Option<String>,
    pub scope: Scope,
    /// A server of the platform other than its main one.
    pub host: Option<String>,
    /// The body's media type, if it is not JSON.
    pub content_type: Option<String>,
    /// The least risk; ask [`Operation::risk_with`] when the arguments are known.
    pub risk: Risk,
    pub risk_if: BTreeMap<String, Risk>,
    pub retry: Retry,
    /// Only hooks call it.
    pub internal: bool,
    /// The argument that names what the operation acts on.
    pub target: Option<String>,
    /// See [`crate::spec::Operation::preview`].
    pub preview: Option<String>,
    /// By name; a paged operation has `limit` and `cursor` among them.
    pub args: BTreeMap<String, Argument>,
    /// Sent with every request.
    pub constants: Vec<(Place, Value)>,
    pub paging: Option<Paging>,
    /// Where the answer has the list.
    pub items: Option<Pointer>,
    /// Where the answer has the result, if that is not the whole answer.
    pub result: Option<Pointer>,
    /// Secrets in the result, or in each item of a list.
    pub masked: Vec<Pointer>,
    pub starts: Option<Starts>,
}

/// Something that an operation sets going: its type, and where the result has its id.
#[derive(Clone, Debug)]
pub struct Starts {
    pub kind: String,
    pub id: Pointer,
}

/// An argument and its place in the request.
#[derive(Clone, Debug)]
pub struct Argument {
    pub spec: Arg,
    pub place: Place,
    /// Places that get the same value.
    pub also: Vec<Place>,
    /// Places that get the value only if the call itself gives it.
    pub if_given: Vec<Place>,
    /// Fields of an object that go elsewhere, without the object.
    pub moved: BTreeMap<String, Vec<Place>>,
}

impl Argument {
    /// An argument with one place.
    pub fn new(spec: Arg, place: Place) -> Self {
        Self { spec, place, also: Vec::new(), if_given: Vec::new(), moved: BTreeMap::new() }
    }

    /// All places that get the value.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        std::iter::once(&self.place).chain(&self.also)
    }
}

/// Where the request carries the installation's account, and how much must be known of where it
/// acts. Organization and project are arguments: [`Scope::ORG`] and [`Scope::PROJECT`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub account: Vec<Place>,
    pub required: Level,
}

/// See [`crate::spec::Route`].
#[derive(Clone, Debug)]
pub struct Route {
    pub given: Vec<String>,
    pub when: BTreeMap<String, String>,
    pub method: Method,
    pub path: PathTemplate,
    pub account: Vec<Place>,
    pub host: Option<String>,
    pub content_type: Option<String>,
    pub constants: Vec<(Place, Value)>,
}

/// What an answer of a paged operation says about the rest. The places of limit and cursor are
/// those of the arguments [`Paging::LIMIT`] and [`Paging::CURSOR`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    pub next: Option<Pointer>,
    pub more: Option<Pointer>,
    pub total: Option<Pointer>,
    /// The cursor is a page number that starts here and goes up by one.
    pub first_page: Option<u64>,
    /// The cursor is the number of an item, starts here and goes up by the limit.
    pub first_item: Option<u64>,
    pub default: u64,
    pub max: u64,
}

/// See [`crate::spec::Wait`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    pub field: Pointer,
    pub done: Vec<String>,
    pub paused: Vec<String>,
    pub failed: Vec<String>,
}

/// Why a long-running instance does not move on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    Done,
    /// Somebody must act.
    Paused,
    Failed,
}

impl Paging {
    pub const LIMIT: &str = "limit";
    pub const CURSOR: &str = "cursor";
}

impl Scope {
    /// A placeholder, never an argument: the account is the installation's.
    pub const ACCOUNT: &str = "account_id";
    pub const ORG: &str = "org_id";
    pub const PROJECT: &str = "project_id";

    /// Whether the argument of this name must be known.
    pub fn requires(&self, name: &str) -> bool {
        match name {
            Self::ORG => self.required >= Level::Org,
            Self::PROJECT => self.required >= Level::Project,
            _ => false,
        }
    }
}

impl ResourceType {
    /// The operations that callers may use, in order of their names.
    pub fn public_operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values().filter(|operation| !operation.internal)
    }
}

impl Operation {
    /// The risk of this call: some arguments, when true, make an operation riskier.
    pub fn risk_with(&self, arguments: &serde_json::Map<String, Value>) -> Risk {
        self.risk_if
            .iter()
            .filter(|(name, _)| arguments.get(*name) == Some(&Value::Bool(true)))
            .map(|(_, risk)| *risk)
            .fold(self.risk, Risk::max)
    }

    /// The value that names what this call acts on, as the caller wrote it.
    pub fn target_in<'a>(&self, arguments: &'a serde_json::Map<String, Value>) -> Option<&'a str> {
        arguments.get(self.target.as_deref()?)?.as_str()
    }

    /// The name within its type, and the type's id: `("tharsis.run", "get")`.
    pub fn type_id(&self) -> &str {
        self.id.rsplit_once('.').map_or("", |(type_id, _)| type_id)
    }
}

impl Wait {
    /// Whether `instance`, a result of `get`, has come to rest; `None` while it is under way.
    pub fn rest(&self, instance: &Value) -> Option<Rest> {
        let state = self.field.get(instance)?.as_str()?;
        let is_in =
            |values: &[String]| values.iter().any(|value| value.eq_ignore_ascii_case(state));
        if is_in(&self.done) {
            Some(Rest::Done)
        } else if is_in(&self.paused) {
            Some(Rest::Paused)
        } else if is_in(&self.failed) {
            Some(Rest::Failed)
        } else {
            None
        }
    }
}
