//! What charts are drawn from: answers of other operations. The drawing is not the connector's.

use pilothouse_model::Result;
use serde_json::{Map, Value, json};

use crate::connector::hook::HookContext;
use crate::yaml;

/// Executions that a chart of many is drawn from, at most.
const MAX_EXECUTIONS: usize = 1000;
const PAGE: usize = 100;

type Args = Map<String, Value>;

/// An execution with all its steps.
pub(super) async fn execution(context: &HookContext<'_>, mut args: Args) -> Result<Value> {
    args.insert("render_full_graph".to_owned(), json!(true));
    context.call("execution.get", Value::Object(args)).await
}

/// `{items}`: executions, newest first.
pub(super) async fn executions(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let mut question = Map::new();
    for name in ["org_id", "project_id", "pipeline_id"] {
        question.extend(args.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    question.insert("limit".to_owned(), json!(PAGE));
    let mut items = Vec::new();
    loop {
        let page = context.call("execution.list", Value::Object(question.clone())).await?;
        items.extend(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default());
        match page.get("next_cursor") {
            Some(next) if items.len() < MAX_EXECUTIONS => {
                question.insert("cursor".to_owned(), next.clone());
            }
            _ => return Ok(json!({ "items": items })),
        }
    }
}

/// The document of a pipeline.
pub(super) async fn pipeline(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let answer = context.call("pipeline.get", Value::Object(args)).await?;
    match answer.get("yamlPipeline").and_then(Value::as_str) {
        Some(text) => yaml::parse("the pipeline", text),
        None => Ok(answer),
    }
}
