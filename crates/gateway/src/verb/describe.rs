//! `describe`: what exists, from the registry alone.

use pilothouse_model::Error;
use pilothouse_registry::{Operation, describe};
use serde_json::{Map, Value, json};

use super::{Hints, Reach, Request, Target, Verb, resource_type, take_text};

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
        describe::resource_type(target.resource(), &shown).unwrap_or_default()
    } else if let Some(words) = search {
        json!({ "matches": reach.search_types(&words, 10) })
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

/// The toolset of whichever platform has it.
fn toolset_of(reach: Reach<'_>, name: &str) -> Result<Value, Error> {
    let catalogs = reach.catalogs();
    let found = catalogs.iter().find(|catalog| catalog.toolset_names().any(|known| known == name));
    let catalog = found.or_else(|| catalogs.first());
    let catalog = catalog.ok_or_else(|| Error::not_found("toolset", name))?;
    describe::toolset(catalog, name, &|operation| reach.shows(operation))
}
