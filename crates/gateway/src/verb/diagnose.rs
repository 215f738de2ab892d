//! `diagnose`: why something failed.

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Hints, Request, Target, Verb, id, params, resource_type};
use crate::Gateway;

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

fn resolve(gateway: &Gateway, arguments: Map<String, Value>) -> Result<Request, Error> {
    Target::take(gateway, arguments)?.operation("diagnose")
}
