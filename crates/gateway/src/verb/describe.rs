//! `describe`: what exists, from the registry alone.

use std::collections::BTreeSet;

use pilothouse_model::Error;
use pilothouse_registry::{Operation, describe};
use serde_json::{Map, Value, json};

use super::{Controls, Hints, Reach, Request, Target, Verb, resource_type, take_text};

/// Most types and operations that a search shows.
const MATCHES: usize = 10;

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
            "toolset": {"type": "string", "maxLength": 40, "description": "Only this one's types"},
            "search_term": {"type": "string", "maxLength": 200,
                            "description": "Words, e.g. failed run logs"},
        })
    },
    required: &[],
    output: || json!({}),
    resolve,
};

fn resolve(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let search = take_text(&mut arguments, "search_term");
    let toolset = take_text(&mut arguments, "toolset");
    let shown = |operation: &Operation| reach.shows(operation);
    let mut value = if arguments.contains_key("resource_type") {
        let target = Target::take(reach, arguments)?;
        let resource = target.resource();
        if let Some(toolset) = toolset.filter(|name| *name != resource.toolset) {
            return Err(Error::invalid(format!(
                "{} is not of toolset {toolset:?}",
                target.type_id()
            ))
            .hint(format!("it is of {:?}; leave toolset out", resource.toolset)));
        }
        let mut described = describe::resource_type(resource, &shown).unwrap_or_default();
        mark_hidden(&mut described);
        if let Some(words) = search {
            let is_of_it = |operation: &Operation| operation.type_id() == resource.id;
            described["matches"] = reach.search_among(&words, MATCHES, &is_of_it);
        }
        described
    } else if let Some(words) = search {
        let types = toolset.map(|name| types_of(reach, &name)).transpose()?;
        let is_of_it = |operation: &Operation| {
            types.as_ref().is_none_or(|types| types.contains(operation.type_id()))
        };
        json!({ "matches": reach.search_among(&words, MATCHES, &is_of_it) })
    } else if let Some(name) = toolset {
        toolset_of(reach, &name)?
    } else {
        let catalogs = reach.catalogs();
        let platforms: Vec<_> =
            catalogs.iter().map(|catalog| describe::platform(catalog, &shown)).collect();
        json!({ "platforms": platforms })
    };
    reach.localize(&mut value);
    Ok(Request::Answer { verb: "describe", value })
}

/// Says of arguments that have the name of one of the call's own how they reach the operation.
fn mark_hidden(described: &mut Value) {
    let operations = described["operations"].as_object_mut();
    for operation in operations.into_iter().flat_map(|it| it.values_mut()) {
        for name in Controls::NAMES {
            if let Some(Value::String(line)) = operation.pointer_mut(&format!("/args/{name}")) {
                line.push_str(" (pass it in params)");
            }
        }
    }
}

/// The toolset of whichever platform has it.
fn toolset_of(reach: Reach<'_>, name: &str) -> Result<Value, Error> {
    let catalogs = reach.catalogs();
    let found = catalogs.iter().find(|catalog| catalog.toolset_names().any(|known| known == name));
    let catalog = found.or_else(|| catalogs.first());
    let catalog = catalog.ok_or_else(|| Error::not_found("toolset", name))?;
    describe::toolset(catalog, name, &|operation| reach.shows(operation))
}

/// The ids of the types of a toolset.
fn types_of(reach: Reach<'_>, name: &str) -> Result<BTreeSet<String>, Error> {
    let described = toolset_of(reach, name)?;
    let types = described["types"].as_array().into_iter().flatten();
    Ok(types.filter_map(|kind| kind["type"].as_str().map(str::to_owned)).collect())
}
