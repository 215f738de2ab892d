//! Execution: the platform is called, or watched, or searched.

use std::{pin::pin, time::Duration};

use futures::{StreamExt as _, stream};
use pilothouse_access::{Action, Place, decide};
use pilothouse_connectors::{Progress, Scope, harness::LINK};
use pilothouse_model::{Error, Kind, Namespace};
use pilothouse_registry::Rest;
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{Path, place};
use crate::{
    compact,
    verb::{Follow, Invocation, Overview, Request, Search, Wait, cursor, list},
};

/// Types asked at the same time by one search.
const SEARCH_WIDTH: usize = 4;
const PENDING_REPORTS: usize = 16;
/// Between the first two looks at something that is waited for; later ones are further apart.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn execute(path: &Path<'_>, request: &Request) -> Result<Value, Error> {
    match request {
        Request::Answer { value, .. } => Ok(value.clone()),
        Request::Operation(invocation) => {
            let value = invoke(path, invocation).await?;
            match &invocation.follow {
                Some(follow) => Ok(see_through(path, follow, value).await),
                None => Ok(value),
            }
        }
        Request::Search(search) => Ok(fan_out(path, search).await),
        Request::Overview(overview) => Ok(look_around(path, overview).await),
        Request::Wait(wait) => watch(path, wait).await,
    }
}

async fn invoke(path: &Path<'_>, invocation: &Invocation) -> Result<Value, Error> {
    let Invocation { connector, operation, arguments, view, .. } = invocation;
    let (reports, mut reported) = mpsc::channel(PENDING_REPORTS);
    let scope = scope(path, invocation)?.watched(move |progress| {
        // A client that reads slowly misses reports, not results.
        let _ = reports.try_send(Report::from(progress));
    });
    let mut call = pin!(connector.call_in(&scope, operation, arguments));
    let value = loop {
        tokio::select! {
            value = &mut call => break value?,
            // A write that is on its way is seen through, whoever still waits for it.
            () = path.conversation.cancelled(), if invocation.risk.is_read() => return Err(cancelled()),
            Some(report) = reported.recv() => {
                path.conversation.progress(report.done, report.total, &report.message).await;
            }
        }
    };
    let mut value = value;
    cursor::bind(invocation.spec()?, connector.instance(), arguments, &mut value)?;
    if let Some(kind) = invocation.name.strip_suffix(".delete").filter(|_| says_nothing(&value)) {
        let id = invocation.target.as_deref();
        value = json!({ "deleted": true, "resource_type": kind, "resource_id": id });
    }
    if invocation.past_end {
        list::end(&mut value);
    }
    if invocation.compact {
        compact::items(&mut value, &invocation.resource()?.summary);
    }
    match view {
        Some(view) => connector.show(&scope, view, value).await,
        None => Ok(value),
    }
}

/// What `invocation` does elsewhere than its arguments say is decided like itself; a person who said
/// yes to it has seen that.
fn scope(path: &Path<'_>, invocation: &Invocation) -> Result<Scope, Error> {
    let Invocation { connector, operation, arguments, name, risk, .. } = invocation;
    let caller = path.conversation.caller().clone().decided();
    let here = connector.place(operation, arguments)?;
    let (realm, policy) = (place::realm(connector), path.surface.policy().clone());
    let (decided, name, risk) = (caller.clone(), name.clone(), *risk);
    Ok(Scope::new(caller).within(here, move |place| {
        let namespace = Namespace::new(&realm, place);
        let action = Action { operation: &name, risk, place: Place::In(&namespace) };
        let decision = decide(&decided, &action, &policy);
        decision.refusal(|| Error::not_found(&realm, place)).map_or(Ok(()), Err)
    }))
}

/// That something is done, many platforms say by an empty answer.
fn says_nothing(answer: &Value) -> bool {
    match answer {
        Value::Null | Value::Bool(true) => true,
        Value::String(text) => text.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn cancelled() -> Error {
    Error::new(Kind::Cancelled, "the call was cancelled")
}

/// A progress report on its way from a connector to the client.
struct Report {
    done: f64,
    total: Option<f64>,
    message: String,
}

impl From<Progress<'_>> for Report {
    #[expect(clippy::cast_precision_loss, reason = "progress is shown, not computed with")]
    fn from(progress: Progress<'_>) -> Self {
        Self {
            done: progress.current as f64,
            total: progress.total.map(|total| total as f64),
            message: progress.message.to_owned(),
        }
    }
}

/// Asks every type at once, a few at a time; what fails does not spoil the rest.
async fn fan_out(path: &Path<'_>, search: &Search) -> Value {
    let calls: Vec<_> = search.lists.iter().map(|list| invoke(path, list)).collect();
    let answers: Vec<_> = stream::iter(calls).buffered(SEARCH_WIDTH).collect().await;
    let failure = |resource_type: &str, error: &Error| {
        json!({
            "resource_type": resource_type,
            "kind": error.kind.as_str(),
            "message": error.message,
            "hint": error.hint,
        })
    };
    let mut failed: Vec<Value> =
        search.refused.iter().map(|(name, error)| failure(name, error)).collect();
    let mut results = Vec::new();
    for (list, answer) in search.lists.iter().zip(answers) {
        let resource_type = search.type_of(list);
        match answer {
            Ok(mut page) => {
                for item in page["items"].as_array_mut().into_iter().flat_map(std::mem::take) {
                    results.push(json!({ "resource_type": resource_type, "item": item }));
                }
            }
            Err(error) => failed.push(failure(resource_type, &error)),
        }
    }
    json!({ "query": search.words, "results": results, "types": search.types, "failed": failed })
}

/// How each installation stands; one that does not answer does not hide the others.
async fn look_around(path: &Path<'_>, overview: &Overview) -> Value {
    let parts = &overview.parts;
    let calls: Vec<_> = parts.iter().map(|part| invoke(path, part)).collect();
    let answers: Vec<_> = stream::iter(calls).buffered(SEARCH_WIDTH).collect().await;
    let (mut platforms, mut failed) = (Vec::new(), Vec::new());
    for (part, answer) in parts.iter().zip(answers) {
        let (platform, instance) = (part.connector.platform(), part.connector.instance());
        match answer {
            Ok(status) => platforms.push(json!({
                "platform": platform, "instance": instance, "status": status,
            })),
            Err(error) => failed.push(json!({
                "platform": platform, "instance": instance,
                "kind": error.kind.as_str(), "message": error.message,
            })),
        }
    }
    json!({ "platforms": platforms, "failed": failed })
}

/// Adds to the answer of an operation what became of the thing that it started. The operation is
/// done whatever comes of watching.
async fn see_through(path: &Path<'_>, follow: &Follow, mut answer: Value) -> Value {
    let Some(wait) = follow.watch(&answer) else { return answer };
    let started = Instant::now();
    let end = watch(path, &wait).await;
    let kind = wait.get.operation.split('.').next().unwrap_or_default();
    let Some(fields) = answer.as_object_mut() else { return answer };
    let mut add = |name: &str, value: Value| fields.insert(format!("{kind}_{name}"), value);
    add("id", json!(wait.get.target));
    add("elapsed_ms", json!(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)));
    match end {
        Ok(end) => {
            let outcome = end["outcome"].as_str().unwrap_or_default();
            add("status", end["status"].clone());
            add("outcome", json!(outcome));
            add("terminal", json!(matches!(outcome, "done" | "failed")));
            add("timed_out", json!(outcome == "timed_out"));
            if let Some(link) = end["result"].get(LINK) {
                fields.insert(LINK.to_owned(), link.clone());
            }
        }
        Err(error) => drop(add("error", json!(error.to_string()))),
    }
    answer
}

/// Looks again and again until the instance rests, the time is up, or the client leaves.
async fn watch(path: &Path<'_>, wait: &Wait) -> Result<Value, Error> {
    let started = Instant::now();
    let deadline = started + wait.timeout;
    let mut pause = FIRST_PAUSE;
    loop {
        let result = invoke(path, &wait.get).await?;
        let status = wait.rule.field.get(&result).and_then(Value::as_str).unwrap_or("unknown");
        let outcome = match wait.rule.rest(&result) {
            Some(Rest::Done) => Some("done"),
            Some(Rest::Paused) => Some("paused"),
            Some(Rest::Failed) => Some("failed"),
            None if Instant::now() >= deadline => Some("timed_out"),
            None => None,
        };
        if let Some(outcome) = outcome {
            return Ok(json!({ "status": status, "outcome": outcome, "result": result }));
        }
        let waited = started.elapsed().as_secs_f64();
        path.conversation.progress(waited, Some(wait.timeout.as_secs_f64()), status).await;
        let next = (Instant::now() + pause).min(deadline);
        tokio::select! {
            () = sleep_until(next) => {}
            () = path.conversation.cancelled() => return Err(cancelled()),
        }
        pause = (pause * 3 / 2).min(wait.longest_pause);
    }
}
