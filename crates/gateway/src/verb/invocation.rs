//! One operation of one connector with its arguments: what the call path plans and executes.

use std::{sync::Arc, time::Duration};

use pilothouse_connectors::Connector;
use pilothouse_model::{Error, Risk};
use pilothouse_registry::{
    Operation, Pointer, ResourceType, Wait, resource::Starts, surface::Tool,
};
use serde_json::{Map, Value};

use super::{Controls, cursor, target::id_argument};
use crate::Gateway;

pub(crate) struct Invocation {
    pub(crate) connector: Arc<Connector>,
    /// `type.operation`, as the connector knows it.
    pub(crate) operation: String,
    /// `platform.type.operation`, as people and records name it.
    pub(crate) name: String,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) risk: Risk,
    /// What it acts on, as the caller named it.
    pub(crate) target: Option<String>,
    /// The connector's function that reshapes the result for a drop-in tool.
    pub(crate) view: Option<String>,
    /// Whether the items of its list are shortened.
    pub(crate) compact: bool,
    /// Whether a page behind the only one that its list has is asked for.
    pub(crate) past_end: bool,
    /// What it starts, if the answer is to wait for that.
    pub(crate) follow: Option<Box<Follow>>,
}

/// What an operation starts, watched until it rests.
pub(crate) struct Follow {
    /// How it is looked at, but for its id.
    pub(crate) get: Invocation,
    /// Where the answer of the operation has the id, and the argument of `get` that takes it.
    pub(crate) id: Pointer,
    pub(crate) argument: String,
    pub(crate) rule: Wait,
    pub(crate) timeout: Duration,
    pub(crate) longest_pause: Duration,
}

impl Invocation {
    /// Reads `arguments` by the operation's schema.
    pub(crate) fn new(
        gateway: &Gateway,
        connector: Arc<Connector>,
        type_name: &str,
        operation: &str,
        arguments: Map<String, Value>,
    ) -> Result<Self, Error> {
        let spec = connector.catalog().resource_type(type_name)?.operation(operation)?;
        let mut arguments = gateway.schema(spec)?.read(arguments).map_err(hidden)?;
        cursor::open(spec, connector.instance(), &mut arguments)?;
        let name = format!("{type_name}.{operation}");
        connector.settle(&name, &mut arguments)?;
        Ok(Self {
            name: spec.id.clone(),
            risk: spec.risk_with(&arguments),
            target: spec.target_in(&arguments).map(str::to_owned),
            view: None,
            compact: false,
            past_end: false,
            follow: None,
            arguments,
            operation: name,
            connector,
        })
    }

    /// What the registry says of it.
    pub(crate) fn spec(&self) -> Result<&Operation, Error> {
        let (_, name) = self.operation.rsplit_once('.').unwrap_or(("", &self.operation));
        self.resource()?.operation(name)
    }

    /// The type that it is an operation of.
    pub(crate) fn resource(&self) -> Result<&ResourceType, Error> {
        let (type_name, _) = self.operation.rsplit_once('.').unwrap_or(("", &self.operation));
        self.connector.catalog().resource_type(type_name)
    }

    /// The call of a drop-in tool: its arguments under the operation's names, its view.
    pub(crate) fn mapped(
        gateway: &Gateway,
        connector: Arc<Connector>,
        tool: &Tool,
        arguments: Map<String, Value>,
    ) -> Result<Self, Error> {
        let (type_name, operation) = tool.operation.rsplit_once('.').unwrap_or(("", ""));
        let rename = |(name, value): (String, Value)| {
            let to = tool.args.get(&name).and_then(|arg| arg.to.clone());
            (to.unwrap_or(name), value)
        };
        let mut given = defaults(tool)?;
        // An absent optional argument may be spelt null by a drop-in server's clients.
        given.extend(arguments.into_iter().filter(|(_, value)| !value.is_null()));
        let given = given.into_iter().map(rename).collect();
        let invocation = Self::new(gateway, connector, type_name, operation, given)?;
        Ok(Self { view: tool.view.clone(), ..invocation })
    }
}

/// What the tool says of arguments that are left out; the operation may say something else.
fn defaults(tool: &Tool) -> Result<Map<String, Value>, Error> {
    let stated = tool.args.iter().filter_map(|(name, arg)| Some((name, arg.default.as_ref()?)));
    stated
        .map(|(name, value)| {
            Ok((name.clone(), serde_json::to_value(value).map_err(Error::internal)?))
        })
        .collect()
}

impl Follow {
    /// What `invocation` starts, looked at where that acts.
    pub(super) fn of(
        invocation: &Invocation,
        starts: Starts,
        timeout: Duration,
        longest_pause: Duration,
    ) -> Result<Self, Error> {
        let connector = Arc::clone(&invocation.connector);
        let kind = connector.catalog().resource_type(&starts.kind)?;
        let get = kind.operation("get")?;
        // The loader admits only types that say both.
        let (Some(rule), Some(argument)) = (kind.wait.clone(), id_argument(get)) else {
            return Err(Error::internal(format!("{} cannot be waited for", kind.id)));
        };
        let is_place = |name: &str| matches!(name, "org_id" | "project_id");
        let place = invocation.arguments.iter().filter(|(name, _)| is_place(name));
        let get = Invocation {
            operation: format!("{}.get", kind.name),
            name: get.id.clone(),
            arguments: place.map(|(name, value)| (name.clone(), value.clone())).collect(),
            risk: get.risk,
            target: None,
            view: None,
            compact: false,
            past_end: false,
            follow: None,
            connector: Arc::clone(&invocation.connector),
        };
        let argument = argument.to_owned();
        Ok(Self { get, id: starts.id, argument, rule, timeout, longest_pause })
    }

    /// The look at what the operation's answer says it started.
    pub(crate) fn watch(&self, answer: &Value) -> Option<super::Wait> {
        let id = self.id.get(answer)?.as_str()?;
        let mut arguments = self.get.arguments.clone();
        arguments.insert(self.argument.clone(), id.into());
        let get = Invocation {
            operation: self.get.operation.clone(),
            name: self.get.name.clone(),
            arguments,
            risk: self.get.risk,
            target: Some(id.to_owned()),
            view: None,
            compact: false,
            past_end: false,
            follow: None,
            connector: Arc::clone(&self.get.connector),
        };
        let Self { rule, timeout, longest_pause, .. } = self;
        let (timeout, longest_pause) = (*timeout, *longest_pause);
        Some(super::Wait { get, rule: rule.clone(), timeout, longest_pause })
    }
}

/// An argument that is missing because the call has one of its own by the name says where it goes.
fn hidden(error: Error) -> Error {
    let is_missing = |name: &&str| error.message.starts_with(&format!("{name} is required"));
    match Controls::NAMES.into_iter().find(is_missing) {
        Some(name) => {
            error.hint(format!("pass it in params: beside them {name} is the call's own"))
        }
        None => error,
    }
}
