//! Rules that the prompts must keep: what they tell a model to call exists.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_registry::{
    Catalog,
    prompt::{self, Completion, Prompt},
};

/// The tools of the Harness server.
const HARNESS_TOOLS: [&str; 11] = [
    "harness_create",
    "harness_delete",
    "harness_describe",
    "harness_diagnose",
    "harness_execute",
    "harness_get",
    "harness_list",
    "harness_schema",
    "harness_search",
    "harness_status",
    "harness_update",
];

fn all() -> Vec<(&'static str, &'static Prompt)> {
    let of = |surface| prompt::of(surface).unwrap().iter().map(move |prompt| (surface, prompt));
    of("harness").chain(of("unified")).collect()
}

/// Every `name="value"` of a text.
fn values<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let start = format!("{name}=\"");
    text.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(value, _)| value)
        .collect()
}

fn type_id(surface: &str, name: &str) -> String {
    if surface == "unified" { name.to_owned() } else { format!("{surface}.{name}") }
}

#[test]
fn there_are_the_prompts_of_the_harness_server() {
    let names: Vec<_> =
        prompt::of("harness").unwrap().iter().map(|prompt| prompt.name.as_str()).collect();
    insta::assert_snapshot!(names.join("\n"));
    assert_eq!(names.len(), 36);
    assert!(prompt::any("harness") && prompt::any("unified") && !prompt::any("nothing"));
    assert!(prompt::of("nothing").unwrap().is_empty());
}

#[test]
fn the_types_and_actions_that_a_prompt_names_exist() {
    let catalog = Catalog::embedded();
    for (surface, prompt) in all() {
        let types: BTreeSet<_> = values(&prompt.text, "resource_type").into_iter().collect();
        let mut actions = BTreeSet::new();
        for name in &types {
            // The runs of a pipeline are diagnosed under the pipeline's name.
            let resource = catalog.resource_type(&type_id(surface, name));
            let resource = resource.unwrap_or_else(|error| panic!("{}: {error}", prompt.name));
            actions.extend(resource.public_operations().map(|operation| operation.name.clone()));
        }
        for action in values(&prompt.text, "action") {
            assert!(actions.contains(action), "{}: no action {action:?}", prompt.name);
        }
    }
}

#[test]
fn the_tools_that_a_prompt_names_exist() {
    for (_, prompt) in prompt::of("harness").unwrap().iter().map(|prompt| ("", prompt)) {
        let words = prompt.text.split(|c: char| !c.is_ascii_lowercase() && c != '_');
        for word in words.filter(|word| word.starts_with("harness_")) {
            assert!(HARNESS_TOOLS.contains(&word), "{}: no tool {word:?}", prompt.name);
        }
    }
}

#[test]
fn live_completions_are_lists_that_take_what_they_are_given() {
    let catalog = Catalog::embedded();
    let mut seen = 0;
    for (surface, prompt) in all() {
        for argument in &prompt.arguments {
            let Some(Completion::Live(live)) = &argument.completion else { continue };
            let place = format!("{}.{}", prompt.name, argument.name);
            let operation = catalog.operation(&type_id(surface, &live.operation));
            let operation = operation.unwrap_or_else(|error| panic!("{place}: {error}"));
            assert!(operation.risk.is_read() && operation.name == "list", "{place}");
            for name in live.pass.values().chain(&live.search) {
                assert!(operation.args.contains_key(name), "{place}: no argument {name:?}");
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn every_prompt_renders_and_is_worth_reading() {
    for (_, prompt) in all() {
        let given: BTreeMap<_, _> = prompt
            .arguments
            .iter()
            .map(|argument| (argument.name.clone(), format!("<{}>", argument.name)))
            .collect();
        let text = prompt.render(&given).unwrap();
        for value in given.values() {
            assert!(text.contains(value), "{}: {value} is lost", prompt.name);
        }
        assert!(
            (400..6_000).contains(&prompt.text.len()),
            "{}: {}",
            prompt.name,
            prompt.text.len()
        );
        assert!(prompt.about.len() <= 160 && !prompt.about.ends_with('.'), "{}", prompt.name);
    }
}
