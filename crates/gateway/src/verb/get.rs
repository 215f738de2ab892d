//! `get`: one instance.

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Hints, Reach, Request, Target, Verb, cursor, id, params, resource_type};

pub(super) static GET: Verb = Verb {
    name: "get",
    title: "Get one resource",
    about: "Read one instance by its id.",
    hints: Hints::READ,
    properties: || {
        json!({
            "resource_type": resource_type(),
            "id": id(),
            "params": params(),
            "cursor": cursor(),
        })
    },
    required: &["resource_type"],
    output: || json!({}),
    resolve,
};

fn resolve(reach: Reach<'_>, arguments: Map<String, Value>) -> Result<Request, Error> {
    Target::take(reach, arguments)?.operation("get")
}
