//! What a verb acts on: the resource type of a connector, and the arguments for its operation.

use std::sync::Arc;

use pilothouse_connectors::Connector;
use pilothouse_model::Error;
use pilothouse_registry::{Operation, ResourceType, nearest};
use serde_json::{Map, Value};

use super::{Invocation, Request, take_object, take_text};
use crate::Gateway;

/// A resource type that the caller named, and what the call says about an instance of it.
pub(crate) struct Target<'g> {
    gateway: &'g Gateway,
    connector: Arc<Connector>,
    type_name: String,
    /// Arguments of the operation: the id, and the fields of `params`, `filters` or `body`.
    pub(crate) arguments: Map<String, Value>,
}

impl<'g> Target<'g> {
    /// Takes `resource_type`, `id`, `instance` and the operation's own arguments out of the
    /// tool's arguments.
    pub(crate) fn take(
        gateway: &'g Gateway,
        mut arguments: Map<String, Value>,
    ) -> Result<Self, Error> {
        let name = take_text(&mut arguments, "resource_type").unwrap_or_default();
        let instance = take_text(&mut arguments, "instance");
        let (connector, type_name) = find(gateway, &name, instance.as_deref())?;
        let mut merged = Map::new();
        for part in ["params", "filters", "body"] {
            for (name, value) in take_object(&mut arguments, part) {
                if merged.insert(name.clone(), value).is_some() {
                    return Err(Error::invalid(format!("{name:?} is given twice")));
                }
            }
        }
        if let Some(id) = arguments.remove("id")
            && merged.insert("id".into(), id).is_some()
        {
            return Err(Error::invalid("\"id\" is given twice"));
        }
        Ok(Self { gateway, connector, type_name, arguments: merged })
    }

    pub(crate) fn resource(&self) -> &ResourceType {
        // `find` looked it up in the same catalog.
        &self.connector.catalog().types[&self.type_name]
    }

    /// `platform.type`.
    pub(crate) fn type_id(&self) -> &str {
        &self.resource().id
    }

    /// The call of `operation`, as a request.
    pub(crate) fn operation(self, operation: &str) -> Result<Request, Error> {
        self.invocation(operation).map(Request::Operation)
    }

    /// The call of `operation` with these arguments; refused when the type has no such operation.
    pub(crate) fn invocation(self, name: &str) -> Result<Invocation, Error> {
        self.public_operation(name)?;
        Invocation::new(self.gateway, self.connector, &self.type_name, name, self.arguments)
    }

    /// The operation `name`, unless the type has none or only hooks may call it.
    pub(crate) fn public_operation(&self, name: &str) -> Result<&Operation, Error> {
        let resource = self.resource();
        if let Some(operation) = resource.operations.get(name).filter(|found| !found.internal) {
            return Ok(operation);
        }
        let known: Vec<&str> =
            resource.public_operations().map(|operation| operation.name.as_str()).collect();
        let close = nearest(name, &known, 1);
        let error = Error::invalid(format!("{} has no operation {name:?}", resource.id));
        Err(match close.first() {
            Some(close) => {
                error.hint(format!("did you mean {close:?}? It has: {}", known.join(", ")))
            }
            None => error.hint(format!("it has: {}", known.join(", "))),
        })
    }
}

/// The connector and the type's own name for `platform.type`, or for a bare type name that only
/// one platform has.
fn find(
    gateway: &Gateway,
    name: &str,
    instance: Option<&str>,
) -> Result<(Arc<Connector>, String), Error> {
    let (platform, bare) = match name.split_once('.') {
        Some((platform, bare)) => (Some(platform), bare),
        None => (None, name),
    };
    let connectors = gateway.connectors();
    let mut found = Vec::new();
    for candidate in connectors.platforms() {
        if platform.is_none_or(|platform| platform == candidate) {
            let connector = connectors.get(candidate, instance)?;
            if let Ok(resource) = connector.catalog().resource_type(bare) {
                found.push((Arc::clone(connector), resource.name.clone()));
            }
        }
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(unknown(gateway, name)),
        _ => Err(Error::invalid(format!("more than one platform has {name:?}"))
            .hint("write it as platform.type")),
    }
}

fn unknown(gateway: &Gateway, name: &str) -> Error {
    let known = gateway.type_names();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let error = Error::invalid(format!("unknown resource_type {name:?}"));
    match nearest(name, &known, 3).as_slice() {
        [] => error.hint("infra_describe lists the types"),
        close => error.hint(format!("did you mean {}?", close.join(", "))),
    }
}
