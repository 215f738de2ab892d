//! `runs`: looking at Terraform runs, through the same connector that agents use.

use std::{io::Write as _, time::Duration};

use pilothouse_model::Error;
use serde_json::{Map, Value, json};

use super::screen;
use crate::{
    cli::{RunCommand, RunListArguments, RunLogsArguments},
    compose::Product,
    exit::{Exit, after_write},
};

/// Between two looks at a log that is being written.
const PAUSE: Duration = Duration::from_millis(500);
/// One read of a log, in bytes.
const CHUNK: u64 = 50 * 1024;

pub(super) async fn run(product: &Product, command: &RunCommand) -> Result<Exit, Error> {
    match command {
        RunCommand::List(arguments) => list(product, arguments).await,
        RunCommand::Show { run, output } => {
            let found = call(product, "run.get", json!({ "id": run })).await?;
            if output.json { screen::json(&found) } else { show(product, &found).await }
        }
        RunCommand::Logs(arguments) => logs(product, arguments).await,
    }
}

async fn list(product: &Product, arguments: &RunListArguments) -> Result<Exit, Error> {
    let mut filter = json!({ "limit": arguments.limit.limit.min(100) });
    if let Some(path) = &arguments.workspace {
        filter["workspace_id"] = json!(workspace_trn(path));
    }
    let page = call(product, "run.list", filter).await?;
    if arguments.output.json {
        return screen::json(&page);
    }
    let rows = page["items"].as_array().into_iter().flatten().map(row).collect();
    screen::table(&["run", "status", "workspace", "by", "created"], rows, "No runs yet.")
}

/// Accepts a path as people write it and the identifiers that agents use.
fn workspace_trn(path: &str) -> String {
    if path.contains('/') && !path.starts_with("trn:") {
        format!("trn:workspace:{path}")
    } else {
        path.to_owned()
    }
}

fn row(run: &Value) -> Vec<String> {
    let text = |pointer: &str| run.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let trn = text("/metadata/trn");
    let workspace =
        trn.trim_start_matches("trn:run:").rsplit_once('/').map_or("", |(path, _)| path);
    [
        text("/metadata/id"),
        text("/status"),
        workspace,
        text("/created_by"),
        text("/metadata/created_at"),
    ]
    .map(str::to_owned)
    .to_vec()
}

async fn show(product: &Product, run: &Value) -> Result<Exit, Error> {
    let text = |pointer: &str| run.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let failed = run["status"] == "errored";
    let diagnosis = match text("/metadata/id") {
        Some(id) if failed => Some(call(product, "run.diagnose", json!({ "id": id })).await?),
        _ => None,
    };
    let of_diagnosis = |name: &str| diagnosis.as_ref()?[name].as_str().map(str::to_owned);
    let likely_cause = diagnosis
        .as_ref()
        .and_then(|found| found["likely_cause"]["cause"].as_str().map(str::to_owned));
    screen::fields(&[
        ("run", text("/metadata/id")),
        ("trn", text("/metadata/trn")),
        ("status", text("/status")),
        ("created by", text("/created_by")),
        ("created", text("/metadata/created_at")),
        ("terraform", text("/terraform_version")),
        ("failed in", of_diagnosis("failed_stage")),
        ("error", diagnosis.as_ref().and_then(first_error)),
        ("likely cause", likely_cause),
    ])
}

fn first_error(diagnosis: &Value) -> Option<String> {
    let first = diagnosis["diagnostics"].get(0)?;
    let summary = first["summary"].as_str()?;
    Some(match (first["file"].as_str(), first["line"].as_u64()) {
        (Some(file), Some(line)) => format!("{summary} ({file}:{line})"),
        _ => summary.to_owned(),
    })
}

async fn logs(product: &Product, arguments: &RunLogsArguments) -> Result<Exit, Error> {
    let mut failed = false;
    for stage in ["plan", "apply"] {
        match stage_logs(product, arguments, stage).await? {
            Some(status) => failed = matches!(status.as_str(), "errored" | "canceled"),
            None => break,
        }
    }
    Ok(if failed && arguments.follow { Exit::Failed } else { Exit::Done })
}

/// Prints the log of one stage and gives the run's status; `None` when there is no such stage.
async fn stage_logs(
    product: &Product,
    arguments: &RunLogsArguments,
    stage: &str,
) -> Result<Option<String>, Error> {
    let mut start = 0_u64;
    loop {
        // The status is read first: what is written after it stays for the next look.
        let run = call(product, "run.get", json!({ "id": arguments.run })).await?;
        let status = run["status"].as_str().unwrap_or_default().to_owned();
        let rests = is_at_rest(&status, stage);
        let part = json!({ "id": arguments.run, "stage": stage, "start": start, "limit": CHUNK });
        let page = match call(product, "run.logs", part).await {
            Ok(page) => page,
            Err(error) if error.kind == pilothouse_model::Kind::NotFound => {
                if rests || !arguments.follow {
                    return Ok(None);
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let text = page["logs"].as_str().unwrap_or_default();
        let mut out = anstream::stdout();
        after_write(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?;
        let size = page["size"].as_u64().unwrap_or_default();
        let more = page["has_more"] == true;
        if !more && (rests || !arguments.follow) {
            return Ok(Some(status));
        }
        if size == 0 {
            tokio::time::sleep(PAUSE).await;
        }
        start += size;
    }
}

/// Whether nothing more is written to this stage's log.
fn is_at_rest(status: &str, stage: &str) -> bool {
    let over =
        matches!(status, "applied" | "planned_and_finished" | "errored" | "canceled" | "discarded");
    let past_plan = matches!(status, "planned" | "queuing_apply" | "apply_queued" | "applying");
    over || status == "planned" || (stage == "plan" && past_plan)
}

async fn call(product: &Product, operation: &str, arguments: Value) -> Result<Value, Error> {
    let connector = product.embedded_tharsis()?;
    let arguments: Map<String, Value> = match arguments {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    connector.call(&product.operator(), operation, arguments).await
}
