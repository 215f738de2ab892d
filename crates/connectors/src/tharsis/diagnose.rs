//! `run.diagnose`: why a run failed: the failing stage, its errors with file and line, a likely
//! cause, what changed since the last good run, when things happened, what to do next.

use pilothouse_model::{
    Error, Kind, Result,
    id::ResourceType,
    text::{prefix, sanitize},
};
use serde_json::{Map, Value, json};

use super::{
    answer::{items, object, text, text_at},
    cause, change, clean,
    diagnostic::{self, Diagnostic},
    log, next, reference,
    run::{Part, Run, Stage},
};
use crate::connector::hook::HookContext;

/// How far back a failed or a good run is looked for.
const PAGES: usize = 3;
const PAGE: usize = 50;
/// Shown of the log where no diagnostics could be read, in bytes.
const MAX_TAIL: usize = 4000;

pub(super) async fn run_diagnose(
    context: &HookContext<'_>,
    args: Map<String, Value>,
) -> Result<Value> {
    let id = text(&args, "id");
    let run = match reference::kind(id)? {
        ResourceType::Workspace => latest_failed(context, id).await?,
        _ => Run::find(context, id).await?,
    };
    let Some(stage) = [&run.apply, &run.plan].into_iter().flatten().find(|it| it.has_failed())
    else {
        return Ok(not_failed(&run));
    };
    context.progress("reading the errors of the failed stage", 1, Some(3));
    let findings = findings(context, stage).await?;
    context.progress("comparing with the last good run", 2, Some(3));
    let changed = match last_good(context, &run).await? {
        Some(good) => Some(change::between(context, &good, &run).await?),
        None => None,
    };
    context.progress("done", 3, Some(3));
    let cause = match reason(stage, &findings.diagnostics) {
        Some(reason) => cause::likely(&[], Some(reason))?,
        None => cause::likely(&findings.diagnostics, None)?,
    };
    Ok(object([
        ("run_id", Some(json!(run.id))),
        ("trn", Some(json!(run.trn))),
        ("workspace_id", Some(json!(run.workspace_id))),
        ("status", Some(json!(run.status))),
        ("failed_stage", Some(json!(stage.part.as_str()))),
        ("summary", Some(json!(summary(&run, stage, &findings.diagnostics)))),
        ("error_message", stage.error_message.as_deref().map(|text| json!(clean(text)))),
        ("diagnostics", Some(json!(findings.diagnostics))),
        ("log_tail", findings.tail.map(|tail| json!(tail))),
        ("likely_cause", cause),
        ("changed_since_last_good_run", changed),
        ("timeline", Some(json!(timeline(&run)))),
        ("next_steps", Some(json!(next_steps(&run, stage, &findings.diagnostics)))),
    ]))
}

/// The newest failed run of a workspace.
async fn latest_failed(context: &HookContext<'_>, workspace: &str) -> Result<Run> {
    let is_failed = |run: &Value| text_at(run, "/status") == Some("errored");
    find_run(context, workspace, is_failed).await?.ok_or_else(|| {
        Error::new(Kind::NotFound, "no recent run of this workspace has failed")
            .hint("pass the id of the run to look at; run.list shows them")
    })
}

/// The newest run before `run` that went well and worked on real code.
async fn last_good(context: &HookContext<'_>, run: &Run) -> Result<Option<Run>> {
    let is_good = |other: &Value| {
        let before = match (text_at(other, "/metadata/created_at"), run.created_at.as_deref()) {
            (Some(other), Some(this)) => other < this,
            _ => false,
        };
        before
            && matches!(text_at(other, "/status"), Some("applied" | "planned_and_finished"))
            && other.get("is_destroy") != Some(&Value::Bool(true))
    };
    find_run(context, &run.workspace_id, is_good).await
}

async fn find_run(
    context: &HookContext<'_>,
    workspace: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Option<Run>> {
    let mut cursor = Value::Null;
    for _ in 0..PAGES {
        let args = json!({"workspace_id": workspace, "limit": PAGE, "cursor": cursor,
            "sort": "CREATED_AT_DESC"});
        let page = context.call("run.list", args).await?;
        if let Some(found) = items(&page).iter().find(|run| wanted(run)) {
            return Run::complete(context, found).await.map(Some);
        }
        match page.get("next_cursor") {
            Some(next) => cursor = next.clone(),
            None => break,
        }
    }
    Ok(None)
}

struct Findings {
    diagnostics: Vec<Diagnostic>,
    /// The end of the log, where nothing in it could be read as a diagnostic.
    tail: Option<String>,
}

/// The platform's own diagnostics where it keeps them, else those in the log.
async fn findings(context: &HookContext<'_>, stage: &Stage) -> Result<Findings> {
    let operation = match stage.part {
        Part::Plan => "plan.diagnostics",
        Part::Apply => "apply.diagnostics",
    };
    let kept = match context.call(operation, json!({"id": stage.id})).await {
        Ok(answer) => diagnostic::from_platform(&answer),
        // Only platforms of Pilothouse's own kind keep diagnostics.
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Upstream) => Vec::new(),
        Err(error) => return Err(error),
    };
    if !kept.is_empty() {
        return Ok(Findings { diagnostics: kept, tail: None });
    }
    let Some(job) = stage.job_id(context).await? else {
        return Ok(Findings { diagnostics: Vec::new(), tail: None });
    };
    let text = log::read_all(context, &job).await?;
    let mut diagnostics = diagnostic::parse_log(&text);
    if diagnostics.is_empty() {
        diagnostics = diagnostic::parse_log(stage.error_message.as_deref().unwrap_or_default());
    }
    let tail = diagnostics.is_empty().then(|| {
        let clean = sanitize(&text);
        clean[clean.ceil_char_boundary(clean.len().saturating_sub(MAX_TAIL))..].to_owned()
    });
    Ok(Findings { diagnostics, tail })
}

/// What the platform itself says ended the stage, such as a time limit or its own shutdown. What
/// Terraform printed then only came of it.
fn reason<'a>(stage: &'a Stage, diagnostics: &[Diagnostic]) -> Option<&'a str> {
    let message = stage.error_message.as_deref()?;
    let repeats = diagnostics.iter().any(|it| message.contains(&it.summary));
    // That a program failed is no reason where it said why.
    let says_nothing = !diagnostics.is_empty() && message.contains("exit");
    (!repeats && !says_nothing).then_some(message)
}

/// One sentence.
fn summary(run: &Run, stage: &Stage, diagnostics: &[Diagnostic]) -> String {
    let part = stage.part.as_str();
    let errors = diagnostics.iter().filter(|it| it.severity == diagnostic::Severity::Error).count();
    let kind = if run.is_destroy { "destroy run" } else { "run" };
    match diagnostics.first().filter(|_| reason(stage, diagnostics).is_none()) {
        Some(first) => {
            let place = first.place().map(|place| format!(" at {place}")).unwrap_or_default();
            let more = if errors > 1 { format!(" ({errors} errors)") } else { String::new() };
            format!("The {part} of this {kind} failed: {}{place}{more}.", first.summary)
        }
        None => match &stage.error_message {
            Some(message) => {
                let message = clean(message);
                let line = message.lines().find(|line| !line.trim().is_empty());
                let line = line.unwrap_or("no reason was given").trim().to_owned();
                format!("The {part} of this {kind} failed: {}", prefix(&line, 300))
            }
            None => format!("The {part} of this {kind} failed without saying why."),
        },
    }
}

/// When the parts of the run last changed, oldest first.
fn timeline(run: &Run) -> Vec<Value> {
    let mut events = Vec::new();
    if let Some(at) = &run.created_at {
        let by = run.created_by.as_deref().unwrap_or("somebody");
        events.push((at.clone(), format!("run created by {}", clean(by))));
    }
    for stage in [&run.plan, &run.apply].into_iter().flatten() {
        if let Some(at) = stage.updated_at.as_ref().filter(|_| stage.status != "created") {
            events.push((at.clone(), format!("{} {}", stage.part.as_str(), stage.status)));
        }
    }
    if let Some(at) = &run.updated_at {
        events.push((at.clone(), format!("run {}", run.status)));
    }
    events.sort();
    events.into_iter().map(|(at, event)| json!({"at": at, "event": event})).collect()
}

/// Whether the values of input variables are at fault, in Terraform's words or by their file.
fn is_of_variables(diagnostic: &Diagnostic) -> bool {
    let Diagnostic { summary, file, .. } = diagnostic;
    let of_value = summary.starts_with("No value for") || summary.starts_with("Invalid value for");
    of_value && summary.contains("variable")
        || file.as_deref().is_some_and(|file| file.ends_with(".tfvars.json"))
}

fn next_steps(run: &Run, stage: &Stage, diagnostics: &[Diagnostic]) -> Vec<Value> {
    let mut steps = vec![next::step(
        "run.logs",
        &json!({"id": run.id, "stage": stage.part.as_str(), "mode": "error"}),
        "read what was printed around the first error",
    )];
    if diagnostics.iter().any(is_of_variables) {
        let workspace = run.trn.strip_prefix("trn:run:").and_then(|path| path.rsplit_once('/'));
        steps.push(next::step(
            "variable.list",
            &json!({"namespace_path": workspace.map(|(path, _)| path)}),
            "an input variable has no value or a wrong one: see what is set, then create or \
             update it",
        ));
    }
    // What lies beside the configuration was not uploaded.
    let in_code =
        diagnostics.iter().find_map(|it| it.file.as_deref()).filter(|it| !it.starts_with("../"));
    if let (Some(version), Some(file)) = (&run.configuration_version_id, in_code) {
        steps.push(next::step(
            "configuration_version.download",
            &json!({"id": version, "path": file}),
            "see the file with the error",
        ));
        steps.push(next::step(
            "configuration_version.upload",
            &json!({"workspace_id": run.workspace_id}),
            "upload the corrected files, all of them, then start a run with the new version",
        ));
    }
    if stage.part == Part::Apply {
        steps.push(next::step(
            "workspace.status",
            &json!({"id": run.workspace_id}),
            "the apply may have changed some resources before it failed; see what the state is",
        ));
    }
    if in_code.is_none() {
        steps.push(next::step(
            "run.retry",
            &json!({"id": run.id}),
            "if the cause was outside the code and is gone, repeat the failed stage",
        ));
    }
    steps
}

fn not_failed(run: &Run) -> Value {
    let (summary, steps) = match run.status.as_str() {
        "planned" => (
            "This run has not failed: its plan waits to be applied.",
            vec![next::step("plan.diff", &json!({"run_id": run.id}), "see what it would change")],
        ),
        "canceled" if run.apply.as_ref().is_some_and(Stage::has_started) => (
            "This run did not fail by itself: it was canceled while it was applied, and may have \
             changed something.",
            vec![next::step(
                "workspace.status",
                &json!({"id": run.workspace_id}),
                "see what the state is; a new run plans what is left to do",
            )],
        ),
        "canceled" => ("This run did not fail by itself: it was canceled.", Vec::new()),
        "discarded" => ("This run has not failed: its plan was discarded.", Vec::new()),
        _ if run.is_final() => ("This run has not failed.", Vec::new()),
        _ => (
            "This run is still under way.",
            vec![next::step("run.logs", &json!({"id": run.id}), "see what it is doing")],
        ),
    };
    object([
        ("run_id", Some(json!(run.id))),
        ("workspace_id", Some(json!(run.workspace_id))),
        ("status", Some(json!(run.status))),
        ("summary", Some(json!(summary))),
        ("diagnostics", Some(json!([]))),
        ("timeline", Some(json!(timeline(run)))),
        ("next_steps", Some(json!(steps))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_set_right_where_it_was_set() {
        let run = Run::read(&json!({
            "metadata": {"id": "R", "trn": "trn:run:acme/prod/R"}, "configuration_version_id": "C",
            "plan": {"metadata": {"id": "P"}, "status": "errored"},
        }));
        for (error, steps) in [
            (
                json!({"severity": "error", "summary": "Invalid value for input variable",
                       "file": "../values.tfvars.json", "line": 1}),
                vec!["run.logs", "variable.list", "run.retry"],
            ),
            (
                json!({"severity": "error", "summary": "No value for required variable", "file": "main.tf"}),
                vec![
                    "run.logs",
                    "variable.list",
                    "configuration_version.download",
                    "configuration_version.upload",
                ],
            ),
            (
                json!({"severity": "error", "summary": "Unsupported argument", "file": "main.tf"}),
                vec!["run.logs", "configuration_version.download", "configuration_version.upload"],
            ),
        ] {
            let found = diagnostic::from_platform(&json!({"diagnostics": [error]}));
            let next = next_steps(&run, run.plan.as_ref().unwrap(), &found);
            let named: Vec<_> = next.iter().map(|it| it["operation"].as_str().unwrap()).collect();
            let wanted: Vec<_> = steps.iter().map(|it| format!("tharsis.{it}")).collect();
            assert_eq!(named, wanted);
            let listed = next.iter().find(|it| it["operation"] == "tharsis.variable.list");
            assert!(listed.is_none_or(|it| it["arguments"]["namespace_path"] == "acme/prod"));
        }
    }

    #[test]
    fn what_the_platform_did_is_the_reason_and_not_what_terraform_printed_then() {
        let printed = diagnostic::from_platform(&json!({"diagnostics": [
            {"severity": "error", "summary": "local-exec provisioner error"},
        ]}));
        for (message, is_reason) in [
            ("the job took longer than 1.0 minutes and was stopped", true),
            ("the server was shut down while the apply ran", true),
            ("local-exec provisioner error: the command was interrupted", false),
            ("terraform apply failed: exit status 1", false),
        ] {
            let stage = Stage {
                part: Part::Apply,
                id: "A".into(),
                status: "errored".into(),
                error_message: Some(message.into()),
                latest_job_id: None,
                updated_at: None,
            };
            assert_eq!(reason(&stage, &printed).is_some(), is_reason, "{message}");
        }
    }
}
