//! Why something does not work: runs of pipelines, connectors, delegates, GitOps applications.

use futures::{StreamExt as _, stream};
use pilothouse_model::{Error, Kind, Result};
use serde_json::{Map, Value, json};

use super::{
    clean,
    execution::{Execution, Stage, Step},
    log,
};
use crate::connector::hook::HookContext;

mod cause;
mod health;

/// Failed steps whose logs are read, unless the call says otherwise, and lines of each.
const STEPS: usize = 5;
const MAX_STEPS: usize = 25;
const LINES: usize = 120;
const MAX_LINES: usize = 2000;
/// Logs fetched at a time.
const PARALLEL: usize = 3;
/// Events and tree nodes shown of an application.
const MAX_SHOWN: usize = 15;

type Args = Map<String, Value>;

/// A run, or the newest of a pipeline: its stages and steps, the failed steps' logs, the likely
/// cause, and the runs it started and was started by.
pub(super) async fn execution(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let place = scope_of(&args);
    let number = |name: &str, otherwise: usize, max: usize| {
        let given =
            args.get(name).and_then(Value::as_u64).map(|it| usize::try_from(it).unwrap_or(max));
        given.unwrap_or(otherwise).min(max)
    };
    let (steps, lines) = (
        number("max_failed_steps", STEPS, MAX_STEPS),
        number("log_snippet_lines", LINES, MAX_LINES),
    );
    let wants_logs = args.get("include_logs") != Some(&json!(false));
    let id = match args.get("execution_id") {
        Some(id) => id.clone(),
        None => newest(context, &place, args.get("pipeline_id")).await?,
    };
    context.progress("reading the run", 1, Some(3));
    let answer = graph(context, &place, &id).await?;
    let execution = Execution::read(&answer)
        .ok_or_else(|| Error::upstream("the run is not described as expected"))?;
    let stages = execution.stages();
    let failed: Vec<(String, Step<'_>)> = stages
        .iter()
        .flat_map(|stage| stage.steps.iter().map(move |step| (stage.identifier, *step)))
        .filter(|(_, step)| step.has_failed())
        .map(|(stage, step)| (format!("{stage}/{}", step.identifier()), step))
        .collect();
    context.progress("reading the logs of failed steps", 2, Some(3));
    let logs = if wants_logs && execution.has_failed() {
        failed_logs(context, &place, &failed[..failed.len().min(steps)], lines).await
    } else {
        Map::new()
    };
    let child = match failed.iter().find_map(|(_, step)| step.child()) {
        Some(child) => Some(child_run(context, child).await),
        None => None,
    };
    context.progress("done", 3, Some(3));
    let failed_stage = stages.iter().find(|stage| stage.has_failed());
    let first = failed.first();
    let message = first
        .and_then(|(_, step)| step.message())
        .or_else(|| failed_stage.and_then(Stage::message))
        .or_else(|| execution.message());
    let types = first.map(|(_, step)| step.failure_types()).unwrap_or_default();
    let log_text = first
        .and_then(|(name, _)| logs.get(name)?.get("log_snippet")?.as_str())
        .unwrap_or_default();
    let mut shown = json!({
        "execution_id": id,
        "pipeline_id": execution.text("pipelineIdentifier"),
        "name": execution.text("name"),
        "status": execution.status(),
        "timing": execution.timing(),
        "summary": summary(&execution, first.map(|(name, _)| name.as_str()), message),
        "stages": stages.iter().map(Stage::to_json).collect::<Vec<_>>(),
    });
    let mut add = |name: &str, value: Option<Value>| {
        if let (Some(fields), Some(value)) = (shown.as_object_mut(), value) {
            fields.insert(name.to_owned(), value);
        }
    };
    if execution.has_failed() {
        let failure = json!({
            "stage": failed_stage.map(|stage| stage.identifier),
            "step": first.map(|(name, _)| name),
            "message": message.map(clean),
            "types": types,
        });
        add("failure", Some(failure));
        add("likely_cause", cause::likely(&types, message.unwrap_or_default(), log_text));
    }
    add("failed_step_logs", (!logs.is_empty()).then_some(Value::Object(logs)));
    let left_out = failed.len() > steps;
    add("failed_steps_truncated", left_out.then(|| json!({"shown": steps, "total": failed.len()})));
    add("child_pipeline", child);
    add("parent_pipeline", execution.parent());
    Ok(shown)
}

fn summary(execution: &Execution<'_>, step: Option<&str>, message: Option<&str>) -> String {
    let name = execution.text("name").unwrap_or("The pipeline");
    if !execution.has_ended() {
        return format!("{name} has not ended yet: {}.", execution.status());
    }
    if !execution.has_failed() {
        return format!("{name} has not failed: {}.", execution.status());
    }
    let place = step.map(|step| format!(" at {step}")).unwrap_or_default();
    let line = message.and_then(|text| text.lines().find(|line| !line.trim().is_empty()));
    let line = line.map(|line| format!(": {}", clean(line))).unwrap_or_default();
    format!("{name} {}{place}{line}", execution.status().to_lowercase())
}

async fn graph(context: &HookContext<'_>, place: &Args, id: &Value) -> Result<Value> {
    let mut question = place.clone();
    question.insert("execution_id".to_owned(), id.clone());
    question.insert("render_full_graph".to_owned(), json!(true));
    context.call("execution.get", Value::Object(question)).await
}

async fn newest(
    context: &HookContext<'_>,
    place: &Args,
    pipeline: Option<&Value>,
) -> Result<Value> {
    let Some(pipeline) = pipeline else {
        return Err(Error::invalid("execution_id: missing")
            .hint("pass execution_id, or pipeline_id for its newest run"));
    };
    let mut question = place.clone();
    question.insert("pipeline_id".to_owned(), pipeline.clone());
    question.insert("limit".to_owned(), json!(1));
    let list = context.call("execution.list", Value::Object(question)).await?;
    list.pointer("/items/0/planExecutionId").cloned().ok_or_else(|| {
        Error::new(Kind::NotFound, "the pipeline has no runs").hint("check pipeline_id")
    })
}

/// The ends of the logs by step; a log that cannot be read says why in its place.
async fn failed_logs(
    context: &HookContext<'_>,
    place: &Args,
    failed: &[(String, Step<'_>)],
    lines: usize,
) -> Args {
    let read = |(name, step): &(String, Step<'_>)| {
        let (name, key) = (name.clone(), step.log_key().map(str::to_owned));
        async move {
            let key = key?;
            let shown = match log::snippet(context, place, &key, lines).await {
                Ok(log) => json!({
                    "log_snippet": log["log_content"],
                    "total_lines": log["total_lines"],
                    "truncated": log["truncated"],
                }),
                Err(error) => json!({ "error": error.to_string() }),
            };
            Some((name, shown))
        }
    };
    let work: Vec<_> = failed.iter().map(read).collect();
    stream::iter(work).buffered(PARALLEL).filter_map(std::future::ready).collect().await
}

/// What became of a run that a step started.
async fn child_run(context: &HookContext<'_>, child: Value) -> Value {
    let place: Args = child
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| *name != "execution_id" && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let answer = match graph(context, &place, &child["execution_id"]).await {
        Ok(answer) => answer,
        Err(error) => return json!({"reference": child, "error": error.to_string()}),
    };
    let Some(execution) = Execution::read(&answer) else { return json!({ "reference": child }) };
    let stages = execution.stages();
    let failed =
        stages.iter().flat_map(|stage| &stage.steps).copied().find(|step| step.has_failed());
    let message = failed.and_then(Step::message).or_else(|| execution.message());
    json!({
        "reference": child,
        "pipeline_id": execution.text("pipelineIdentifier"),
        "status": execution.status(),
        "failed_step": failed.map(Step::identifier),
        "message": message.map(clean),
        "failed_stages": stages.iter().filter(|it| it.has_failed()).map(Stage::to_json)
            .collect::<Vec<_>>(),
    })
}

/// What a connector is, when it last worked, and whether it works now.
pub(super) async fn connector(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let found = context.call("connector.get", Value::Object(args.clone())).await?;
    let test = context.call("connector.test_connection", Value::Object(args)).await;
    let test = match test {
        Ok(test) => test,
        // The test is what is asked for: its failure is the answer.
        Err(error) => json!({"status": "FAILURE", "errorSummary": error.to_string()}),
    };
    Ok(health::connector(&found, &test))
}

/// Which delegates are connected, and what is wrong with those that are not.
pub(super) async fn delegates(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let mut question = scope_of(&args);
    question.insert("all".to_owned(), json!(true));
    let list = context.call("delegate.list", Value::Object(question)).await?;
    let wanted = args.get("delegate_id").and_then(Value::as_str);
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    health::delegates(items, wanted, context.now())
}

/// How an application is, which of its resources are not well, and what was said about them.
pub(super) async fn application(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let question = Value::Object(args);
    let found = context.call("gitops_application.get", question.clone()).await?;
    let (tree, events) = tokio::join!(
        context.call("gitops_app_resource_tree.get", question.clone()),
        context.call("gitops_app_event.list", question),
    );
    // Both are additions: the diagnosis stands without them.
    Ok(health::application(
        &found,
        &tree.unwrap_or_default(),
        &events.unwrap_or_default(),
        MAX_SHOWN,
    ))
}

fn scope_of(args: &Args) -> Args {
    let is_scope = |name: &str| matches!(name, "org_id" | "project_id");
    args.iter().filter(|(name, _)| is_scope(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
}
