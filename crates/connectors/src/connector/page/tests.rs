//! The normal form, and every operation of Harness against answers of known shape.

use std::{collections::BTreeMap, fs, path::Path};

use pilothouse_registry::{Binding, Catalog};

use super::*;

fn paging(first_page: Option<u64>, pointers: [Option<&str>; 3]) -> Paging {
    let [next, more, total] = pointers.map(|text| text.map(|text| text.parse().unwrap()));
    Paging { next, more, total, first_page, first_item: None, default: 2, max: 10 }
}

fn cursors() -> Paging {
    paging(None, [Some("/page/end"), Some("/page/more"), Some("/page/total")])
}

fn numbers(more: Option<&str>, total: Option<&str>) -> Paging {
    paging(Some(0), [None, more, total])
}

fn at(page: Option<u64>) -> PageRequest {
    let counted = page.map(|page| Counted { number: page, step: 1, page });
    PageRequest { limit: 2, counted }
}

#[test]
fn lists_of_every_style_take_one_form() {
    for (paging, page, answer, expected) in [
        (
            cursors(),
            at(None),
            json!({"page": {"end": "c2", "more": true, "total": 5}}),
            json!({"items": [1, 2], "total": 5, "next_cursor": "c2"}),
        ),
        (
            cursors(),
            at(None),
            json!({"page": {"end": "c2", "more": false, "total": 2}}),
            json!({"items": [1, 2], "total": 2}),
        ),
        (cursors(), at(None), json!({"page": {"end": "", "more": true}}), json!({"items": [1, 2]})),
        (
            numbers(None, None),
            at(Some(3)),
            json!({}),
            json!({"items": [1, 2], "page": 3, "page_size": 2, "has_more": true, "next_cursor": "4"}),
        ),
        (
            numbers(Some("/more"), None),
            at(Some(0)),
            json!({"more": false}),
            json!({"items": [1, 2], "page": 0, "page_size": 2, "has_more": false}),
        ),
        (
            numbers(None, Some("/total")),
            at(Some(1)),
            json!({"total": 4}),
            json!({"items": [1, 2], "total": 4, "page": 1, "page_size": 2, "has_more": false}),
        ),
        (
            numbers(None, Some("/total")),
            at(Some(1)),
            json!({"total": 2}),
            json!({"items": [1, 2], "total": 2, "page": 1, "page_size": 2, "has_more": true,
                "next_cursor": "2"}),
        ),
        (
            numbers(None, Some("/total")),
            at(Some(4999)),
            json!({"total": 90_000}),
            json!({"items": [1, 2], "total": 90_000, "page": 4999, "page_size": 2, "has_more": true}),
        ),
    ] {
        let shaped = list(Some(&paging), Some(page), &answer, &[json!(1), json!(2)]);
        assert_eq!(shaped, expected, "{answer}");
    }
}

#[test]
fn a_list_without_paging_has_only_items() {
    assert_eq!(list(None, None, &json!({}), &[]), json!({"items": []}));
}

#[test]
fn a_list_ends_somewhere() {
    let page = |page, limit| {
        let counted = Some(Counted { number: page, step: 1, page });
        PageRequest { limit, counted }.check()
    };
    assert!(page(99, 100).is_ok() && page(499, 20).is_ok());
    for (number, limit) in [(100, 100), (500, 20), (u64::MAX, 2)] {
        let error = page(number, limit).unwrap_err();
        assert_eq!(error.message, "a list ends after 10000 items");
    }
}

#[test]
fn a_list_is_found_where_it_is_not_expected() {
    for (answer, items) in [
        (json!([1]), Some(json!([1]))),
        (json!({"data": {"content": [1], "tags": []}}), Some(json!([1]))),
        (json!({"teams": [1], "count": 1}), Some(json!([1]))),
        (json!({"some": [1], "others": [2]}), None),
        (json!({"a": 1}), None),
        (json!("text"), None),
    ] {
        let found = elsewhere(&answer, DEPTH).map(|items| json!(items));
        assert_eq!(found, items, "{answer}");
    }
}

#[test]
fn an_answer_without_a_list_is_an_empty_one_only_where_nothing_else_is_said() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let list = &catalog.types["pipeline"].operations["list"];
    assert_eq!(list.items.as_ref().unwrap().to_string(), "/data/content");
    for (answer, is_empty) in [
        (json!({"status": "SUCCESS", "data": {"content": []}}), true),
        (json!({"status": "SUCCESS", "data": {"content": null}}), true),
        (json!({"status": "SUCCESS", "data": null}), true),
        (json!({"status": "SUCCESS", "correlationId": "c"}), true),
        (json!({"data": {"totalElements": 0, "pageSize": 20}}), true),
        (json!({"data": {}}), true),
        (json!({}), true),
        (json!({"data": {"ok": 1}}), false),
        (json!({"data": "done"}), false),
        (json!({"ok": true}), false),
        (json!("hello"), false),
        (Value::Null, false),
    ] {
        let shaped = shape(list, None, answer.clone(), "harness");
        match shaped {
            Ok(shaped) => assert!(is_empty && shaped == json!({"items": []}), "{answer}"),
            Err(error) => assert!(!is_empty && error.message.contains("no list"), "{answer}"),
        }
    }
}

/// Answers of the shapes that the platform's modules use.
fn answer(shape: &str) -> Value {
    let thing = json!({"identifier": "i1", "name": "n1"});
    match shape {
        "ng_object" => json!({"status": "SUCCESS", "data": thing}),
        "ng_page" => json!({"status": "SUCCESS", "data": {"content": [thing], "totalElements": 9}}),
        "ng_array" => json!({"status": "SUCCESS", "data": [thing]}),
        "root_array" => json!([thing]),
        "root_object" => thing,
        "spring_page" => json!({"content": [thing], "totalElements": 9}),
        "items" => json!({"items": [thing], "total": 9}),
        other => panic!("{other} is not a shape"),
    }
}

/// What one operation makes of answers, as recorded of another client.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    /// Shapes whose list was found, and the total if the answer says one.
    #[serde(default)]
    list: BTreeMap<String, Option<u64>>,
    /// Shapes of which `data` was taken.
    #[serde(default)]
    data: Vec<String>,
    /// Fields that were looked at, where only these are the operation's own.
    #[serde(default)]
    fields: Vec<String>,
}

fn data(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/harness");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn problems(operation: &Operation, recorded: &Recorded) -> Vec<String> {
    let page = operation.paging.as_ref().map(|_| at(Some(0)));
    let shaped = |shape: &str| shape_of(operation, page, answer(shape));
    let mut problems = Vec::new();
    for (shape, total) in &recorded.list {
        let found = shaped(shape);
        if found["items"].as_array().is_none_or(Vec::is_empty) {
            problems.push(format!("{shape}: its list is not found"));
        } else if total.is_some() && operation.paging.is_some() && found["total"] != json!(total) {
            problems.push(format!("{shape}: its total is not found"));
        }
    }
    for shape in &recorded.data {
        let (found, data) = (shaped(shape), answer(shape)["data"].clone());
        // One thing is no list.
        let is_list =
            operation.items.is_some() && (found["items"].is_array() || shape == "ng_object");
        if found != data && !is_list {
            problems.push(format!("{shape}: its data is not the result"));
        }
    }
    let total = operation.paging.as_ref().and_then(|paging| paging.total.as_ref());
    for pointer in [operation.items.as_ref(), total].into_iter().flatten() {
        let first = pointer.tokens().first();
        if first
            .is_some_and(|first| !recorded.fields.is_empty() && !recorded.fields.contains(first))
        {
            problems.push(format!("{pointer} is not among {:?}", recorded.fields));
        }
    }
    problems
}

fn shape_of(operation: &Operation, page: Option<PageRequest>, answer: Value) -> Value {
    shape(operation, page, answer, "harness").unwrap_or(Value::Null)
}

#[test]
fn answers_are_read_as_recorded() {
    let recorded: BTreeMap<String, Recorded> = serde_json::from_str(&data("answers.json")).unwrap();
    let text = data("answers_differ.txt");
    let differ: BTreeMap<&str, &str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .collect();
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let (mut wrong, mut stale, mut checked) = (Vec::new(), Vec::new(), 0);
    for (name, recorded) in &recorded {
        let (kind, own) = name.split_once('.').unwrap();
        let operation = catalog.resource_type(kind).unwrap().operation(own).unwrap();
        if matches!(operation.binding, Binding::Hook(_)) {
            continue;
        }
        let problems = problems(operation, recorded);
        match (problems.is_empty(), differ.contains_key(name.as_str())) {
            (true, true) => stale.push(name),
            (false, false) => wrong.push(format!("{name}: {}", problems.join("; "))),
            _ => checked += 1,
        }
    }
    println!("harness: answers of {checked} operations read as recorded, {} differ", differ.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(stale.is_empty(), "listed in answers_differ.txt, but as recorded: {stale:?}");
}

#[test]
fn every_list_of_harness_is_one() {
    // Their answers are several lists, or a table that is read as a whole.
    let others = [
        "chaos_experiment_variable",
        "cost_recommendation_filter",
        "cost_summary",
        "cost_timeseries",
        "iacm_activity_resource_change",
        "kg_type",
        "pipeline_security_issue",
        "sei_ai_adoption",
        "sei_ai_usage",
        "sei_business_alignment",
        "sei_team_detail",
    ];
    let catalog = Catalog::embedded().platform("harness").unwrap();
    for kind in catalog.types.values() {
        let Some(list) = kind.operations.get("list") else { continue };
        let is_plain = list.items.is_some() || matches!(list.binding, Binding::Hook(_));
        assert_eq!(is_plain, !others.contains(&kind.name.as_str()), "{}", kind.name);
        let max = list.paging.as_ref().map_or(1, |paging| paging.max);
        assert!(max <= 100, "{}: pages of {max}", kind.name);
    }
}
