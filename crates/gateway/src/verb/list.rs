//! `list`: one page of instances.

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Hints, Request, Target, Verb, resource_type};
use crate::Gateway;

pub(super) static LIST: Verb = Verb {
    name: "list",
    title: "List resources",
    about: "One page of instances of a type, newest or first by name. Pass next_cursor back as \
            cursor for the next page.",
    hints: Hints::READ,
    properties: || {
        json!({
            "resource_type": resource_type(),
            "filters": {"type": "object",
                        "description": "Arguments of the type's list operation; see infra_schema"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Default 20"},
            "cursor": {"type": "string", "maxLength": 1024},
        })
    },
    required: &["resource_type"],
    output: || {
        json!({
            "items": {"type": "array", "items": {}},
            "next_cursor": {"type": ["string", "null"]},
            "total": {"type": ["integer", "null"]},
        })
    },
    resolve,
};

fn resolve(gateway: &Gateway, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let page: Vec<_> = ["limit", "cursor"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), arguments.remove(name)?)))
        .collect();
    let mut target = Target::take(gateway, arguments)?;
    target.arguments.extend(page);
    target.operation("list")
}
