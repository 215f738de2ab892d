//! A stage or a step of a run, and what the platform says of it.

use pilothouse_model::Timestamp;
use serde_json::{Value, json};

use super::State;

/// What a stage and a step have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'a> {
    pub identifier: &'a str,
    pub(super) node: &'a Value,
}

#[derive(Debug, PartialEq)]
pub struct Stage<'a> {
    pub part: Part<'a>,
    /// It runs at the same time as the one before it.
    pub parallel: bool,
    /// In the order they started.
    pub steps: Vec<Part<'a>>,
}

impl<'a> Part<'a> {
    /// As people call it.
    pub fn name(self) -> Option<&'a str> {
        Some(text(self.node, "name")).filter(|name| !name.is_empty())
    }

    pub fn state(self) -> State {
        state(self.node)
    }

    /// When it started and ended, in milliseconds since 1970.
    pub fn span(self) -> (Option<u64>, Option<u64>) {
        span(self.node)
    }

    /// The groups that a step is in, from the outermost: what tells it from others of its name.
    pub(in crate::harness) fn groups(self) -> Vec<&'a str> {
        let place = text(self.node, "baseFqn");
        let mut parts = place.split('.').skip_while(|part| !part.ends_with("teps")).skip(1);
        let inner: Vec<&str> = parts.by_ref().filter(|part| *part != "steps").collect();
        inner.split_last().map(|(_, groups)| groups.to_vec()).unwrap_or_default()
    }

    pub(in crate::harness) fn message(self) -> Option<&'a str> {
        message(self.node)
    }

    pub(in crate::harness) fn log_key(self) -> Option<&'a str> {
        self.node.get("logBaseKey")?.as_str().filter(|key| !key.is_empty())
    }

    /// What kinds of failure the platform sees.
    pub(in crate::harness) fn failure_types(self) -> Vec<&'a str> {
        let types = self.node.pointer("/failureInfo/failureTypeList").and_then(Value::as_array);
        types.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn to_json(self) -> Value {
        let mut shown = json!({
            "name": self.node.get("name"),
            "identifier": self.identifier,
            "status": self.node.get("status"),
        });
        if let Some(fields) = shown.as_object_mut() {
            if let Value::Object(timing) = timing(self.node) {
                fields.extend(timing);
            }
            if let Some(message) = message(self.node) {
                fields.insert("failure_message".to_owned(), json!(crate::harness::clean(message)));
            }
        }
        shown
    }
}

impl Stage<'_> {
    /// As it is shown.
    pub(in crate::harness) fn to_json(&self) -> Value {
        self.with_steps(usize::MAX)
    }

    /// As it is shown, with at most so many steps; if those are not all, failed ones first.
    pub(in crate::harness) fn with_steps(&self, most: usize) -> Value {
        let mut shown = self.part.to_json();
        if self.parallel {
            shown["parallel"] = json!(true);
        }
        let mut steps: Vec<&Part<'_>> = self.steps.iter().collect();
        if steps.len() > most {
            steps.sort_by_key(|step| !step.state().has_failed());
            steps.truncate(most);
        }
        shown["steps"] = steps.into_iter().map(|step| step.to_json()).collect();
        shown
    }
}

pub(super) fn text<'a>(node: &'a Value, name: &str) -> &'a str {
    node.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn state(node: &Value) -> State {
    State::of(text(node, "status"))
}

pub(super) fn message(node: &Value) -> Option<&str> {
    let listed = node.pointer("/failureInfo/responseMessages/0/message");
    [node.pointer("/failureInfo/message"), listed]
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .find(|text| !text.trim().is_empty())
}

/// Harness says 0 for what did not happen yet.
pub(super) fn span(node: &Value) -> (Option<u64>, Option<u64>) {
    let at = |name: &str| node.get(name).and_then(Value::as_u64).filter(|at| *at > 0);
    (at("startTs"), at("endTs"))
}

pub(super) fn timing(node: &Value) -> Value {
    let shown = |ms: u64| i64::try_from(ms).ok().map(|ms| Timestamp(ms).to_string());
    let (start, end) = span(node);
    let mut timing = json!({});
    if let Some(start) = start {
        timing["started_at"] = json!(shown(start));
    }
    if let Some(end) = end {
        timing["ended_at"] = json!(shown(end));
    }
    if let (Some(start), Some(end)) = (start, end) {
        timing["duration_ms"] = json!(end.saturating_sub(start));
    }
    timing
}
