//! `execute`: a named action of a type.

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Hints, Reach, Request, Target, Verb, id, params, resource_type, take_text};

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
        })
    },
    required: &["resource_type", "action"],
    output: || json!({}),
    resolve,
};

fn resolve(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let action = take_text(&mut arguments, "action").unwrap_or_default();
    Target::take(reach, arguments)?.operation(&action)
}
