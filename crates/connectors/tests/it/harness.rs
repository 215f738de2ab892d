//! Harness: an argument that an operation takes changes what the operation sends.

use std::collections::BTreeSet;

use bytes::Bytes;
use pilothouse_connectors::ScopeDefaults;
use pilothouse_model::{Error, Timestamp};
use pilothouse_registry::{
    Catalog, Operation, ResourceType,
    resource::Scope,
    spec::{Arg, ArgType},
};
use serde_json::{Map, Value, json};

use crate::{fake::caller, harness_recorder::recorder};

/// 2026-01-15T12:00:00Z
const CLOCK: Timestamp = Timestamp(1_768_478_400_000);

/// Arguments that matter for what becomes of the answer, by the end of the operation's name.
const OF_THE_ANSWER: [(&str, &str); 3] =
    [(".schema", "path"), ("release.list", "status"), ("execution_log.get", "")];
/// Arguments that matter only after an answer that nobody gives here.
const LATER: [(&str, &str); 5] = [
    (".diagnose", ""),
    ("pipeline.retry", "pipeline_id"),
    // An exemption is of the user who asks for it, and nobody says here who that is.
    ("security_exemption.approve", ""),
    ("security_exemption.create", ""),
    ("security_exemption_bulk.create", ""),
];
/// Arguments that matter with some others, or without them.
const TOGETHER: [(&str, &str); 2] =
    [("cost_summary.list", "time_filter"), ("gitops_applicationset.update", "appset_id")];

/// Arguments that are of no use, and are taken because the type's other operations need them.
const FOR_SIBLINGS: [(&str, &str); 1] = [("database_changeset_existence.get", "dbinstance_id")];

/// Operations whose body is a document with few fields around it, or has fields of several
/// spellings: what is beside those is left out.
const DROPPING: [&str; 17] = [
    "harness.chaos_loadtest.create",
    "harness.database_execute_llm_authoring_pipeline.run",
    "harness.freeze_window.create",
    "harness.freeze_window.update",
    "harness.gitops_application.bulk_sync",
    "harness.global_freeze.manage",
    "harness.idp_workflow.execute",
    "harness.pipeline.run",
    "harness.security_exemption.approve",
    "harness.security_exemption.create",
    "harness.security_exemption.reject",
    "harness.security_exemption_bulk.create",
    "harness.template.create",
    "harness.template.update",
    "harness.template_v1.create",
    "harness.trigger.create",
    "harness.trigger.update",
];

/// Values that cannot be made up.
fn stated(operation: &Operation, name: &str) -> Option<Value> {
    let (_, id) = operation.id.split_once('.')?;
    let found = match (id, name) {
        ("template.create" | "template.update", "body") => json!({"template_yaml": "template: {}"}),
        ("gitops_applicationset.update", "body") => {
            json!({"applicationset": {"metadata": {"name": "a", "uid": "u"}}})
        }
        ("security_exemption.create" | "security_exemption_bulk.create", "body") => {
            json!({"issue_id": "i", "type": "Other", "reason": "r", "duration_days": 1,
                   "project_id": "p", "scan_id": "s", "pipeline_id": "p", "target_id": "t"})
        }
        ("cost_filter_value.list", "value_type") => json!("label"),
        ("file_store.create" | "file_store.update", "body") => {
            json!({"name": "n", "type": "FOLDER", "parent_identifier": "Root"})
        }
        _ => return None,
    };
    Some(found)
}

fn defaults() -> ScopeDefaults {
    let some = |text: &str| Some(text.to_owned());
    ScopeDefaults { account: some("a"), org: some("o"), project: some("p") }
}

/// A value that the argument takes, and that is not what it is without one.
fn sample(name: &str, spec: &Arg) -> Value {
    let default = spec.default.as_ref().map(|value| serde_json::to_value(value).unwrap());
    let other = |value: &Value| Some(value) != default.as_ref();
    let values = || spec.values.iter().map(|value| json!(value));
    match spec.kind {
        ArgType::String => values().rev().find(other).unwrap_or_else(|| text(name)),
        ArgType::Integer | ArgType::Number => [7, 8]
            .map(|it| json!(spec.minimum.unwrap_or(it).max(it)))
            .into_iter()
            .find(other)
            .unwrap(),
        ArgType::Boolean => json!(default != Some(json!(true))),
        ArgType::Array => json!([values().next().unwrap_or_else(|| text(name))]),
        ArgType::Objects => json!([object(spec)]),
        ArgType::Object => object(spec),
        ArgType::Map => json!({"key": "value"}),
        ArgType::Any => text(name),
    }
}

fn text(name: &str) -> Value {
    let is_time = name.ends_with("_time") || name.ends_with("_date") || name.ends_with("_ts");
    if is_time { json!("2026-01-02") } else { json!(format!("some-{name}")) }
}

fn object(spec: &Arg) -> Value {
    let fields = spec.fields.iter().filter(|(_, field)| field.required);
    let mut object: Map<_, _> =
        fields.map(|(name, field)| (name.clone(), sample(name, field))).collect();
    if object.is_empty() {
        let (name, value) = match spec.fields.iter().next() {
            Some((name, field)) => (name.clone(), sample(name, field)),
            None => ("key".to_owned(), json!("value")),
        };
        object.insert(name, value);
    }
    Value::Object(object)
}

/// What the least call of an operation has.
fn required(operation: &Operation) -> Map<String, Value> {
    let needed = operation.args.iter().filter(|(_, argument)| argument.spec.required);
    needed
        .map(|(name, argument)| (name.clone(), samples(operation, name, &argument.spec).remove(0)))
        .collect()
}

/// A call with all there is to say.
fn whole(operation: &Operation) -> Map<String, Value> {
    let all = operation.args.iter();
    all.map(|(name, argument)| (name.clone(), samples(operation, name, &argument.spec).remove(0)))
        .collect()
}

/// Values to try: of several one is what there is without it.
fn samples(operation: &Operation, name: &str, spec: &Arg) -> Vec<Value> {
    let first = stated(operation, name).unwrap_or_else(|| sample(name, spec));
    let listed = spec.values.iter().map(|value| json!(value));
    [first].into_iter().chain(listed.filter(|_| spec.kind == ArgType::String)).collect()
}

/// Everything that goes out for these arguments, or why nothing does.
async fn sent(operation: &Operation, args: &Map<String, Value>) -> String {
    let (connector, _) = recorder(defaults(), || CLOCK);
    let (_, name) = operation.id.split_once('.').unwrap();
    let host = connector.prepare(name, args).ok().and_then(|it| it.host().map(str::to_owned));
    let (requests, answer) = called(operation, args).await;
    // A refusal is an effect, too.
    let refusal = answer.err().filter(|_| requests.is_empty()).map(|error| error.to_string());
    format!("{host:?} {requests:?} {refusal:?}")
}

/// The requests that a call makes, and its end.
async fn called(
    operation: &Operation,
    args: &Map<String, Value>,
) -> (Vec<String>, Result<Value, Error>) {
    let (connector, recorded) = recorder(defaults(), || CLOCK);
    let (_, name) = operation.id.split_once('.').unwrap();
    let answer = connector.call(&caller(), name, args.clone()).await;
    let show = |it: &http::Request<Bytes>| {
        format!("{} {} {:?} {:?}", it.method(), it.uri(), it.headers(), it.body())
    };
    (recorded.lock().unwrap().iter().map(show).collect(), answer)
}

/// Whether a call is another one with or without the argument.
async fn has_effect(
    operation: &Operation,
    name: &str,
    calls: [(&Map<String, Value>, &String); 2],
) -> bool {
    for value in samples(operation, name, &operation.args[name].spec) {
        for (call, plain) in calls {
            let mut other = call.clone();
            if other.get(name) == Some(&value) {
                other.remove(name);
            } else {
                other.insert(name.to_owned(), value.clone());
            }
            if sent(operation, &other).await != *plain {
                return true;
            }
        }
    }
    false
}

#[tokio::test]
async fn every_argument_has_an_effect() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let known = [&OF_THE_ANSWER[..], &LATER, &TOGETHER, &FOR_SIBLINGS].concat();
    let mut unused: BTreeSet<_> = known.iter().copied().collect();
    let mut without = Vec::new();
    let (mut count, mut operations) = (0, 0);
    for operation in catalog.types.values().flat_map(ResourceType::public_operations) {
        operations += 1;
        let (least, most) = (required(operation), whole(operation));
        let (plain, full) = (sent(operation, &least).await, sent(operation, &most).await);
        for name in operation.args.keys().filter(|name| !least.contains_key(*name)) {
            count += 1;
            if has_effect(operation, name, [(&least, &plain), (&most, &full)]).await {
                continue;
            }
            let is_known = |(of, it): &&(&str, &str)| {
                operation.id.ends_with(of) && (it.is_empty() || name == it)
            };
            match known.iter().find(is_known) {
                Some(entry) => drop(unused.remove(entry)),
                None => without.push(format!("{} {name}", operation.id)),
            }
        }
    }
    println!("harness: {count} optional arguments of {operations} operations have an effect");
    assert!(without.is_empty(), "{} without effect:\n{}", without.len(), without.join("\n"));
    assert!(unused.is_empty(), "listed without need: {unused:?}");
}

/// What the platform gets as text: it takes triggers to be where the address says, and the inputs
/// of a run may be called anything.
const TEXT: [&str; 3] =
    ["harness.pipeline_v1.run", "harness.trigger.create", "harness.trigger.update"];

/// A role counts where the arguments say, so no body may say anything else.
#[tokio::test]
async fn a_body_names_no_other_place_than_the_arguments() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let (mut tried, mut leaks) = (0, BTreeSet::new());
    let public = catalog.types.values().flat_map(ResourceType::public_operations);
    for operation in public.filter(|it| it.args.contains_key(Scope::ORG)) {
        for (name, field) in operation.args.keys().flat_map(|name| {
            ["orgIdentifier", "projectIdentifier"].map(|field| (name.clone(), field))
        }) {
            let mut args = required(operation);
            args.insert(Scope::ORG.into(), json!("o"));
            if operation.args.contains_key(Scope::PROJECT) {
                args.insert(Scope::PROJECT.into(), json!("p"));
            } else if field != "orgIdentifier" {
                continue;
            }
            let kind = operation.args[&name].spec.kind;
            if !matches!(kind, ArgType::Object | ArgType::Any | ArgType::Map) {
                continue;
            }
            let given = args.entry(name).or_insert_with(|| json!({}));
            let Some(body) = given.as_object_mut() else { continue };
            body.insert(field.to_owned(), json!("elsewhere"));
            tried += 1;
            let (requests, _) = called(operation, &args).await;
            if requests.iter().any(|it| it.contains("elsewhere")) {
                leaks.insert(operation.id.clone());
            }
        }
    }
    assert!(tried > 100, "{tried}");
    let known: BTreeSet<_> = TEXT.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(leaks, known);
}

#[tokio::test]
async fn an_open_body_drops_nothing() {
    const MARK: &str = "a-mark-of-ours";
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let (mut dropped, mut count) = (Vec::new(), 0);
    for operation in catalog.types.values().flat_map(ResourceType::public_operations) {
        let Some(body) = operation.args.get("body").filter(|body| body.spec.open) else { continue };
        count += 1;
        let mut call = required(operation);
        let given = call.entry("body").or_insert_with(|| sample("body", &body.spec));
        let Some(fields) = given.as_object_mut() else { continue };
        fields.insert("something_of_ours".to_owned(), json!(MARK));
        let is_known = DROPPING.iter().any(|known| operation.id.ends_with(known));
        if sent(operation, &call).await.contains(MARK) == is_known {
            dropped.push(operation.id.clone());
        }
    }
    println!("harness: {count} operations take an open body");
    assert!(
        dropped.is_empty(),
        "{} drop what they do not know:\n{}",
        dropped.len(),
        dropped.join("\n")
    );
}
