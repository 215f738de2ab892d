//! `list`: one page of instances.

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::{Hints, Invocation, Reach, Request, Target, Verb, cursor, resource_type};

/// Items of a page, unless the caller says how many.
const USUAL_SIZE: u64 = 20;

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
            "cursor": cursor(),
            "compact": {"type": "boolean", "description": "Long items in short"},
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

fn resolve(reach: Reach<'_>, mut arguments: Map<String, Value>) -> Result<Request, Error> {
    let [page, limit, cursor, words, compact] =
        ["page", "limit", "cursor", "search", "compact"].map(|name| arguments.remove(name));
    let mut target = Target::take(reach, arguments)?;
    // Drop-in surfaces take these among the filters as well.
    let page = page.or_else(|| target.take_foreign("list", "page"));
    let limit = limit.or_else(|| target.take_foreign("list", "size"));
    let page = page.map(|page| whole("page", &page)).transpose()?;
    let limit = limit.map(|size| whole("size", &size)).transpose()?.map(Value::from);
    if let Some(words) = words {
        target.look_for(words)?;
    }
    let past_end = turn(&mut target, limit, cursor, page)?;
    let compact = compact.map_or(target.has_long_items(), |compact| compact != json!(false));
    let invocation = target.invocation("list")?;
    Ok(Request::Operation(Invocation { compact, past_end, ..invocation }))
}

fn whole(name: &str, value: &Value) -> Result<u64, Error> {
    let text = value.as_str().and_then(|text| text.trim().parse().ok());
    value.as_u64().or(text).ok_or_else(|| Error::invalid(format!("{name}: a number is expected")))
}

/// The answer of a list with one page, for a page behind it: what there is, and nothing of it.
pub(crate) fn end(answer: &mut Value) {
    let Some(count) = answer.get("items").and_then(Value::as_array).map(Vec::len) else { return };
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("items".to_owned(), json!([]));
        answer.entry("total").or_insert(json!(count));
        answer.insert("has_more".to_owned(), json!(false));
    }
}

/// Turns to the page that is asked for, in the way the list counts; true if there cannot be one.
/// What the filters say themselves wins.
fn turn(
    target: &mut Target<'_>,
    limit: Option<Value>,
    cursor: Option<Value>,
    page: Option<u64>,
) -> Result<bool, Error> {
    let list = target.public_operation("list")?;
    let has = |name: &str| list.args.contains_key(name);
    // A platform that decides how long a page is cannot be asked for another length.
    let limit = limit.filter(|_| list.paging.is_none() || has("limit"));
    let size = limit.as_ref().and_then(Value::as_u64);
    let (mut turned, mut past_end) = (Map::new(), false);
    if let Some(paging) = &list.paging {
        let page = page.unwrap_or(0);
        let number = match (paging.first_page, paging.first_item) {
            (Some(first), _) => Some(first.saturating_add(page)),
            (_, Some(first)) => {
                let items = page.saturating_mul(size.unwrap_or(paging.default));
                Some(first.saturating_add(items))
            }
            _ => None,
        };
        turned.extend(limit.map(|limit| ("limit".to_owned(), limit)));
        let counted = number.filter(|_| page > 0).map(|number| json!(number.to_string()));
        match cursor.or(counted) {
            Some(cursor) => drop(turned.insert("cursor".to_owned(), cursor)),
            None if page > 0 => {
                return Err(Error::invalid("this list does not count pages")
                    .hint("pass next_cursor of the page before as params.cursor"));
            }
            None => {}
        }
    } else {
        // Whoever counts pages means all of the same length.
        let limit = limit.or_else(|| page.filter(|_| has("offset")).map(|_| json!(USUAL_SIZE)));
        let size_name = ["limit", "size"].into_iter().find(|name| has(name));
        turned.extend(size_name.zip(limit).map(|(name, limit)| (name.to_owned(), limit)));
        match page {
            Some(page) if has("page") => drop(turned.insert("page".to_owned(), json!(page))),
            Some(page @ 1..) if has("offset") => {
                let offset = page.saturating_mul(size.unwrap_or(USUAL_SIZE));
                turned.insert("offset".to_owned(), json!(offset));
            }
            page => past_end = page.is_some_and(|page| page > 0),
        }
    }
    for (name, value) in turned {
        target.arguments.entry(name).or_insert(value);
    }
    Ok(past_end)
}
