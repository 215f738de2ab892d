//! `execution_log.get`: what a step or a whole run printed. The platform packs a log and hands out
//! a link to it; the log is fetched, unpacked and cut to its end.

use std::time::Duration;

use pilothouse_model::{Error, Kind, Result, text::prefix};
use serde_json::{Map, Value, json};

use super::execution::Execution;
use crate::connector::hook::HookContext;

mod pack;
mod text;

/// How often the platform is asked whether the log is packed, and how long between.
const ATTEMPTS: usize = 3;
const PAUSE: Duration = Duration::from_secs(3);
/// Shown of a log, from its end, in bytes.
const MAX_SHOWN: usize = 128 << 10;
/// Shown of the platform's reason for having no log, in bytes.
const MAX_REASON: usize = 200;

pub(super) async fn get(context: &HookContext<'_>, mut args: Map<String, Value>) -> Result<Value> {
    let wants_link = args.remove("return_download_url") == Some(json!(true));
    let lines = args.remove("lines").and_then(|lines| lines.as_u64()).map(to_usize);
    let execution = args.remove("execution_id");
    let mut place = args;
    let key = execution.as_ref().filter(|id| is_key(id)).cloned();
    let prefix = match place.remove("prefix").or(key) {
        Some(prefix) => prefix,
        None => whole_run(context, &place, execution).await?,
    };
    place.insert("prefix".to_owned(), prefix.clone());
    let link = link(context, &place).await?;
    if wants_link {
        return Ok(json!({"prefix": prefix, "download_url": link}));
    }
    let packed = context.fetch(&link).await?;
    let log = read(packed, lines.unwrap_or(usize::MAX)).await?;
    Ok(json!({
        "prefix": prefix,
        "log_content": log.end,
        "total_lines": log.lines,
        "truncated": log.is_cut,
    }))
}

/// What is shown of a log.
struct Shown {
    end: String,
    /// In all that was read.
    lines: usize,
    is_cut: bool,
}

/// The end of a packed log. It may be of many megabytes, so this is not a worker's work.
async fn read(packed: bytes::Bytes, lines: usize) -> Result<Shown> {
    let work = move || {
        let unpacked = pack::unpack(&packed)?;
        let log = text::read(&unpacked.text);
        let tail = log.tail(lines, MAX_SHOWN);
        let is_cut = unpacked.left_out > 0 || tail.lines < log.len();
        Ok(Shown { end: tail.text, lines: log.len(), is_cut })
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("reading a log broke off").source(error))?
}

/// Identifiers of executions have neither.
fn is_key(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.contains(['/', ':']))
}

/// The last lines of one step's log.
pub(super) async fn snippet(
    context: &HookContext<'_>,
    place: &Map<String, Value>,
    key: &str,
    lines: usize,
) -> Result<Value> {
    let mut args = place.clone();
    args.insert("prefix".to_owned(), json!(key));
    args.insert("lines".to_owned(), json!(lines));
    get(context, args).await
}

/// Where one step's log can be fetched.
pub(super) async fn address(
    context: &HookContext<'_>,
    place: &Map<String, Value>,
    key: &str,
) -> Result<Value> {
    let mut args = place.clone();
    args.insert("prefix".to_owned(), json!(key));
    args.insert("return_download_url".to_owned(), json!(true));
    get(context, args).await
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The key under which all of a run's logs are.
async fn whole_run(
    context: &HookContext<'_>,
    place: &Map<String, Value>,
    execution: Option<Value>,
) -> Result<Value> {
    let Some(id) = execution else {
        return Err(Error::invalid("prefix: missing")
            .hint("pass prefix, the logBaseKey of a step, or execution_id for a whole run"));
    };
    let mut question = place.clone();
    question.insert("execution_id".to_owned(), id);
    question.insert("render_full_graph".to_owned(), json!(true));
    let answer = context.call("execution.get", Value::Object(question)).await?;
    let found = Execution::read(&answer).and_then(|execution| execution.log_prefix());
    found.map(Value::String).ok_or_else(|| {
        Error::new(Kind::NotFound, "the run has no logs")
            .hint("it may not have started a step yet, or its logs have expired")
    })
}

async fn link(context: &HookContext<'_>, place: &Map<String, Value>) -> Result<String> {
    for attempt in 1..=ATTEMPTS {
        let answer = context.call("execution_log.pack", Value::Object(place.clone())).await?;
        if let Some(link) = answer.get("link").and_then(Value::as_str).filter(|it| !it.is_empty()) {
            return Ok(link.to_owned());
        }
        let status = answer.get("status").and_then(Value::as_str).unwrap_or_default();
        let is_waiting = ["queued", "pending", "in_progress"]
            .iter()
            .any(|known| status.eq_ignore_ascii_case(known));
        if !is_waiting {
            return Err(Error::new(
                Kind::NotFound,
                format!("no log under this key{}", suffix(&answer)),
            )
            .hint("the key is the logBaseKey of a step; logs are kept for a limited time"));
        }
        if attempt < ATTEMPTS {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Err(Error::unavailable("the log is not packed yet").hint("ask again in a few seconds"))
}

fn suffix(answer: &Value) -> String {
    let said = answer.get("message").or_else(|| answer.get("status")).and_then(Value::as_str);
    said.map(|text| format!(": {}", prefix(&super::clean(text), MAX_REASON))).unwrap_or_default()
}
