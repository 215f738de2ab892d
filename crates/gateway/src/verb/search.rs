//! `search`: what matches some words, among the types of the registry and the live instances of
//! every type that can be searched.

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Hints, Invocation, Request, Target, Verb, take_text};
use crate::Gateway;

/// Most types that one search asks.
const MAX_TYPES: usize = 12;

pub(super) static SEARCH: Verb = Verb {
    name: "search",
    title: "Search everything",
    about: "Find instances by name or path across types, and the types and operations that match \
            the words. Types that could not be asked are named under failed.",
    hints: Hints::READ,
    properties: || {
        json!({
            "query": {"type": "string", "minLength": 1, "maxLength": 200},
            "resource_types": {"type": "array", "maxItems": MAX_TYPES,
                               "items": {"type": "string", "maxLength": 80},
                               "description": "Only these; default all that can be searched"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 50,
                      "description": "Per type, default 5"},
        })
    },
    required: &["query"],
    output: || {
        json!({
            "results": {"type": "array", "items": {"type": "object"}},
            "types": {"type": "array", "items": {"type": "object"}},
            "failed": {"type": "array", "items": {"type": "object"}},
        })
    },
    resolve,
};

/// A search that is ready to go out.
pub(crate) struct Search {
    pub(crate) words: String,
    /// One list call for each type.
    pub(crate) lists: Vec<Invocation>,
    /// What the registry itself has about the words.
    pub(crate) types: Value,
}

fn resolve(gateway: &Gateway, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let words = take_text(&mut arguments, "query").unwrap_or_default();
    let limit = arguments.remove("limit").unwrap_or_else(|| json!(5));
    let names = match arguments.remove("resource_types") {
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => searchable(gateway),
    };
    let lists = names
        .into_iter()
        .take(MAX_TYPES)
        .map(|name| list(gateway, &name, &words, &limit))
        .collect::<Result<_, _>>()?;
    let types = json!(gateway.search_types(&words, 5));
    Ok(Request::Search(Search { words, lists, types }))
}

fn list(gateway: &Gateway, name: &str, words: &str, limit: &Value) -> Result<Invocation, Error> {
    let named = Map::from_iter([("resource_type".to_owned(), Value::from(name))]);
    let mut target = Target::take(gateway, named)?;
    let can =
        target.resource().operations.get("list").is_some_and(|l| l.args.contains_key("search"));
    if !can {
        return Err(Error::invalid(format!("{name} cannot be searched by words"))
            .hint(format!("one of: {}", searchable(gateway).join(", "))));
    }
    target.arguments.insert("search".into(), Value::from(words));
    target.arguments.insert("limit".into(), limit.clone());
    target.invocation("list")
}

/// Types whose `list` takes a `search` argument and needs nothing else.
fn searchable(gateway: &Gateway) -> Vec<String> {
    let mut names = Vec::new();
    for catalog in gateway.catalogs() {
        for resource in catalog.types.values() {
            let Some(list) = resource.operations.get("list") else { continue };
            let free = list.args.values().all(|argument| !argument.spec.required);
            if free && list.args.contains_key("search") {
                names.push(resource.id.clone());
            }
        }
    }
    names
}
