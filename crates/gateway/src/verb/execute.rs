//! `execute`: a named action of a type.

use std::time::Duration;

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{
    Follow, Hints, Invocation, Reach, Request, Target, Verb, cursor, id, params, resource_type,
    take_text,
};

/// How long a call waits for what it started, without a limit of the caller's.
const USUAL_WAIT: Duration = Duration::from_mins(10);
const USUAL_PAUSE: Duration = Duration::from_secs(3);
/// Operations that have a tool each: who may use this one may not use those.
const NO_ACTIONS: [&str; 5] = ["list", "get", "create", "update", "delete"];

pub(super) static EXECUTE: Verb = Verb {
    name: "execute",
    title: "Execute an action",
    about: "Run a named action of a type, such as upload, apply, cancel or diff. Actions that \
            change something may ask a person first.",
    hints: Hints::DESTROY,
    properties: || {
        json!({
            "resource_type": resource_type(),
            "action": {"type": "string", "maxLength": 64,
                       "description": "One of the type's actions; see infra_describe"},
            "id": id(),
            "params": params(),
            "cursor": cursor(),
        })
    },
    required: &["resource_type", "action"],
    output: || json!({}),
    resolve,
};

fn resolve(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let action = take_text(&mut arguments, "action").unwrap_or_default();
    if NO_ACTIONS.contains(&action.as_str()) {
        return Err(Error::invalid(format!("action: {action} is none"))
            .hint(format!("use {}", reach.tool(&action))));
    }
    let wait = arguments.remove("wait");
    let wants_end = wait == Some(Value::Bool(true));
    let [timeout, pause] = ["wait_timeout_seconds", "wait_poll_interval_seconds"]
        .map(|name| arguments.remove(name).and_then(|it| it.as_u64()).map(Duration::from_secs));
    if wait.is_none() && (timeout.is_some() || pause.is_some()) {
        return Err(Error::invalid("how long to wait is said, but not that it is to be waited")
            .hint("pass wait: true, or leave wait_timeout_seconds and the like out"));
    }
    let target = Target::take(reach, arguments)?;
    target.action(&action, &NO_ACTIONS)?;
    if !wants_end {
        return target.operation(&action);
    }
    let starts = target.starts(&action)?;
    let invocation = target.invocation(&action)?;
    let follow = Follow::of(
        &invocation,
        starts,
        timeout.unwrap_or(USUAL_WAIT),
        pause.unwrap_or(USUAL_PAUSE),
    )?;
    Ok(Request::Operation(Invocation { follow: Some(Box::new(follow)), ..invocation }))
}
