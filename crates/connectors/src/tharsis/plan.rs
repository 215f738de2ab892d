//! `plan.diff`: what a plan would change. gRPC does not offer it: platforms of Pilothouse's own
//! kind serve it over HTTP, Tharsis itself only in GraphQL.

use pilothouse_model::{Error, Kind, Result};
use serde_json::{Map, Value, json};

use super::{
    answer::{owned_at, text, text_at},
    run::Run,
};
use crate::connector::hook::HookContext;

const QUERY: &str = "query($id: String!) { run(id: $id) { plan { changes { \
    resources { address resourceType action unifiedDiff providerName } \
    outputs { outputName action unifiedDiff } } } } }";

/// `{resources: [{address, resource_type, action, unified_diff, provider_name}],
/// outputs: [{output_name, action, unified_diff}]}`.
pub(super) async fn diff(context: &HookContext<'_>, args: Map<String, Value>) -> Result<Value> {
    let plan = match (text(&args, "id"), text(&args, "run_id")) {
        ("", "") => return Err(Error::invalid("pass id of a plan, or run_id")),
        ("", run_id) => plan_of(context, run_id).await?,
        (id, "") => id.to_owned(),
        _ => return Err(Error::invalid("pass either id or run_id, not both")),
    };
    // The plan is read first: then "not found" below can only mean the diff itself.
    let answer = context.call("plan.get", json!({"id": plan})).await?;
    let gid = owned_at(&answer, "/metadata/id").unwrap_or(plan);
    match context.call("plan.changes", json!({"id": gid})).await {
        Ok(changes) => Ok(shaped(&changes)),
        Err(error) if error.kind == Kind::NotFound => over_graphql(context, &gid, error).await,
        Err(error) => Err(error),
    }
}

async fn plan_of(context: &HookContext<'_>, run_id: &str) -> Result<String> {
    let run = Run::find(context, run_id).await?;
    let plan = run.plan.ok_or_else(|| Error::conflict("this run has no plan yet"))?;
    Ok(plan.id)
}

async fn over_graphql(context: &HookContext<'_>, plan_gid: &str, original: Error) -> Result<Value> {
    let run = Run::find(context, plan_gid).await?;
    let body = json!({"query": QUERY, "variables": {"id": run.id}});
    let answer = match context.ask("/graphql", body).await {
        Ok(answer) => answer,
        Err(error) if error.kind == Kind::NotFound => return Err(original),
        Err(error) => return Err(error),
    };
    if let Some(message) = text_at(&answer, "/errors/0/message") {
        return Err(Error::upstream(format!("{} answered: {message}", context.peer())));
    }
    Ok(shaped(answer.pointer("/data/run/plan/changes").unwrap_or(&Value::Null)))
}

/// Lists are never null, and fields are named as in the tool contract.
fn shaped(changes: &Value) -> Value {
    json!({
        "resources": renamed(changes.get("resources")),
        "outputs": renamed(changes.get("outputs")),
    })
}

fn renamed(list: Option<&Value>) -> Vec<Value> {
    let entries = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let entry = |fields: &Map<String, Value>| {
        fields.iter().map(|(name, value)| (snake_case(name), value.clone())).collect()
    };
    entries.iter().filter_map(Value::as_object).map(entry).collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_wires_give_the_same_shape() {
        let rest = json!({"resources": [{"address": "a.b", "resource_type": "a",
            "action": "CREATE", "unified_diff": "+", "provider_name": "p"}], "outputs": null});
        let graphql = json!({"resources": [{"address": "a.b", "resourceType": "a",
            "action": "CREATE", "unifiedDiff": "+", "providerName": "p"}]});
        assert_eq!(shaped(&rest), shaped(&graphql));
        assert_eq!(shaped(&rest)["outputs"], json!([]));
        assert_eq!(shaped(&Value::Null), json!({"resources": [], "outputs": []}));
    }
}
