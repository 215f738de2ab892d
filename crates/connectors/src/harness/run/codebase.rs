//! Where Git has what the inputs of a run name as the code to build: input sets that are kept in Git
//! are looked for there, unless the call says where they are.

use serde_json::{Map, Value, json};

/// The arguments that tell an input set's place, of a part of a pipeline. Empty where the inputs name
/// no code, or leave it to an expression.
pub(super) fn place(pipeline: &Value) -> Map<String, Value> {
    let text = |pointer: &str| {
        let value = pipeline.pointer(&format!("/properties/ci/codebase/{pointer}"))?.as_str()?;
        (!value.is_empty() && !value.contains("<+")).then(|| json!(value))
    };
    let found = [("connector_ref", text("connectorRef")), ("repo_name", text("repoName"))];
    let mut place: Map<_, _> =
        found.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    if place.is_empty() {
        return place;
    }
    place.insert("store_type".to_owned(), json!("REMOTE"));
    place.extend(text("build/spec/branch").map(|branch| ("branch".to_owned(), branch)));
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_is_named_says_where_input_sets_are() {
        let part = |codebase: Value| json!({"properties": {"ci": {"codebase": codebase}}});
        let branch = json!({"type": "branch", "spec": {"branch": "dev"}});
        for (pipeline, expected) in [
            (
                part(json!({"connectorRef": "git", "repoName": "shop", "build": branch})),
                json!({"connector_ref": "git", "repo_name": "shop", "store_type": "REMOTE",
                       "branch": "dev"}),
            ),
            (
                part(json!({"repoName": "shop", "build": "<+input>"})),
                json!({"repo_name": "shop", "store_type": "REMOTE"}),
            ),
            // A branch alone says nothing of where the pipeline is kept.
            (part(json!({"build": branch})), json!({})),
            (part(json!({"connectorRef": "<+input>", "repoName": ""})), json!({})),
            (json!({"identifier": "p"}), json!({})),
        ] {
            assert_eq!(Value::Object(place(&pipeline)), expected, "{pipeline}");
        }
    }
}
