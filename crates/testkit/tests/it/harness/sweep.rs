//! Every operation of Harness, through the tools: that there is a call which is sent, and what is said
//! of calls that are not.

use std::collections::BTreeSet;

use pilothouse_registry::{Catalog, Operation, ResourceType, resource::Scope, spec::Arg};
use serde_json::{Value, json};

use super::replay::{examples, reason::Reasons, recorder::Recorder};

/// Operations of our own, which nobody recorded.
const OWN: [&str; 4] = ["schema", "diagnose", "status", "logs"];
/// Charts, which are results of other tools.
const CHART: &str = "harness.visual_";
/// The rows of the tables of Harness' documentation: each type with what can be done with it.
const DOCUMENT: &str = include_str!("../../../../registry/tests/data/harness_document.txt");
const WRONG: &str = "no-such-value";

/// A call that is sent as it was recorded.
struct Good {
    operation: &'static Operation,
    tool: &'static str,
    arguments: Value,
}

/// One of each operation.
fn good_calls() -> Vec<Good> {
    let mut reasons = Reasons::stated();
    let mut good = Vec::new();
    for (name, examples) in examples() {
        let operation = Catalog::embedded().operation(&format!("harness.{name}")).unwrap();
        let mut numbered = examples.into_iter().enumerate();
        let found = numbered.find(|(at, _)| reasons.take(&format!("{name}#{at}")).is_none());
        if let Some((_, example)) = found {
            let (tool, arguments) = example.with_values(operation).call(operation);
            good.push(Good { operation, tool, arguments });
        }
    }
    good
}

/// The text of the error, and how many requests went out.
async fn refusal(recorder: &Recorder, tool: &str, arguments: Value) -> (String, usize) {
    let said = recorder.call(tool, arguments).await.err().unwrap_or_default();
    (said, recorder.sent().len())
}

#[test]
fn every_operation_can_be_called() {
    let good = good_calls();
    let called: BTreeSet<&str> = good.iter().map(|it| it.operation.id.as_str()).collect();
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let operations = catalog.types.values().flat_map(ResourceType::public_operations);
    let never: Vec<&str> = operations
        .filter(|it| !OWN.contains(&it.name.as_str()) && !it.id.starts_with(CHART))
        .map(|it| it.id.as_str())
        .filter(|id| !called.contains(id))
        .collect();
    assert!(never.is_empty(), "no call of these is sent: {never:?}");
    let rows = DOCUMENT.lines().filter_map(|line| line.split_once(": "));
    let marks: Vec<String> = rows
        .filter(|(kind, _)| !kind.starts_with('#'))
        .flat_map(|(kind, verbs)| verbs.split(' ').map(move |verb| (kind, verb)))
        .map(|(kind, verb)| format!("harness.{kind}.{verb}"))
        .filter(|mark| !mark.starts_with(CHART))
        .collect();
    println!("harness: {} operations, {} of them of the document", called.len(), marks.len());
    assert!(marks.len() > 300, "only {} marks were read", marks.len());
    let missing: Vec<_> = marks.iter().filter(|mark| !called.contains(mark.as_str())).collect();
    assert!(missing.is_empty(), "marks without a call: {missing:?}");
}

/// Arguments with listed values, and fields of the body.
fn listed(operation: &Operation) -> Vec<(Vec<&str>, &Arg)> {
    let mut found = Vec::new();
    for (name, argument) in &operation.args {
        found.push((vec![name.as_str()], &argument.spec));
        let fields = argument.spec.fields.iter().filter(|_| name == "body");
        found.extend(fields.map(|(field, spec)| (vec!["body", field.as_str()], spec)));
    }
    found.retain(|(_, spec)| !spec.values.is_empty());
    found
}

/// The call with the wrong value at `place`.
fn wrong(tool: &str, arguments: &Value, place: &[&str]) -> Value {
    let mut wrong = arguments.clone();
    let part = if tool == "harness_list" { "filters" } else { "params" };
    let target = match place {
        [name] if wrong.get(name).is_some() => &mut wrong[name],
        [name] => &mut wrong[part][name],
        [body, name] => {
            if !wrong[body].is_object() {
                wrong[body] = json!({});
            }
            &mut wrong[body][name]
        }
        other => panic!("{other:?}"),
    };
    *target = json!(WRONG);
    wrong
}

#[tokio::test]
async fn a_wrong_value_is_told_the_right_ones() {
    let recorder = Recorder::start().await;
    let (mut count, mut unclear) = (0, Vec::new());
    for Good { operation, tool, arguments } in good_calls() {
        for (place, spec) in listed(operation) {
            count += 1;
            let (said, sent) = refusal(&recorder, tool, wrong(tool, &arguments, &place)).await;
            if !said.contains(WRONG) || !said.contains(&spec.values[0]) || sent > 0 {
                unclear.push(format!("{} {place:?}: {said:?}, {sent} sent", operation.id));
            }
        }
    }
    println!("harness: {count} arguments with listed values");
    assert!(unclear.is_empty(), "{} are not clear:\n{}", unclear.len(), unclear.join("\n"));
}

#[tokio::test]
async fn a_missing_place_is_told_what_sets_it() {
    let good = good_calls();
    let nowhere = Recorder::start_in(None, None).await;
    let somewhere = Recorder::start_in(Some("cfg_org"), None).await;
    let (mut count, mut unclear) = (0, Vec::new());
    for (recorder, name, variable) in
        [(&nowhere, Scope::ORG, "HARNESS_ORG"), (&somewhere, Scope::PROJECT, "HARNESS_PROJECT")]
    {
        for Good { operation, tool, arguments } in &good {
            let is_stated = [name, "resource_scope"].iter().any(|it| arguments.get(it).is_some());
            if !operation.scope.requires(name) || is_stated {
                continue;
            }
            count += 1;
            let (said, sent) = refusal(recorder, tool, arguments.clone()).await;
            if !said.contains(name) || !said.contains(variable) || sent > 0 {
                unclear.push(format!("{}: {said:?}, {sent} sent", operation.id));
            }
        }
    }
    println!("harness: {count} calls without an organization or a project");
    assert!(unclear.is_empty(), "{} are not clear:\n{}", unclear.len(), unclear.join("\n"));
}

#[tokio::test]
async fn a_misspelt_type_is_told_the_nearest() {
    let recorder = Recorder::start().await;
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let mut unclear = Vec::new();
    for kind in catalog.types.values() {
        let mut letters: Vec<char> = kind.name.chars().collect();
        letters.swap(1, 2);
        let typo: String = letters.iter().collect();
        if catalog.resource_type(&typo).is_ok() {
            continue;
        }
        let (said, _) = refusal(&recorder, "harness_list", json!({ "resource_type": typo })).await;
        let suggested = said.split("did you mean ").nth(1).unwrap_or_default();
        let suggested: Vec<&str> =
            suggested.split('?').next().unwrap_or_default().split(", ").collect();
        if !suggested.contains(&kind.name.as_str()) || suggested.len() > 3 {
            unclear.push(format!("{typo}: {said}"));
        }
    }
    assert!(unclear.is_empty(), "{} are not clear:\n{}", unclear.len(), unclear.join("\n"));
}

#[tokio::test]
async fn what_the_platform_refuses_keeps_its_status_and_words() {
    const JSON: &str = "application/json";
    const HTML: &str = "text/html; charset=utf-8";
    let page = "<!DOCTYPE html><html><head><title>Gone</title></head><body><p>x</p></body></html>";
    let said = |message: &str| json!({ "status": "ERROR", "message": message }).to_string();
    let recorder = Recorder::start().await;
    let mut toolsets = BTreeSet::new();
    let mut reads = good_calls();
    reads.retain(|it| it.operation.risk.is_read() && toolsets.insert(toolset(it.operation)));
    let mut unclear = Vec::new();
    for (status, media_type, body, words) in [
        (400, JSON, said("the filter is broken"), "the filter is broken"),
        (401, HTML, page.to_owned(), "Gone"),
        (403, JSON, said("you may not"), "you may not"),
        (404, HTML, page.to_owned(), "Gone"),
        (409, JSON, said("it is there already"), "it is there already"),
        (422, "text/plain", "nothing to see".to_owned(), "nothing to see"),
    ] {
        recorder.answer((status, media_type, body));
        for Good { operation, tool, arguments } in &reads {
            let (said, _) = refusal(&recorder, tool, arguments.clone()).await;
            let is_clear = said.contains(&status.to_string()) && said.contains(words);
            if !is_clear || said.contains('<') {
                unclear.push(format!("{} {status}: {said:?}", operation.id));
            }
        }
    }
    println!("harness: one read of each of {} toolsets", toolsets.len());
    assert!(toolsets.len() > 35, "only {toolsets:?}");
    assert!(unclear.is_empty(), "{} are not clear:\n{}", unclear.len(), unclear.join("\n"));
}

fn toolset(operation: &Operation) -> String {
    let kind = operation.type_id().trim_start_matches("harness.");
    Catalog::embedded().platform("harness").unwrap().types[kind].toolset.clone()
}
