//! One operation of one connector with its arguments: what the call path plans and executes.

use std::sync::Arc;

use pilothouse_connectors::Connector;
use pilothouse_model::{Error, Risk};
use pilothouse_registry::surface::Tool;
use serde_json::{Map, Value};

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
        let arguments = gateway.schema(spec)?.read(arguments)?;
        Ok(Self {
            name: spec.id.clone(),
            risk: spec.risk_with(&arguments),
            target: spec.target_in(&arguments).map(str::to_owned),
            view: None,
            compact: false,
            arguments,
            operation: format!("{type_name}.{operation}"),
            connector,
        })
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
        // An absent optional argument may be spelt null by a drop-in server's clients.
        let given = arguments.into_iter().filter(|(_, value)| !value.is_null());
        let invocation =
            Self::new(gateway, connector, type_name, operation, given.map(rename).collect())?;
        Ok(Self { view: tool.view.clone(), ..invocation })
    }
}
