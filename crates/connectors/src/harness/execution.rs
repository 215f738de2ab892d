//! One run of a pipeline as Harness describes it: stages in their order, with steps, and where
//! each one's log is. Pure; knows neither how runs are diagnosed nor how they are drawn.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

mod part;
mod state;

pub use part::{Part, Stage};
pub use state::State;

/// Nodes of each of a run's two graphs that are looked at, at most.
pub(super) const MAX_NODES: usize = 2000;
/// Nodes that stand for several stages.
const GROUPS: [&str; 5] = ["parallel", "PARALLEL", "MATRIX", "LOOP", "PARALLELISM"];

pub struct Execution<'a> {
    summary: &'a Value,
    graph: &'a Value,
}

impl<'a> Execution<'a> {
    /// From the answer of `execution.get`. `None` if it does not describe a run.
    pub fn read(answer: &'a Value) -> Option<Self> {
        let inner = answer.get("data").unwrap_or(answer);
        let summary = inner.get("pipelineExecutionSummary")?;
        Some(Self { summary, graph: inner.get("executionGraph").unwrap_or(&Value::Null) })
    }

    /// What the platform says of the run under this name: `planExecutionId`, `name`, …
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.summary.get(name)?.as_str()
    }

    /// The state in the platform's own word.
    pub fn status(&self) -> &'a str {
        self.text("status").unwrap_or("Unknown")
    }

    pub fn state(&self) -> State {
        State::of(self.status())
    }

    /// When the run started and ended, in milliseconds since 1970.
    pub fn span(&self) -> (Option<u64>, Option<u64>) {
        part::span(self.summary)
    }

    /// What the platform says about the whole run.
    pub(super) fn message(&self) -> Option<&'a str> {
        part::message(self.summary)
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
        let failed = self.nodes().filter(|(_, node)| part::state(node).has_failed());
        let started = failed.filter_map(|(_, node)| Some((part::span(node).0, child(node)?)));
        started.min_by_key(|(at, _)| *at).map(|(_, child)| child)
    }

    /// When things started and ended: `{started_at, ended_at?, duration_ms?}`.
    pub(super) fn timing(&self) -> Value {
        part::timing(self.summary)
    }

    /// How many nodes there are, where that is more than are looked at.
    pub(super) fn nodes_in_all(&self) -> Option<usize> {
        let maps = [self.graph.get("nodeMap"), self.summary.get("layoutNodeMap")];
        let sizes = maps.into_iter().flatten().filter_map(Value::as_object).map(Map::len);
        sizes.max().filter(|size| *size > MAX_NODES)
    }

    /// Stages in the order they run; those side by side follow each other.
    pub fn stages(&self) -> Vec<Stage<'a>> {
        let nodes = self.summary.get("layoutNodeMap");
        let mut steps = self.steps();
        let mut waiting: Vec<_> =
            self.text("startingNodeId").map(|id| (id, false)).into_iter().collect();
        let (mut seen, mut stages) = (HashSet::new(), Vec::new());
        while let Some((id, parallel)) = waiting.pop() {
            let Some(node) = nodes.and_then(|nodes| nodes.get(id)) else { continue };
            if seen.len() == MAX_NODES || !seen.insert(id) {
                continue;
            }
            let edges = |name: &str| {
                let list = node.pointer(&format!("/edgeLayoutList/{name}"));
                list.and_then(Value::as_array).into_iter().flatten().rev().filter_map(Value::as_str)
            };
            let kind = node.get("nodeType").and_then(Value::as_str).unwrap_or_default();
            let is_group = GROUPS.contains(&kind);
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
                let part = Part { identifier, node };
                let steps = steps.remove(identifier).unwrap_or_default();
                stages.push(Stage { part, parallel, steps });
            }
        }
        stages
    }

    /// The steps of each stage, by its identifier, in the order they started.
    fn steps(&self) -> HashMap<&'a str, Vec<Part<'a>>> {
        let mut steps: HashMap<_, Vec<_>> = HashMap::new();
        for (id, node) in self.nodes() {
            if let Some(stage) = owner(part::text(node, "baseFqn"))
                && self.is_leaf(id)
            {
                let identifier = part::text(node, "identifier");
                steps.entry(stage).or_default().push(Part { identifier, node });
            }
        }
        for steps in steps.values_mut() {
            steps.sort_by_key(|step| step.span().0.unwrap_or(u64::MAX));
        }
        steps
    }

    fn nodes(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let nodes = self.graph.get("nodeMap").and_then(Value::as_object);
        nodes.into_iter().flatten().take(MAX_NODES)
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

/// The stage of the step with the qualified name `pipeline.stages.STAGE.spec.execution.steps.STEP`.
fn owner(qualified: &str) -> Option<&str> {
    let (_, rest) = qualified.split_once(".stages.")?;
    let (stage, rest) = rest.split_once('.')?;
    let is_step = rest.contains(".steps.") || rest.contains(".rollbackSteps.");
    is_step.then_some(stage)
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

#[cfg(test)]
mod tests;
