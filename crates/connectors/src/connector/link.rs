//! Links into the platform's own pages, beside what answers hold: for people who read on there.

use pilothouse_registry::{Link, ResourceType};
use serde_json::{Map, Value, json};

use crate::request::{ScopeDefaults, encode_segment};

/// Operations whose answers are things that have a page.
const LINKED: [&str; 4] = ["list", "get", "create", "update"];

/// Where the pages are, and what answers call the link to one.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    /// Without a slash at its end.
    address: String,
    field: &'static str,
}

/// A call whose answer is linked.
pub(super) struct Linked<'a> {
    pub kind: &'a ResourceType,
    pub operation: &'a str,
    pub args: &'a Map<String, Value>,
    pub defaults: &'a ScopeDefaults,
}

impl Pages {
    pub(super) fn new(address: &str, field: &'static str) -> Self {
        Self { address: address.trim_end_matches('/').to_owned(), field }
    }

    /// Adds the page of each thing in `answer`, or the page of all of them where they have no page
    /// each. What is not an object, or says it already, is left alone.
    pub(super) fn add(&self, call: &Linked<'_>, answer: &mut Value) {
        let Some(link) = call.kind.link.as_ref().filter(|_| LINKED.contains(&call.operation))
        else {
            return;
        };
        if call.operation == "list" && link.is_of_one() {
            let items = answer.get_mut("items").and_then(Value::as_array_mut);
            items.into_iter().flatten().for_each(|item| self.add_one(link, call, item));
        } else {
            self.add_one(link, call, answer);
        }
    }

    fn add_one(&self, link: &Link, call: &Linked<'_>, thing: &mut Value) {
        let path = link.fill(|name| value(thing, call, name).map(|text| encode_segment(&text)));
        if let (Some(path), Some(fields)) = (path, thing.as_object_mut()) {
            let address = json!(format!("{}{path}", self.address));
            fields.entry(self.field).or_insert(address);
        }
    }
}

/// From the thing itself, from what it is wrapped around, from the call, from the installation.
fn value(thing: &Value, call: &Linked<'_>, name: &str) -> Option<String> {
    let wrapped = || thing.as_object()?.values().find_map(|inner| text(inner.get(name)?));
    let called = || match call.args.get(name) {
        // The call acted above that level: there is no such page.
        Some(Value::Null) => None,
        given => given.and_then(text).or_else(|| call.defaults.known(name).map(str::to_owned)),
    };
    thing.get(name).and_then(text).or_else(wrapped).or_else(called)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_registry::Catalog;

    use super::*;

    fn linked(kind: &str, operation: &str, args: Value, mut answer: Value) -> Value {
        let catalog = Catalog::embedded().platform("harness").unwrap();
        let Value::Object(args) = args else { panic!("arguments are an object") };
        let defaults = ScopeDefaults {
            account: Some("acme".into()),
            org: Some("default".into()),
            project: Some("shop".into()),
        };
        let kind = &catalog.types[kind];
        let call = Linked { kind, operation, args: &args, defaults: &defaults };
        Pages::new("https://h.example/", "openInHarness").add(&call, &mut answer);
        answer
    }

    #[test]
    fn things_are_linked_to_their_pages() {
        let project = "https://h.example/ng/account/acme/all/orgs/default/projects/shop";
        let item = |item: Value| json!({ "items": [item] });
        for (kind, operation, args, answer, pointer, expected) in [
            (
                "pipeline",
                "list",
                json!({}),
                item(json!({"identifier": "a b"})),
                "/items/0/openInHarness",
                Some(format!("{project}/pipelines/a%20b/pipeline-studio")),
            ),
            (
                "pipeline",
                "get",
                json!({"pipeline_id": "p", "project_id": "other"}),
                json!({"yamlPipeline": ""}),
                "/openInHarness",
                Some(format!("{project}/pipelines/p/pipeline-studio").replace("shop", "other")),
            ),
            (
                "execution",
                "get",
                json!({"execution_id": "e"}),
                json!({"pipelineExecutionSummary": {"pipelineIdentifier": "p"}}),
                "/openInHarness",
                Some(format!("{project}/pipelines/p/deployments/e/pipeline")),
            ),
            (
                "connector",
                "list",
                json!({}),
                item(json!({"connector": {"identifier": "git"}})),
                "/items/0/openInHarness",
                Some(format!("{project}/settings/connectors/git")),
            ),
            ("delegate_token", "list", json!({}), item(json!({})), "/items/0/openInHarness", None),
            (
                "delegate_token",
                "list",
                json!({}),
                item(json!({})),
                "/openInHarness",
                Some(
                    "https://h.example/ng/account/acme/settings/resources/delegates/tokens".into(),
                ),
            ),
            ("pipeline", "delete", json!({"pipeline_id": "p"}), json!({}), "/openInHarness", None),
            ("execution", "get", json!({}), json!({}), "/openInHarness", None),
        ] {
            let answer = linked(kind, operation, args, answer);
            let found = answer.pointer(pointer).and_then(Value::as_str);
            assert_eq!(found, expected.as_deref(), "{kind}.{operation}: {answer}");
        }
        assert_eq!(linked("pipeline", "get", json!({"pipeline_id": "p"}), json!("text")), "text");
    }
}
