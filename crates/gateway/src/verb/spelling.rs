//! Arguments under names that are not quite the operation's own: aliases that the registry knows,
//! and `camelCase` where it writes `snake_case` or the other way round.

use std::collections::BTreeMap;

use pilothouse_registry::{Operation, spec::Arg};
use serde_json::{Map, Value};

/// Gives arguments their own names, and those in the fields of a closed body.
pub(super) fn correct(
    operation: &Operation,
    arguments: &mut Map<String, Value>,
    also: impl Fn(&str) -> Option<&'static str>,
) {
    let known = || operation.args.iter().map(|(name, argument)| (name.as_str(), &argument.spec));
    rename(arguments, &|name| operation.args.contains_key(name), &|name| {
        own_name(known(), name).or_else(|| also(name))
    });
    let Some(spec) = operation.args.get("body").map(|argument| &argument.spec) else { return };
    if let Some(Value::Object(body)) = arguments.get_mut("body") {
        fields(spec, body);
    }
}

fn fields(spec: &Arg, body: &mut Map<String, Value>) {
    let known: &BTreeMap<String, Arg> = &spec.fields;
    if known.is_empty() {
        return;
    }
    let each = || known.iter().map(|(name, field)| (name.as_str(), field));
    let own = |name: &str| {
        // An open body keeps what merely looks like one of its fields.
        own_name(each(), name).filter(|own| !spec.open || is_alias(&known[*own], name))
    };
    rename(body, &|name| known.contains_key(name), &own);
}

/// What is given under its own name wins, and what has none stays.
fn rename<'o>(
    given: &mut Map<String, Value>,
    is_known: &dyn Fn(&str) -> bool,
    own_name: &dyn Fn(&str) -> Option<&'o str>,
) {
    let unknown: Vec<String> = given.keys().filter(|name| !is_known(name)).cloned().collect();
    for name in unknown {
        let Some(own) = own_name(&name) else { continue };
        if let Some(value) = given.remove(&name) {
            given.entry(own).or_insert(value);
        }
    }
}

/// The name that is meant: an alias of it, or the same letters.
pub(super) fn own_name<'o>(
    known: impl Iterator<Item = (&'o str, &'o Arg)>,
    name: &str,
) -> Option<&'o str> {
    let mut alike = None;
    for (own, spec) in known {
        if is_alias(spec, name) {
            return Some(own);
        }
        if letters(own).eq(letters(name)) {
            alike = Some(own);
        }
    }
    alike
}

fn is_alias(spec: &Arg, name: &str) -> bool {
    spec.aliases.iter().any(|alias| alias == name)
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|letter| *letter != '_').map(|letter| letter.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use pilothouse_registry::Catalog;
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_understood_under_other_spellings() {
        for (operation, given, expected) in [
            (
                "harness.pipeline.import",
                json!({"repoName": "r", "body": {"pipeline_name": "p"}}),
                json!({"repo_name": "r", "body": {"pipelineName": "p"}}),
            ),
            (
                "harness.user.invite",
                json!({"body": {"email_ids": ["a"], "userGroups": []}}),
                json!({"body": {"emails": ["a"], "user_groups": []}}),
            ),
            (
                "harness.hql_query.validate",
                json!({"body": {"query": "q"}}),
                json!({"body": {"query_string": "q"}}),
            ),
            (
                "harness.chaos_experiment.list",
                json!({"experiment_name": "x"}),
                json!({"search_term": "x"}),
            ),
            // Its own name wins, and an open body keeps what it does not know.
            (
                "harness.pipeline.get",
                json!({"repo_name": "a", "repoName": "b"}),
                json!({"repo_name": "a"}),
            ),
            (
                "harness.service.create",
                json!({"body": {"Name": "n"}}),
                json!({"body": {"Name": "n"}}),
            ),
            (
                "harness.database_execute_llm_authoring_pipeline.run",
                json!({"body": {"schema_id": "s", "Changeset": "c"}}),
                json!({"body": {"schemaId": "s", "Changeset": "c"}}),
            ),
            ("harness.service.list", json!({"colour": 1}), json!({"colour": 1})),
        ] {
            let Value::Object(mut arguments) = given else { panic!("{operation}") };
            correct(Catalog::embedded().operation(operation).unwrap(), &mut arguments, |_| None);
            assert_eq!(Value::Object(arguments), expected, "{operation}");
        }
    }
}
