//! `search`: what matches some words, among the types of the registry and the live instances of
//! every type that can be searched.

use pilothouse_model::Error;
use pilothouse_registry::ResourceType;
use serde_json::{Map, Value, json};

use super::{Hints, Invocation, Reach, Request, Target, Verb, take_text, target::words_argument};

/// Most types that a search asks when the caller names none.
const USUAL_TYPES: usize = 12;
/// Most types that a caller may name.
const MAX_TYPES: usize = 40;

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
    /// Types that cannot be asked, as callers write them, and why.
    pub(crate) refused: Vec<(String, Error)>,
    /// What the registry itself has about the words.
    pub(crate) types: Value,
    /// Whether the surface has one platform and leaves its name out.
    pub(crate) at_home: bool,
}

impl Search {
    /// The type of one of the lists, as callers of the surface write it.
    pub(crate) fn type_of<'l>(&self, list: &'l Invocation) -> &'l str {
        let name = list.name.rsplit_once('.').map_or("", |(name, _)| name);
        let bare = name.split_once('.').map(|(_, bare)| bare);
        bare.filter(|_| self.at_home).unwrap_or(name)
    }
}

fn resolve(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let words = take_text(&mut arguments, "query").unwrap_or_default();
    let limit = arguments.remove("limit").unwrap_or_else(|| json!(5));
    let compact = arguments.remove("compact").map_or(reach.home.is_some(), |it| it != json!(false));
    let names = if let Some(Value::Array(names)) = arguments.remove("resource_types") {
        names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    } else {
        let mut names = reach.searchable(&is_free);
        names.truncate(USUAL_TYPES);
        names
    };
    let (mut lists, mut refused) = (Vec::new(), Vec::new());
    for name in names.into_iter().take(MAX_TYPES) {
        match list(reach, &name, &words, &limit, arguments.clone()) {
            Ok(list) => lists.push(Invocation { compact, ..list }),
            Err(error) => refused.push((name, error)),
        }
    }
    // Nothing is left to be asked: the mistake is the answer.
    if lists.is_empty() && !refused.is_empty() {
        return Err(refused.remove(0).1);
    }
    let types = reach.search_types(&words, 5);
    Ok(Request::Search(Search { words, lists, refused, types, at_home: reach.home.is_some() }))
}

/// The list of one type, with what else the caller said about where to look.
fn list(
    reach: Reach<'_>,
    name: &str,
    words: &str,
    limit: &Value,
    mut arguments: Map<String, Value>,
) -> Result<Invocation, Error> {
    arguments.insert("resource_type".into(), json!(name));
    let mut target = Target::take(reach, arguments)?;
    target.look_for(json!(words))?;
    let list = target.public_operation("list")?;
    let limited = ["limit", "size"].into_iter().find(|name| list.args.contains_key(*name));
    if let Some(name) = limited {
        target.arguments.insert(name.to_owned(), limit.clone());
    }
    target.invocation("list")
}

/// Whether its `list` takes words and needs nothing else that an installation cannot know.
fn is_free(resource: &ResourceType) -> bool {
    let Some(list) = resource.operations.get("list").filter(|list| !list.internal) else {
        return false;
    };
    words_argument(list).is_some() && list.args.values().all(|argument| !argument.spec.required)
}
