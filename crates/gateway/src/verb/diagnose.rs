//! `diagnose`: why something failed.

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Hints, Reach, Request, Target, Verb, id, params, resource_type};

pub(super) static DIAGNOSE: Verb = Verb {
    name: "diagnose",
    title: "Diagnose a failure",
    about: "Find out why a run failed: the stage, each error with file and line, the likely \
            cause, what changed since the last good run, what to do next. Takes a run, or a \
            workspace for its latest failure.",
    hints: Hints::READ,
    properties: || json!({"resource_type": resource_type(), "id": id(), "params": params()}),
    required: &["resource_type", "id"],
    output: || {
        json!({
            "failed_stage": {"type": "string"},
            "summary": {"type": "string"},
            "diagnostics": {"type": "array", "items": {"type": "object"}},
            "likely_cause": {"type": "object"},
            "next_steps": {"type": "array", "items": {}},
        })
    },
    resolve,
};

fn resolve(reach: Reach<'_>, arguments: Map<String, Value>) -> Result<Request, Error> {
    let mut arguments = arguments;
    let is_open = !arguments.contains_key("resource_type") && !arguments.contains_key("url");
    if reach.home.is_some() && is_open {
        arguments.insert("resource_type".into(), json!("execution"));
    }
    Target::take(reach, arguments)?.operation("diagnose")
}
