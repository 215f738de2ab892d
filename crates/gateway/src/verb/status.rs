//! `status`: how things stand, of one instance or of every platform.

use std::sync::Arc;

use pilothouse_connectors::Connector;
use pilothouse_model::Error;
use pilothouse_registry::ResourceType;
use serde_json::{Map, Value, json};

use super::{
    Hints, Invocation, Reach, Request, Target, Verb, id, params, resource_type, take_object,
    take_text,
};

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

fn resolve(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    if arguments.contains_key("resource_type") {
        if arguments.remove("platform").is_some() {
            return Err(Error::invalid("give resource_type or platform, not both"));
        }
        return Target::take(reach, arguments)?.operation("status");
    }
    if arguments.contains_key("id") {
        return Err(Error::invalid("resource_type is required with id"));
    }
    let page = super::page::take(reach, &mut arguments)?;
    for name in ["org_id", "project_id"] {
        if let Some(value) = page.arguments.get(name) {
            arguments.entry(name).or_insert_with(|| value.clone());
        }
    }
    let mut overview = overview(reach, arguments)?;
    match (reach.home, overview.parts.len()) {
        (Some(_), 1) => Ok(Request::Operation(overview.parts.remove(0))),
        _ => Ok(Request::Overview(overview)),
    }
}

fn overview(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Overview, Error> {
    let platform = take_text(&mut arguments, "platform");
    let instance = take_text(&mut arguments, "instance");
    let mut narrowing = take_object(&mut arguments, "params");
    narrowing.extend(arguments);
    let mut parts = Vec::new();
    for connector in installations(reach, platform.as_deref(), instance.as_deref())? {
        for resource in connector.catalog().types.values().filter(|it| is_a_whole(it)) {
            let (connector, narrowing) = (Arc::clone(&connector), narrowing.clone());
            let part =
                Invocation::new(reach.gateway, connector, &resource.name, "status", narrowing)?;
            parts.push(part);
        }
    }
    if parts.is_empty() {
        return Err(Error::not_found("status", platform.as_deref().unwrap_or("any platform"))
            .hint("give resource_type and id for the status of one instance"));
    }
    Ok(Overview { parts })
}

/// The installations that are meant.
fn installations(
    reach: Reach<'_>,
    platform: Option<&str>,
    instance: Option<&str>,
) -> Result<Vec<Arc<Connector>>, Error> {
    if let Some(home) = reach.home {
        return Ok(vec![Arc::clone(home.connector())]);
    }
    let connectors = reach.gateway.connectors();
    if let Some(platform) = platform
        && connectors.instances(platform).next().is_none()
    {
        // Names what is configured.
        connectors.get(platform, None)?;
    }
    let is_meant = |wanted: Option<&str>, name: &str| wanted.is_none_or(|wanted| wanted == name);
    Ok(connectors
        .platforms()
        .filter(|name| is_meant(platform, name))
        .flat_map(|name| connectors.instances(name))
        .filter(|connector| is_meant(instance, connector.instance()))
        .cloned()
        .collect())
}

/// Whether its status can be asked for without naming an instance.
fn is_a_whole(resource: &ResourceType) -> bool {
    let status = resource.operations.get("status").filter(|found| !found.internal);
    status.is_some_and(|found| found.args.values().all(|argument| !argument.spec.required))
}
