//! `describe`: what exists, from the registry alone.

use pilothouse_model::Error;
use pilothouse_registry::describe;
use serde_json::{Map, Value, json};

use super::{Hints, Request, Target, Verb, resource_type, take_text};
use crate::Gateway;

pub(super) static DESCRIBE: Verb = Verb {
    name: "describe",
    title: "Describe what exists",
    about: "Start here. Without arguments: platforms and their resource types. With a type: its \
            operations, arguments, risks and fields. With search_term: the types and operations \
            that match. Calls no platform.",
    hints: Hints::LOCAL,
    properties: || {
        json!({
            "resource_type": resource_type(),
            "search_term": {"type": "string", "maxLength": 200,
                            "description": "Words, e.g. failed run logs"},
        })
    },
    required: &[],
    output: || json!({}),
    resolve,
};

fn resolve(gateway: &Gateway, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let search = take_text(&mut arguments, "search_term");
    let value = if arguments.contains_key("resource_type") {
        let target = Target::take(gateway, arguments)?;
        describe::resource_type(target.resource(), &|_| true).unwrap_or_default()
    } else if let Some(words) = search {
        json!({ "matches": gateway.search_types(&words, 10) })
    } else {
        let catalogs = gateway.catalogs();
        let platforms: Vec<_> =
            catalogs.iter().map(|catalog| describe::platform(catalog, &|_| true)).collect();
        json!({ "platforms": platforms })
    };
    Ok(Request::Answer { verb: "describe", value })
}
