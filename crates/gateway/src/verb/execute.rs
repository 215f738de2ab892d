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
    let wants_end = arguments.remove("wait") == Some(Value::Bool(true));
    let [timeout, pause] = ["wait_timeout_seconds", "wait_poll_interval_seconds"]
        .map(|name| arguments.remove(name).and_then(|it| it.as_u64()).map(Duration::from_secs));
    let target = Target::take(reach, arguments)?;
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
