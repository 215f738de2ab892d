//! `wait`: until an instance comes to rest, with progress for clients that asked for it.

use std::time::Duration;

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Hints, Invocation, Reach, Request, Target, Verb, id, params, resource_type};

/// Longest wait of one call. Clients and proxies give up on silent requests not much later.
const MAX_SECONDS: u64 = 600;
const DEFAULT_SECONDS: u64 = 120;
/// Between two looks at something that is waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

pub(super) static WAIT: Verb = Verb {
    name: "wait",
    title: "Wait for a result",
    about: "Wait until an instance is finished, failed or needs somebody, instead of asking for \
            it again and again. Reports progress. A time-out is not an error: call again.",
    hints: Hints::READ,
    properties: || {
        json!({
            "resource_type": resource_type(),
            "id": id(),
            "timeout_seconds": {"type": "integer", "minimum": 1, "maximum": MAX_SECONDS,
                                "description": "Default 120"},
            "params": params(),
        })
    },
    required: &["resource_type", "id"],
    output: || {
        json!({
            "status": {"type": "string"},
            "outcome": {"enum": ["done", "paused", "failed", "timed_out"]},
            "result": {},
        })
    },
    resolve,
};

/// What to watch, and for how long.
pub(crate) struct Wait {
    pub(crate) get: Invocation,
    pub(crate) rule: pilothouse_registry::Wait,
    pub(crate) timeout: Duration,
    /// Between two looks.
    pub(crate) longest_pause: Duration,
}

fn resolve(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let seconds = arguments
        .remove("timeout_seconds")
        .and_then(|value| value.as_u64())
        .unwrap_or(DEFAULT_SECONDS);
    let target = Target::take(reach, arguments)?;
    let Some(rule) = target.resource().wait.clone() else {
        return Err(Error::invalid(format!("{} has nothing to wait for", target.type_id()))
            .hint("runs, plans, applies and jobs come to rest; use infra_get for the rest"));
    };
    let get = target.invocation("get")?;
    let timeout = Duration::from_secs(seconds);
    Ok(Request::Wait(Wait { get, rule, timeout, longest_pause: LONGEST_PAUSE }))
}
