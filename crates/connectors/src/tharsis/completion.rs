//! What Tharsis tells in GraphQL only, added to what gRPC answered, for the drop-in tools: limits of
//! a workspace, timestamps of a job, the rest of a plan's counters. The embedded platform tells it
//! over gRPC and is not asked. What nobody tells stays absent: no call fails for it.
//!
//! The names of fields are those of `internal/api/graphql/schema` in `tharsis-api`.

use std::fmt::Write as _;

use futures::future::BoxFuture;
use pilothouse_model::{Error, Result};
use serde_json::{Map, Value, json};

use super::answer::{owned_at, text_at};
use crate::connector::hook::{Completion, HookContext};

pub(super) const COMPLETIONS: &[(&str, Completion)] = &[
    ("job", |context, answer| add(context, &JOB, vec![answer])),
    ("run", |context, answer| add(context, &RUN, vec![answer])),
    ("workspace", |context, answer| add(context, &WORKSPACE, vec![answer])),
    ("workspaces", |context, answer| {
        let items = answer.get_mut("items").and_then(Value::as_array_mut);
        add(context, &WORKSPACE, items.into_iter().flatten().collect())
    }),
];

/// Facts about one kind of thing.
struct Facts {
    /// The GraphQL type.
    on: &'static str,
    selection: &'static str,
    /// Where the selection has a fact, and where the answer should have it.
    fields: &'static [(&'static str, &'static str)],
}

const WORKSPACE: Facts = Facts {
    on: "Workspace",
    selection: "terraformVersion maxJobDuration preventDestroyPlan",
    fields: &[
        ("/terraformVersion", "/terraform_version"),
        ("/maxJobDuration", "/max_job_duration"),
        ("/preventDestroyPlan", "/prevent_destroy_plan"),
    ],
};

const JOB: Facts = Facts {
    on: "Job",
    selection: "timestamps { queuedAt pendingAt runningAt finishedAt }",
    fields: &[
        ("/timestamps/queuedAt", "/queued_timestamp"),
        ("/timestamps/pendingAt", "/pending_timestamp"),
        ("/timestamps/runningAt", "/running_timestamp"),
        ("/timestamps/finishedAt", "/finished_timestamp"),
    ],
};

const RUN: Facts = Facts {
    on: "Run",
    selection: "plan { diffSize summary { resourceImports resourceDrift outputAdditions \
                outputChanges outputDestructions } } apply { comment }",
    fields: &[
        ("/plan/summary/resourceImports", "/plan/summary/resource_imports"),
        ("/plan/summary/resourceDrift", "/plan/summary/resource_drift"),
        ("/plan/summary/outputAdditions", "/plan/summary/output_additions"),
        ("/plan/summary/outputChanges", "/plan/summary/output_changes"),
        ("/plan/summary/outputDestructions", "/plan/summary/output_destructions"),
        ("/plan/diffSize", "/plan/diff_size"),
        ("/apply/comment", "/apply/comment"),
    ],
};

/// Asks once for all of `things`, unless they are complete already.
fn add<'a>(
    context: &'a HookContext<'a>,
    facts: &'static Facts,
    mut things: Vec<&'a mut Value>,
) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        things.retain(|thing| thing.pointer(facts.fields[0].1).is_none());
        let ids: Vec<_> =
            things.iter().map(|it| owned_at(it, "/metadata/id").unwrap_or_default()).collect();
        if ids.is_empty() {
            return;
        }
        match ask(context, facts, &ids).await {
            Ok(found) => {
                for (number, thing) in things.into_iter().enumerate() {
                    if let Some(node) = found.pointer(&format!("/data/n{number}")) {
                        copy(facts, node, thing);
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "GraphQL told nothing of a {}", facts.on),
        }
    })
}

async fn ask(context: &HookContext<'_>, facts: &Facts, ids: &[String]) -> Result<Value> {
    let answer = context.ask("/graphql", question(facts, ids)).await?;
    match text_at(&answer, "/errors/0/message") {
        Some(message) => Err(Error::upstream(message.to_owned())),
        None => Ok(answer),
    }
}

fn question(facts: &Facts, ids: &[String]) -> Value {
    let (mut parameters, mut nodes, mut variables) = (String::new(), String::new(), Map::new());
    for (number, id) in ids.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(parameters, "$i{number}: String! ");
        let _ = write!(nodes, "n{number}: node(id: $i{number}) {{ ...facts }} ");
        variables.insert(format!("i{number}"), json!(id));
    }
    let Facts { on, selection, .. } = facts;
    let query =
        format!("query({parameters}) {{ {nodes}}} fragment facts on {on} {{ {selection} }}");
    json!({"query": query, "variables": variables})
}

fn copy(facts: &Facts, node: &Value, thing: &mut Value) {
    for (from, to) in facts.fields {
        let value = node.pointer(from).filter(|value| !value.is_null());
        if let (Some(value), Some((parent, name))) = (value, to.rsplit_once('/'))
            && let Some(Value::Object(fields)) = thing.pointer_mut(parent)
        {
            fields.insert(name.to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_asks_for_all() {
        let question = question(&JOB, &["J1".to_owned(), "J2".to_owned()]);
        assert_eq!(
            question["query"],
            "query($i0: String! $i1: String! ) { n0: node(id: $i0) { ...facts } \
             n1: node(id: $i1) { ...facts } } fragment facts on Job \
             { timestamps { queuedAt pendingAt runningAt finishedAt } }"
        );
        assert_eq!(question["variables"], json!({"i0": "J1", "i1": "J2"}));
    }

    #[test]
    fn facts_go_where_there_is_a_place_for_them() {
        let node = json!({"plan": {"diffSize": 7, "summary": {"resourceImports": 1,
            "outputAdditions": null}}, "apply": {"comment": "go"}});
        let mut run = json!({"plan": {"summary": {"resource_additions": 2}}});
        copy(&RUN, &node, &mut run);
        assert_eq!(
            run,
            json!({"plan": {"diff_size": 7,
                "summary": {"resource_additions": 2, "resource_imports": 1}}})
        );
    }
}
