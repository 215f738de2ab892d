//! The documentation hooks: Pilothouse's own pages and the explanations of Terraform's errors,
//! both in the binary, so that they answer without any platform.

use pilothouse_model::{Error, Result};
use pilothouse_registry::knowledge::Documentation;
use serde_json::{Map, Value, json};

use super::answer::text;

/// `{items: [{title, url, breadcrumbs, section?, relevance}]}`, best first.
pub(super) fn search(args: &Map<String, Value>) -> Result<Value> {
    let query = text(args, "query").trim();
    if query.is_empty() {
        return Err(Error::invalid("query: nothing to search for")
            .hint("pass some words, or the text of an error"));
    }
    let limit = args
        .get("limit")
        .and_then(Value::as_u64)
        .and_then(|limit| usize::try_from(limit).ok())
        .filter(|limit| *limit > 0)
        .unwrap_or(Documentation::DEFAULT_LIMIT);
    let found = Documentation::embedded()?.search(query, limit);
    Ok(json!({ "items": found }))
}

/// `{title, url, breadcrumbs, content}`, the content as Markdown.
pub(super) fn get(args: &Map<String, Value>) -> Result<Value> {
    let page = Documentation::embedded()?.page(text(args, "url"))?;
    serde_json::to_value(page).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(json: Value) -> Map<String, Value> {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_is_found_can_be_read() {
        let found = search(&args(json!({"query": "Unsupported argument"}))).unwrap();
        let hit = &found["items"][0];
        let page = get(&args(json!({"url": hit["url"]}))).unwrap();
        assert!(page["content"].as_str().unwrap().contains("unsupported argument"));
        assert_eq!(page["title"], hit["title"]);
    }

    #[test]
    fn limits_are_brought_into_range_and_nothing_is_not_a_query() {
        for (limit, at_most) in [(json!(1), 1), (json!(0), 10), (json!(-5), 10), (json!(9999), 100)]
        {
            let found = search(&args(json!({"query": "run", "limit": limit}))).unwrap();
            let count = found["items"].as_array().unwrap().len();
            assert!((1..=at_most).contains(&count), "{limit}: {count}");
        }
        assert!(search(&args(json!({"query": "  "}))).is_err());
        assert!(get(&args(json!({"url": "/docs/nothing-like-this"}))).is_err());
    }
}
