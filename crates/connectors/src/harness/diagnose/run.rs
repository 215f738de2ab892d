//! Why a run of a pipeline failed: its stages and steps, the failed steps' logs, the likely cause,
//! and the runs it started and was started by.

use futures::{StreamExt as _, stream};
use pilothouse_model::{Error, Kind, Result};
use serde_json::{Map, Value, json};

use super::{Args, cause, outline, scope_of};
use crate::{
    connector::hook::HookContext,
    harness::{
        clean,
        config::LINK,
        execution::{Execution, MAX_NODES, Part, Stage},
        log, visual,
    },
};

/// Failed steps whose logs are read, unless the call says otherwise, and lines of each.
const STEPS: usize = 5;
const MAX_STEPS: usize = 25;
const LINES: usize = 120;
const MAX_LINES: usize = 2000;
/// Logs fetched at a time.
const PARALLEL: usize = 3;

/// What a call wants to know.
struct Wants {
    /// Logs of so many failed steps.
    failed: usize,
    /// Logs of so many steps, whatever became of them.
    all: usize,
    lines: usize,
    /// Only where logs are.
    addresses: bool,
    definition: bool,
}

impl Wants {
    fn read(args: &Args) -> Self {
        let is = |name: &str| args.get(name).and_then(Value::as_bool);
        let number = |name: &str, otherwise: usize, max: usize| {
            let given = args.get(name).and_then(Value::as_u64);
            given.map_or(otherwise, |it| usize::try_from(it).unwrap_or(max)).min(max)
        };
        Self {
            failed: match is("include_logs") {
                Some(false) => 0,
                _ => number("max_failed_steps", STEPS, MAX_STEPS),
            },
            all: match is("include_all_step_logs") {
                Some(true) => number("max_all_step_logs", MAX_STEPS, MAX_STEPS),
                _ => 0,
            },
            lines: number("log_snippet_lines", LINES, MAX_LINES),
            addresses: is("return_download_url").unwrap_or(false),
            definition: is("include_yaml").unwrap_or(is("summary") == Some(false)),
        }
    }
}

/// Steps by names of which there is one each.
type Named<'a> = Vec<(String, Part<'a>)>;

/// A run, or the newest of a pipeline.
pub(in crate::harness) async fn execution(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let (place, wants) = (scope_of(&args), Wants::read(&args));
    let id = match args.get("execution_id") {
        Some(id) => id.clone(),
        None => newest(context, &place, args.get("pipeline_id")).await?,
    };
    context.progress("reading the run", 1, Some(3));
    let answer = graph(context, &place, &id).await?;
    let execution = Execution::read(&answer)
        .ok_or_else(|| Error::upstream("the run is not described as expected"))?;
    let stages = execution.stages();
    let steps = outline::named(&stages);
    let failed: Named<'_> =
        steps.iter().filter(|(_, step)| step.state().has_failed()).cloned().collect();
    let mut report = Report(Map::new());
    report.add("execution_id", Some(id));
    report.add("pipeline_id", execution.text("pipelineIdentifier").map(Value::from));
    report.add("name", execution.text("name").map(Value::from));
    report.add("status", Some(execution.status().into()));
    report.add("timing", Some(execution.timing()));
    let (shown, cut) = outline::stages(&stages);
    report.add("stages", Some(shown));
    report.add("stages_truncated", cut);
    let cut = execution.nodes_in_all().map(|all| json!({ "shown": MAX_NODES, "total": all }));
    report.add("nodes_truncated", cut);
    report.add(LINK, answer.get(LINK).cloned());

    context.progress("reading logs", 2, Some(3));
    let reading = Reading { place: &place, wants: &wants };
    let logs = if execution.state().has_failed() {
        reading.logs(context, &failed, wants.failed).await
    } else {
        Map::new()
    };
    report.failure(&execution, &stages, failed.first(), &logs);
    if !logs.is_empty() {
        report.logs("failed_step_logs", "failed_steps_truncated", logs, wants.failed, failed.len());
    }
    if wants.all > 0 {
        let logs = reading.logs(context, &steps, wants.all).await;
        let cut = "all_step_logs_truncated";
        report.logs("all_step_logs", cut, logs, wants.all, steps.len());
    }
    if wants.definition {
        match definition(context, &place, execution.text("pipelineIdentifier")).await {
            Ok(pipeline) => report.add("pipeline", Some(pipeline)),
            Err(error) => report.add("pipeline_error", Some(json!(error.to_string()))),
        }
    }
    if let Some(child) = execution.failed_child() {
        report.add("child_pipeline", Some(child_run(context, child).await));
    }
    report.add("parent_pipeline", execution.parent());
    context.progress("done", 3, Some(3));
    Ok(Value::Object(report.0))
}

/// What was found out, as it is shown.
struct Report(Map<String, Value>);

impl Report {
    /// Leaves out what is not known.
    fn add(&mut self, name: &str, value: Option<Value>) {
        self.0.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// The first failed step and why, if the run failed, and the run in one sentence.
    fn failure(
        &mut self,
        execution: &Execution<'_>,
        stages: &[Stage<'_>],
        first: Option<&(String, Part<'_>)>,
        logs: &Args,
    ) {
        let stage = stages.iter().find(|stage| stage.part.state().has_failed());
        let name = first.map(|(name, _)| name.as_str());
        let message = first
            .and_then(|(_, step)| step.message())
            .or_else(|| stage.and_then(|stage| stage.part.message()))
            .or_else(|| execution.message());
        self.add("summary", Some(summary(execution, name, message).into()));
        if !execution.state().has_failed() {
            return;
        }
        let types = first.map(|(_, step)| step.failure_types()).unwrap_or_default();
        let log = name.and_then(|name| logs.get(name)?.get("log_snippet")?.as_str());
        let failure = json!({
            "stage": stage.map(|stage| stage.part.identifier),
            "step": name,
            "message": message.map(clean),
            "types": types,
        });
        self.add("failure", Some(failure));
        let cause = cause::likely(&types, message.unwrap_or_default(), log.unwrap_or_default());
        self.add("likely_cause", cause);
    }

    /// Logs of at most `most` of `all` steps.
    fn logs(&mut self, name: &str, cut: &str, logs: Args, most: usize, all: usize) {
        self.add(name, Some(Value::Object(logs)));
        self.add(cut, (all > most).then(|| json!({ "shown": most, "total": all })));
    }
}

fn summary(execution: &Execution<'_>, step: Option<&str>, message: Option<&str>) -> String {
    let name = execution.text("name").unwrap_or("The pipeline");
    if !execution.state().has_ended() {
        return format!("{name} has not ended yet: {}.", execution.status());
    }
    if !execution.state().has_failed() {
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

/// The pipeline as it is defined now.
async fn definition(
    context: &HookContext<'_>,
    place: &Args,
    pipeline: Option<&str>,
) -> Result<Value> {
    let mut question = place.clone();
    question.insert("pipeline_id".to_owned(), json!(pipeline));
    let document = visual::pipeline(context, question).await?;
    Ok(document.get("pipeline").cloned().unwrap_or(document))
}

/// How logs are read.
struct Reading<'a> {
    place: &'a Args,
    wants: &'a Wants,
}

impl Reading<'_> {
    /// The logs of the first `most` steps; one that cannot be read says why in its place.
    async fn logs(
        &self,
        context: &HookContext<'_>,
        steps: &[(String, Part<'_>)],
        most: usize,
    ) -> Args {
        let read = |(name, step): &(String, Part<'_>)| {
            let (name, key) = (name.clone(), step.log_key().map(str::to_owned));
            async move {
                let log = self.log(context, &key?).await;
                Some((name, log.unwrap_or_else(|error| json!({ "error": error.to_string() }))))
            }
        };
        let work: Vec<_> = steps.iter().take(most).map(read).collect();
        stream::iter(work).buffered(PARALLEL).filter_map(std::future::ready).collect().await
    }

    async fn log(&self, context: &HookContext<'_>, key: &str) -> Result<Value> {
        if self.wants.addresses {
            let found = log::address(context, self.place, key).await?;
            return Ok(json!({ "download_url": found["download_url"] }));
        }
        let log = log::snippet(context, self.place, key, self.wants.lines).await?;
        Ok(json!({
            "log_snippet": log["log_content"],
            "total_lines": log["total_lines"],
            "truncated": log["truncated"],
        }))
    }
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
    let failed = stages
        .iter()
        .flat_map(|stage| &stage.steps)
        .copied()
        .find(|step| step.state().has_failed());
    let message = failed.and_then(Part::message).or_else(|| execution.message());
    json!({
        "reference": child,
        "pipeline_id": execution.text("pipelineIdentifier"),
        "status": execution.status(),
        "failed_step": failed.map(|step| step.identifier),
        "message": message.map(clean),
        "failed_stages": stages.iter().filter(|it| it.part.state().has_failed()).map(Stage::to_json)
            .collect::<Vec<_>>(),
    })
}
