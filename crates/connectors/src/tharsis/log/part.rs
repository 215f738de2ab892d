//! `job.logs` and `run.logs`, which needs no job's id: the end of a log, its beginning, the
//! surroundings of the first error, the lines that match, or everything until the job is over.

use std::time::Duration;

use pilothouse_model::{
    Result,
    text::{prefix, sanitize},
};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::{
    limit, number, piece, read_all, read_on,
    window::{self, Window},
};
use crate::{
    connector::hook::HookContext,
    tharsis::{
        answer::{owned_at, text},
        run::{Part, Run, Stage},
    },
};

/// How long one call follows a log; the caller may call again.
const MAX_FOLLOW: Duration = Duration::from_mins(10);
const POLL: Duration = Duration::from_millis(500);
/// A quiet log is asked for less often.
const SLOW_POLL: Duration = Duration::from_secs(3);
/// Longest line passed on as progress, in bytes.
const MAX_PROGRESS: usize = 200;

pub(in crate::tharsis) async fn job_logs(
    context: &HookContext<'_>,
    args: Map<String, Value>,
) -> Result<Value> {
    let job_id = text(&args, "id");
    let follow = args.get("follow") == Some(&Value::Bool(true));
    show(context, json!({"job_id": job_id}), job_id, follow, &args).await
}

pub(in crate::tharsis) async fn run_logs(
    context: &HookContext<'_>,
    args: Map<String, Value>,
) -> Result<Value> {
    let run = Run::find(context, text(&args, "id")).await?;
    let follow = args.get("follow") == Some(&Value::Bool(true));
    let stage = match text(&args, "stage") {
        "plan" => run.stage(Part::Plan),
        "apply" => run.stage(Part::Apply),
        _ if follow => run.coming_stage(),
        _ => run.telling_stage(),
    };
    let mut answer = json!({"run_id": run.id, "run_status": run.status});
    let Some(stage) = stage else {
        return Ok(without_log(answer, "this run has no such stage"));
    };
    answer["stage"] = json!(stage.part.as_str());
    let Some(job_id) = job(context, stage, follow && !run.is_final()).await? else {
        return Ok(without_log(answer, "this stage has not started, so there is no log yet"));
    };
    answer["job_id"] = json!(job_id);
    show(context, answer, &job_id, follow, &args).await
}

fn without_log(mut answer: Value, note: &str) -> Value {
    answer["logs"] = json!("");
    answer["note"] = json!(note);
    answer
}

/// Adds the part of the log that the arguments ask for. `size` counts bytes of the stored log, so
/// that `start + size` is where the next piece begins, however much cleaning shortened the text.
async fn show(
    context: &HookContext<'_>,
    mut answer: Value,
    job_id: &str,
    follow: bool,
    args: &Map<String, Value>,
) -> Result<Value> {
    let mut followed = None;
    if follow {
        let (log, status) = follow_log(context, job_id).await?;
        answer["job_status"] = json!(status);
        followed = Some(log);
    }
    let limit = limit(args);
    let start = match (number(args, "start"), text(args, "mode")) {
        (Some(start), _) => Some(start),
        (None, "head") => Some(0),
        (None, _) => None,
    };
    if let (Some(start), None, "") = (start, &followed, text(args, "search")) {
        let (piece, has_more) = piece(context, job_id, start, limit).await?;
        let end = start + piece.len();
        return Ok(with_window(answer, &piece, Window { start, end }, has_more));
    }
    let log = match followed {
        Some(log) => log,
        None => read_all(context, job_id).await?,
    };
    answer["total_size"] = json!(log.len());
    if !text(args, "search").is_empty() {
        let matches = window::search(&log, text(args, "search"), limit);
        if matches.is_empty() {
            answer["note"] = json!("no line of this log contains that text");
        }
        answer["matches"] = json!(matches);
        return Ok(answer);
    }
    let window = match (start, text(args, "mode")) {
        (Some(start), _) => window::from(&log, start, limit),
        (None, "error" | "around_error") => {
            window::around_error(&log, limit).unwrap_or_else(|| {
                answer["note"] = json!("this log shows no error; this is its end");
                window::tail(&log, limit)
            })
        }
        (None, _) => window::tail(&log, limit),
    };
    let has_more = window.end < log.len();
    Ok(with_window(answer, &log[window.start..window.end], window, has_more))
}

fn with_window(mut answer: Value, part: &str, window: Window, has_more: bool) -> Value {
    answer["start"] = json!(window.start);
    answer["size"] = json!(window.end - window.start);
    answer["has_more"] = json!(has_more);
    answer["logs"] = json!(sanitize(part));
    answer
}

/// The stage's job; when following, one that is still to come.
async fn job(context: &HookContext<'_>, stage: &Stage, wait: bool) -> Result<Option<String>> {
    let end = Instant::now() + MAX_FOLLOW;
    loop {
        let job = stage.job_id(context).await?;
        if job.is_some() || !wait || Instant::now() >= end {
            return Ok(job);
        }
        sleep(POLL).await;
    }
}

/// Reads until the job is over or the time is up: the log, and the job's status.
async fn follow_log(context: &HookContext<'_>, job_id: &str) -> Result<(String, String)> {
    let end = Instant::now() + MAX_FOLLOW;
    let (mut log, mut polls, mut pause) = (String::new(), 0, POLL);
    loop {
        // Asked before the log, so that a final status means that the log read next is complete.
        let job = context.call("job.get", json!({"id": job_id})).await?;
        let status = owned_at(&job, "/status").unwrap_or_default();
        let before = log.len();
        read_on(context, job_id, &mut log).await?;
        polls += 1;
        context.progress(&format!("{status}: {}", last_line(&log)), polls, None);
        let is_final = matches!(status.as_str(), "finished" | "failed" | "canceled");
        if is_final || Instant::now() >= end {
            return Ok((log, status));
        }
        pause = if log.len() > before { POLL } else { (pause * 2).min(SLOW_POLL) };
        sleep(pause).await;
    }
}

fn last_line(log: &str) -> String {
    let tail = window::tail(log, 2048);
    let clean = sanitize(&log[tail.start..]);
    let line = clean.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    prefix(line.trim(), MAX_PROGRESS).to_owned()
}
