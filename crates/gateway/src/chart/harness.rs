//! From Harness' answers to chart data. Takes the answers as they come: what is missing is left
//! out, and an answer with nothing to draw gives no chart.

mod execution;
mod pipeline;

use std::collections::BTreeMap;

use pilothouse_connectors::harness::execution::State;
use pilothouse_model::Timestamp;
use serde_json::Value;

use self::execution::Execution;
use super::{
    Bar, Bars, Card, Chart, Day, Flow, Health, Level, Node, Ring, Row, Series, Slice, Status,
    Timeline, font,
    unit::{counted, duration},
};

/// Days of the time series, today included.
const DAYS: u32 = 31;
const DAY_MS: i64 = 86_400_000;
/// In the order they are stacked, from the bottom.
const STACKED: [Status; 9] = [
    Status::Succeeded,
    Status::Skipped,
    Status::Unknown,
    Status::Queued,
    Status::Running,
    Status::Waiting,
    Status::Aborted,
    Status::Expired,
    Status::Failed,
];

/// When the stages and steps of an execution ran. `answer` is that of `execution.get`.
pub fn timeline(answer: &Value) -> Option<Chart> {
    let execution = Execution::read(answer)?;
    let row = |part: &execution::Part, is_step| Row {
        label: part.name.clone(),
        is_step,
        status: part.status,
        start_ms: part.span.start_ms,
        end_ms: part.span.end_ms,
    };
    let mut rows = Vec::new();
    for stage in execution.stages() {
        rows.push(row(&stage.part, false));
        rows.extend(stage.steps.iter().map(|step| row(step, true)));
    }
    let (title, subtitle) = (execution.title.clone(), heading(&execution));
    Some(Chart::Timeline(Timeline { title, subtitle, rows }))
}

/// How the stages of an execution follow each other. `answer` is that of `execution.get`.
pub fn flow(answer: &Value) -> Option<Chart> {
    let execution = Execution::read(answer)?;
    let node = |stage: &execution::Stage| Node {
        name: stage.part.name.clone(),
        status: stage.part.status,
        duration_ms: stage.part.span.duration_ms(),
        steps: stage.steps.len(),
    };
    let groups = execution.groups.iter().map(|group| group.iter().map(node).collect()).collect();
    let (title, subtitle) = (execution.title.clone(), heading(&execution));
    Some(Chart::Flow(Flow { title, subtitle, groups }))
}

/// What a pipeline consists of. `pipeline` is its YAML, parsed.
pub fn architecture(pipeline: &Value) -> Option<Chart> {
    pipeline::read(pipeline).map(Chart::Architecture)
}

/// Executions by how they ended. `items` are those of `execution.list`.
pub fn by_status(items: &[Value]) -> Option<Chart> {
    let counts = count(items, |item| text(item, "status").unwrap_or("Unknown"));
    let slice = |(label, value): (&str, u64)| Slice {
        label: label.to_owned(),
        value,
        status: Some(status(State::of(label))),
    };
    (!items.is_empty()).then(|| {
        Chart::Ring(Ring {
            title: "Executions by status".into(),
            subtitle: listed(items),
            slices: distinct(counts.into_iter().map(slice).collect()),
            unit: "executions".into(),
        })
    })
}

/// Executions by pipeline. `items` are those of `execution.list`.
pub fn by_pipeline(items: &[Value]) -> Option<Chart> {
    let counts = count(items, |item| {
        text(item, "pipelineIdentifier").or_else(|| text(item, "name")).unwrap_or("unknown")
    });
    let bar = |(label, value): (&str, u64)| Bar { label: label.to_owned(), value };
    (!items.is_empty()).then(|| {
        Chart::Bars(Bars {
            title: "Executions by pipeline".into(),
            subtitle: listed(items),
            bars: counts.into_iter().map(bar).collect(),
        })
    })
}

/// Executions of the last 30 days and of today, by day in UTC. `items` are those of
/// `execution.list`.
pub fn by_day(items: &[Value], now: Timestamp) -> Option<Chart> {
    let mut days: Vec<Day> = (0..DAYS)
        .rev()
        .map(|back| {
            let date = date(Timestamp(now.0 - i64::from(back) * DAY_MS));
            Day { date, counts: STACKED.map(|status| (status, 0)).to_vec() }
        })
        .collect();
    let mut counted = 0;
    for item in items {
        let Some(started) = item.get("startTs").and_then(Value::as_i64) else { continue };
        let date = date(Timestamp(started));
        let Some(day) = days.iter_mut().find(|day| day.date == date) else { continue };
        let status = status_of(item);
        if let Some(count) = day.counts.iter_mut().find(|(known, _)| *known == status) {
            count.1 += 1;
            counted += 1;
        }
    }
    let of_all = if counted == items.len() { String::new() } else { format!("{counted} of ") };
    let (first, last) = (days.first()?.date.clone(), days.last()?.date.clone());
    (!items.is_empty()).then(|| {
        Chart::Series(Series {
            title: "Executions by day".into(),
            subtitle: format!("{first} to {last}, UTC; {of_all}{}", listed(items)),
            days,
        })
    })
}

/// How a project is doing. `answer` is that of `harness_status`.
pub fn health(answer: &Value) -> Option<Chart> {
    let summary = answer.get("summary")?;
    let level = match text(summary, "health")? {
        "healthy" => Level::Healthy,
        "degraded" => Level::Degraded,
        "failing" => Level::Failing,
        _ => Level::Unknown,
    };
    let part = |name: &str| answer.pointer(&format!("/project/{name}")).and_then(Value::as_str);
    let title =
        [part("org"), part("project")].into_iter().flatten().collect::<Vec<_>>().join(" / ");
    let runs = answer.get("recent_activity").and_then(Value::as_array);
    let recent = runs.into_iter().flatten().map(status_of);
    // What could not be read has no figure.
    let card = |label: &str, name: &str, status| {
        let value = summary.get(name).and_then(Value::as_u64)?;
        Some(Card { label: label.to_owned(), value, status })
    };
    let cards = [
        card("failed executions", "total_failed", Some(Status::Failed)),
        card("running now", "total_running", Some(Status::Running)),
        card("executions in all", "total_recent", None),
    ];
    Some(Chart::Health(Health {
        title,
        subtitle: match answer.pointer("/summary/failure_rate_percent").and_then(Value::as_u64) {
            Some(rate) => format!("Of the latest executions, {rate} % failed"),
            None => "Health of the project's pipelines".to_owned(),
        },
        level,
        cards: cards.into_iter().flatten().collect(),
        recent: recent.collect(),
    }))
}

fn heading(execution: &Execution) -> String {
    let took = execution.duration_ms().map(duration);
    let stages = counted(execution.stages().count(), "stage");
    let parts = [execution.id.clone(), execution.status.clone(), took, Some(stages)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn listed(items: &[Value]) -> String {
    counted(items.len(), "listed execution")
}

/// A colour and a sign for what Harness' word means.
fn status(state: State) -> Status {
    match state {
        State::Succeeded => Status::Succeeded,
        State::Failed => Status::Failed,
        State::Aborted => Status::Aborted,
        State::Expired => Status::Expired,
        State::Skipped => Status::Skipped,
        State::Queued => Status::Queued,
        State::Running => Status::Running,
        State::Waiting => Status::Waiting,
        State::Unknown => Status::Unknown,
    }
}

fn status_of(run: &Value) -> Status {
    status(State::of(text(run, "status").unwrap_or_default()))
}

/// The name of a part, if a chart can write it; else its identifier, which Harness keeps in plain
/// letters.
fn name<'v>(part: &'v Value, identifier: &str) -> Option<&'v str> {
    legible(text(part, "name"), text(part, identifier))
}

fn legible<'v>(name: Option<&'v str>, identifier: Option<&'v str>) -> Option<&'v str> {
    name.filter(|name| font::spells(name)).or(identifier).or(name)
}

fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn count<'v>(items: &'v [Value], key: impl Fn(&'v Value) -> &'v str) -> BTreeMap<&'v str, u64> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(key(item)).or_default() += 1;
    }
    counts
}

/// A colour that two slices share says nothing: the plainest word keeps it (`Success` before
/// `IgnoreFailed`, `Aborted` before `AbortedByFreeze`), the others take one of the palette's.
fn distinct(mut slices: Vec<Slice>) -> Vec<Slice> {
    slices.sort_by_key(|slice| slice.label.len());
    let mut taken = Vec::new();
    for slice in &mut slices {
        if slice.status.is_some_and(|status| taken.contains(&status)) {
            slice.status = None;
        }
        taken.extend(slice.status);
    }
    slices
}

/// `YYYY-MM-DD` in UTC.
fn date(time: Timestamp) -> String {
    time.to_string().chars().take("YYYY-MM-DD".len()).collect()
}

#[cfg(test)]
mod tests;
