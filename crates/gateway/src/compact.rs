//! Lists without what nobody decides by: of each item the names, states, times and links remain.

use pilothouse_connectors::harness::LINK;
use serde_json::{Map, Value};

/// Keys that are kept beside those that end like an identifier or a time.
const KEPT: [&str; 49] = [
    "key",
    "full_path",
    "trn",
    "id",
    "uuid",
    "identifier",
    "identity",
    "name",
    "displayName",
    "description",
    "slug",
    "versionLabel",
    "sha",
    "title",
    "message",
    "status",
    "state",
    "enabled",
    "health",
    "stableTemplate",
    "isChaosEnabled",
    "type",
    "kind",
    "category",
    "module",
    "templateEntityType",
    "childType",
    "tags",
    "labels",
    "owner",
    "author",
    "committer",
    "cost",
    "costTrend",
    "idleCost",
    "unallocatedCost",
    "utilizedCost",
    "forecastCost",
    "actualCost",
    "budgetAmount",
    "totalMonthlyCost",
    "totalMonthlySaving",
    LINK,
    "connected",
    "runSequence",
    "failureInfo",
    "yaml",
    "path",
    "url",
];
const ENDINGS: [&str; 9] = ["At", "_at", "Ts", "Time", "Date", "Identifier", "Id", "_id", "Ref"];

/// Shortens the items of a list's answer to what every type keeps, and `summary`: names of fields,
/// or paths with dots to those of fields.
pub(crate) fn items(answer: &mut Value, summary: &[String]) {
    for item in answer["items"].as_array_mut().into_iter().flatten() {
        if let Value::Object(fields) = item {
            let short = shorten(fields, summary);
            if !short.is_empty() {
                *fields = short;
            }
        }
    }
}

fn shorten(item: &Map<String, Value>, summary: &[String]) -> Map<String, Value> {
    let inner = inner(item);
    let mut short: Map<String, Value> = inner
        .into_iter()
        .flatten()
        .chain(item)
        .filter(|(name, value)| is_kept(name) && !is_empty(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for path in summary {
        let found = inner.and_then(|inner| at(inner, path)).or_else(|| at(item, path));
        if let Some(value) = found.filter(|value| !is_empty(value)) {
            short.insert(path.clone(), value.clone());
        }
    }
    short
}

fn at<'v>(item: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(it, rest)| (it, Some(rest)));
    let found = item.get(first)?;
    match rest {
        None => Some(found),
        Some(rest) => at(found.as_object()?, rest),
    }
}

/// Many platforms wrap each item once more: `{"connector": {…}, "createdAt": …}`, or keep its ids
/// apart: `{"metadata": {"id": …}, "name": …}`.
fn inner(item: &Map<String, Value>) -> Option<&Map<String, Value>> {
    if let Some(Value::Object(metadata)) = item.get("metadata")
        && metadata.contains_key("trn")
    {
        return Some(metadata);
    }
    if item.contains_key("identifier") || item.contains_key("name") {
        return None;
    }
    item.values().filter_map(Value::as_object).find(|fields| fields.contains_key("identifier"))
}

fn is_kept(name: &str) -> bool {
    KEPT.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_keep_what_is_decided_by() {
        for (item, short) in [
            (
                json!({"identifier": "a", "name": "A", "spec": {"x": 1}, "createdAt": 1, "tags": {}}),
                json!({"identifier": "a", "name": "A", "createdAt": 1}),
            ),
            (
                json!({"connector": {"identifier": "git", "type": "Github", "spec": {}}, "createdAt": 1}),
                json!({"identifier": "git", "type": "Github", "createdAt": 1}),
            ),
            (
                json!({"name": "A", "openInHarness": "https://h.example/a"}),
                json!({"name": "A", "openInHarness": "https://h.example/a"}),
            ),
            (
                json!({"metadata": {"id": "G", "trn": "trn:variable:a", "created_at": "t"}, "key": "k", "value": "v"}),
                json!({"id": "G", "trn": "trn:variable:a", "created_at": "t", "key": "k"}),
            ),
            (json!({"odd": 1}), json!({"odd": 1})),
            (json!("text"), json!("text")),
        ] {
            let mut answer = json!({"items": [item.clone()]});
            items(&mut answer, &[]);
            assert_eq!(answer["items"][0], short, "{item}");
        }
        let wrapped = json!({"pr": {"identifier": "a", "number": 7, "stats": {"size": 3, "files": 1}},
                             "source": "x", "other": 1});
        let mut answer = json!({"items": [wrapped]});
        let summary = ["number", "stats.size", "source", "absent", "number.of"].map(str::to_owned);
        items(&mut answer, &summary);
        let short = json!({"identifier": "a", "number": 7, "stats.size": 3, "source": "x"});
        assert_eq!(answer["items"][0], short);
        let mut single = json!({"spec": {}});
        items(&mut single, &[]);
        assert_eq!(single["spec"], json!({}));
    }
}
