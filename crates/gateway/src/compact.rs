//! Lists without what nobody decides by: of each item the names, states, times and links remain.

use pilothouse_connectors::harness::LINK;
use serde_json::{Map, Value, json};

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

/// Shortens the items of a list's answer.
pub(crate) fn items(answer: &mut Value) {
    for item in answer["items"].as_array_mut().into_iter().flatten() {
        if let Value::Object(fields) = item {
            let short = shorten(fields);
            if !short.is_empty() {
                *fields = short;
            }
        }
    }
}

fn shorten(item: &Map<String, Value>) -> Map<String, Value> {
    let mut short: Map<String, Value> = inner(item)
        .into_iter()
        .flatten()
        .chain(item)
        .filter(|(name, value)| is_kept(name) && !is_empty(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if let (Some(Value::String(name)), Some(Value::String(link))) =
        (short.get("name"), short.get(LINK))
    {
        let linked = json!(format!("[{name}]({link})"));
        short.insert("name".into(), linked);
        short.remove(LINK);
    }
    short
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
                json!({"name": "[A](https://h.example/a)"}),
            ),
            (
                json!({"metadata": {"id": "G", "trn": "trn:variable:a", "created_at": "t"}, "key": "k", "value": "v"}),
                json!({"id": "G", "trn": "trn:variable:a", "created_at": "t", "key": "k"}),
            ),
            (json!({"odd": 1}), json!({"odd": 1})),
            (json!("text"), json!("text")),
        ] {
            let mut answer = json!({"items": [item.clone()]});
            items(&mut answer);
            assert_eq!(answer["items"][0], short, "{item}");
        }
        let mut single = json!({"spec": {}});
        items(&mut single);
        assert_eq!(single["spec"], json!({}));
    }
}
