//! One run of a pipeline as Harness describes it: stages in their order, with steps, and where
//! each one's log is. Pure.

use serde_json::{Value, json};

/// Nodes that are looked at, at most.
const MAX_NODES: usize = 2000;
const FAILED: [&str; 6] =
    ["Failed", "Errored", "Aborted", "Expired", "ApprovalRejected", "AbortedByFreeze"];
const ENDED: [&str; 6] =
    ["Success", "IgnoreFailed", "Skipped", "Suspended", "Discontinuing", "FreezeFailed"];

pub(super) struct Execution<'a> {
    summary: &'a Value,
    graph: &'a Value,
}

#[derive(Debug, PartialEq)]
pub(super) struct Stage<'a> {
    pub(super) identifier: &'a str,
    /// It runs at the same time as the one before it.
    parallel: bool,
    node: &'a Value,
    pub(super) steps: Vec<Step<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step<'a>(&'a Value);

impl<'a> Execution<'a> {
    /// From the answer of `execution.get`.
    pub(super) fn read(answer: &'a Value) -> Option<Self> {
        let inner = answer.get("data").unwrap_or(answer);
        let summary = inner.get("pipelineExecutionSummary")?;
        Some(Self { summary, graph: inner.get("executionGraph").unwrap_or(&Value::Null) })
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.summary.get(name)?.as_str()
    }

    pub(super) fn status(&self) -> &'a str {
        self.text("status").unwrap_or("Unknown")
    }

    pub(super) fn has_failed(&self) -> bool {
        is_failed(self.status())
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_failed() || ENDED.contains(&self.status())
    }

    /// What the platform says about the whole run.
    pub(super) fn message(&self) -> Option<&'a str> {
        message(self.summary)
    }

    /// The run that started this one, as arguments of `execution.get`.
    pub(super) fn parent(&self) -> Option<Value> {
        let parent = self.summary.get("parentStageInfo")?;
        let text =
            |name: &str| parent.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
        Some(json!({
            "execution_id": text("executionid").or_else(|| text("executionId"))?,
            "pipeline_id": text("identifier"),
            "org_id": text("orgid").or_else(|| text("orgId")),
            "project_id": text("projectid").or_else(|| text("projectId")),
        }))
    }

    /// The first failed run that this one started, as arguments of `execution.get`. Stages start
    /// whole pipelines, so it is looked for among all nodes, not only among steps.
    pub(super) fn failed_child(&self) -> Option<Value> {
        let nodes = self.graph.get("nodeMap").and_then(Value::as_object);
        let nodes = nodes.into_iter().flat_map(|nodes| nodes.values().take(MAX_NODES));
        let failed = nodes.filter(|node| is_failed(text(node, "status")));
        let at = |node: &Value| node.get("startTs").and_then(Value::as_u64);
        let started = failed.filter_map(|node| Some((at(node), child(node)?)));
        started.min_by_key(|(at, _)| *at).map(|(_, child)| child)
    }

    /// When things started and ended: `{started_at, ended_at?, duration_ms?}`.
    pub(super) fn timing(&self) -> Value {
        timing(self.summary)
    }

    /// Stages in the order they run; those side by side follow each other.
    pub(super) fn stages(&self) -> Vec<Stage<'a>> {
        let nodes = self.summary.get("layoutNodeMap");
        let mut waiting: Vec<_> =
            self.text("startingNodeId").map(|id| (id, false)).into_iter().collect();
        let (mut seen, mut stages) = (Vec::new(), Vec::new());
        while let Some((id, parallel)) = waiting.pop() {
            let Some(node) = nodes.and_then(|nodes| nodes.get(id)) else { continue };
            if seen.contains(&id) || seen.len() > MAX_NODES {
                continue;
            }
            seen.push(id);
            let edges = |name: &str| {
                let list = node.pointer(&format!("/edgeLayoutList/{name}"));
                list.and_then(Value::as_array).into_iter().flatten().rev().filter_map(Value::as_str)
            };
            let kind = node.get("nodeType").and_then(Value::as_str).unwrap_or_default();
            let is_group =
                matches!(kind, "parallel" | "PARALLEL" | "MATRIX" | "LOOP" | "PARALLELISM");
            // What follows waits until what is inside is done.
            waiting.extend(edges("nextIds").map(|id| (id, false)));
            let first = waiting.len();
            waiting.extend(edges("currentNodeChildren").map(|id| (id, is_group)));
            if let Some(child) = waiting[first..].last_mut() {
                child.1 = parallel;
            }
            if let Some(identifier) = node.get("nodeIdentifier").and_then(Value::as_str)
                && !is_group
            {
                stages.push(Stage { identifier, parallel, node, steps: self.steps(identifier) });
            }
        }
        stages
    }

    /// Steps of a stage in the order they started.
    fn steps(&self, stage: &str) -> Vec<Step<'a>> {
        let inside = format!(".stages.{stage}.");
        let nodes = self.graph.get("nodeMap").and_then(Value::as_object);
        let mut steps: Vec<&Value> = nodes
            .into_iter()
            .flat_map(|nodes| nodes.iter().take(MAX_NODES))
            .filter(|(id, node)| {
                let place = node.get("baseFqn").and_then(Value::as_str).unwrap_or_default();
                place.contains(&inside) && place.contains(".steps.") && self.is_leaf(id)
            })
            .map(|(_, node)| node)
            .collect();
        steps.sort_by_key(|node| node.get("startTs").and_then(Value::as_u64).unwrap_or(u64::MAX));
        steps.into_iter().map(Step).collect()
    }

    fn is_leaf(&self, id: &str) -> bool {
        let children = self.graph.get("nodeAdjacencyListMap").and_then(|map| map.get(id));
        let children = children.and_then(|node| node.get("children")).and_then(Value::as_array);
        children.is_none_or(Vec::is_empty)
    }

    /// The key under which the logs of all steps are.
    pub(super) fn log_prefix(&self) -> Option<String> {
        let key = self.graph.get("nodeMap")?.as_object()?.values().find_map(|node| {
            node.get("logBaseKey").and_then(Value::as_str).filter(|key| !key.is_empty())
        })?;
        // Keys are paths: what all steps of a run share ends before the first level.
        if let Some(at) = key.find("/level0:pipeline") {
            return Some(format!("{}/level0:pipeline", &key[..at]));
        }
        let execution = self.text("planExecutionId")?;
        let end = key.find(execution)? + execution.len();
        Some(key[..end].to_owned())
    }
}

impl<'a> Stage<'a> {
    pub(super) fn has_failed(&self) -> bool {
        is_failed(text(self.node, "status"))
    }

    pub(super) fn message(&self) -> Option<&'a str> {
        message(self.node)
    }

    /// As it is shown.
    pub(super) fn to_json(&self) -> Value {
        self.with_steps(usize::MAX)
    }

    /// As it is shown, with at most so many steps; if those are not all, failed ones first.
    pub(super) fn with_steps(&self, most: usize) -> Value {
        let mut shown = node(self.node);
        shown["identifier"] = json!(self.identifier);
        if self.parallel {
            shown["parallel"] = json!(true);
        }
        let mut steps: Vec<&Step<'_>> = self.steps.iter().collect();
        if steps.len() > most {
            steps.sort_by_key(|step| !step.has_failed());
            steps.truncate(most);
        }
        shown["steps"] = steps.into_iter().map(|step| node(step.0)).collect();
        shown
    }
}

impl<'a> Step<'a> {
    pub(super) fn identifier(self) -> &'a str {
        text(self.0, "identifier")
    }

    /// The groups that it is in, from the outermost: what tells it from others of its name.
    pub(super) fn groups(self) -> Vec<&'a str> {
        let place = text(self.0, "baseFqn");
        let mut parts = place.split('.').skip_while(|part| !part.ends_with("teps")).skip(1);
        let inner: Vec<&str> = parts.by_ref().filter(|part| *part != "steps").collect();
        inner.split_last().map(|(_, groups)| groups.to_vec()).unwrap_or_default()
    }

    pub(super) fn has_failed(self) -> bool {
        is_failed(text(self.0, "status"))
    }

    pub(super) fn message(self) -> Option<&'a str> {
        message(self.0)
    }

    pub(super) fn log_key(self) -> Option<&'a str> {
        self.0.get("logBaseKey")?.as_str().filter(|key| !key.is_empty())
    }

    /// What kinds of failure the platform sees.
    pub(super) fn failure_types(self) -> Vec<&'a str> {
        let types = self.0.pointer("/failureInfo/failureTypeList").and_then(Value::as_array);
        types.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// The run that a node started.
fn child(node: &Value) -> Option<Value> {
    let child = node.pointer("/stepDetails/childPipelineExecutionDetails")?;
    Some(json!({
        "execution_id": child.get("planExecutionId")?,
        "org_id": child.get("orgId"),
        "project_id": child.get("projectId"),
    }))
}

fn is_failed(status: &str) -> bool {
    FAILED.iter().any(|known| known.eq_ignore_ascii_case(status))
}

fn text<'a>(node: &'a Value, name: &str) -> &'a str {
    node.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn message(node: &Value) -> Option<&str> {
    let listed = node.pointer("/failureInfo/responseMessages/0/message");
    [node.pointer("/failureInfo/message"), listed]
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .find(|text| !text.trim().is_empty())
}

fn node(node: &Value) -> Value {
    let mut shown = json!({
        "name": node.get("name"),
        "identifier": node.get("identifier"),
        "status": node.get("status"),
    });
    if let Some(fields) = shown.as_object_mut() {
        if let Value::Object(timing) = timing(node) {
            fields.extend(timing);
        }
        if let Some(message) = message(node) {
            fields.insert("failure_message".to_owned(), json!(super::clean(message)));
        }
    }
    shown
}

fn timing(node: &Value) -> Value {
    let at = |name: &str| node.get(name).and_then(Value::as_i64).filter(|at| *at > 0);
    let shown = |at: i64| pilothouse_model::Timestamp(at).to_string();
    let (start, end) = (at("startTs"), at("endTs"));
    let mut timing = json!({});
    if let Some(start) = start {
        timing["started_at"] = json!(shown(start));
    }
    if let Some(end) = end {
        timing["ended_at"] = json!(shown(end));
    }
    if let (Some(start), Some(end)) = (start, end) {
        timing["duration_ms"] = json!(end - start);
    }
    timing
}
