//! `status`: how things stand, of one instance or of every platform.

use pilothouse_model::Error;
use pilothouse_registry::ResourceType;
use serde_json::{Map, Value, json};

use super::{
    Hints, Invocation, Request, Target, Verb, id, params, resource_type, take_object, take_text,
};
use crate::Gateway;

pub(super) static STATUS: Verb = Verb {
    name: "status",
    title: "Show status",
    about: "How things stand. Without resource_type, of every platform: what fails, what waits \
            for somebody, what goes on; platform and params narrow it. With it, of one instance.",
    hints: Hints::READ,
    properties: || {
        json!({
            "resource_type": resource_type(), "id": id(),
            "platform": {"type": "string", "maxLength": 40, "description": "Only this one"},
            "params": params(),
        })
    },
    required: &[],
    output: || {
        json!({
            "platforms": {"type": "array", "items": {"type": "object"}},
            "failed": {"type": "array", "items": {"type": "object"}},
        })
    },
    resolve,
};

/// How every installation stands.
pub(crate) struct Overview {
    /// One call for each.
    pub(crate) parts: Vec<Invocation>,
}

fn resolve(gateway: &Gateway, arguments: Map<String, Value>) -> Result<Request, Error> {
    if arguments.contains_key("resource_type") {
        let mut arguments = arguments;
        if arguments.remove("platform").is_some() {
            return Err(Error::invalid("give resource_type or platform, not both"));
        }
        return Target::take(gateway, arguments)?.operation("status");
    }
    if arguments.contains_key("id") {
        return Err(Error::invalid("resource_type is required with id"));
    }
    overview(gateway, arguments).map(Request::Overview)
}

fn overview(gateway: &Gateway, mut arguments: Map<String, Value>) -> Result<Overview, Error> {
    let platform = take_text(&mut arguments, "platform");
    let instance = take_text(&mut arguments, "instance");
    let narrowing = take_object(&mut arguments, "params");
    let connectors = gateway.connectors();
    if let Some(platform) = &platform
        && connectors.instances(platform).next().is_none()
    {
        // Names what is configured.
        connectors.get(platform, None)?;
    }
    let mut parts = Vec::new();
    for name in connectors.platforms().filter(|name| platform.as_deref().is_none_or(|p| p == *name))
    {
        let chosen = connectors.instances(name);
        for connector in chosen.filter(|it| instance.as_deref().is_none_or(|i| i == it.instance()))
        {
            for resource in connector.catalog().types.values().filter(|it| is_a_whole(it)) {
                let narrowing = narrowing.clone();
                let connector = connector.clone();
                parts.push(Invocation::new(
                    gateway,
                    connector,
                    &resource.name,
                    "status",
                    narrowing,
                )?);
            }
        }
    }
    if parts.is_empty() {
        return Err(Error::not_found("status", platform.as_deref().unwrap_or("any platform"))
            .hint("give resource_type and id for the status of one instance"));
    }
    Ok(Overview { parts })
}

/// Whether its status can be asked for without naming an instance.
fn is_a_whole(resource: &ResourceType) -> bool {
    let status = resource.operations.get("status").filter(|found| !found.internal);
    status.is_some_and(|found| found.args.values().all(|argument| !argument.spec.required))
}
