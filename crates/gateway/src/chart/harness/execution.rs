//! An execution as a chart needs it: its stages in order, with their steps, out of the two graphs
//! of Harness' answer.

use pilothouse_model::Timestamp;
use serde_json::Value;

use super::{name, text};
use crate::chart::{Status, font};

/// Nodes looked at of one answer.
const MAX_NODES: usize = 2_000;

pub(super) struct Execution {
    pub(super) title: String,
    pub(super) id: Option<String>,
    /// As Harness says it.
    pub(super) status: Option<String>,
    start_ms: Option<u64>,
    end_ms: Option<u64>,
    /// What runs one after the other; the stages of one group run side by side.
    pub(super) groups: Vec<Vec<Stage>>,
}

pub(super) struct Stage {
    pub(super) name: String,
    identifier: String,
    pub(super) status: Status,
    pub(super) start_ms: Option<u64>,
    pub(super) end_ms: Option<u64>,
    pub(super) steps: Vec<Step>,
}

pub(super) struct Step {
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) start_ms: Option<u64>,
    pub(super) end_ms: Option<u64>,
}

impl Stage {
    pub(super) fn duration_ms(&self) -> Option<u64> {
        Some(self.end_ms?.saturating_sub(self.start_ms?))
    }
}

impl Execution {
    /// `None` if the answer holds no stage.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let inner = answer.get("data").unwrap_or(answer);
        let summary = inner.get("pipelineExecutionSummary").unwrap_or(inner);
        let groups = groups(summary, inner.get("executionGraph"));
        if groups.is_empty() {
            return Self::read_report(answer.get("execution").unwrap_or(answer));
        }
        let title = name(summary, "pipelineIdentifier");
        Some(Self {
            title: title.unwrap_or("Pipeline").to_owned(),
            id: text(summary, "planExecutionId").map(str::to_owned),
            status: text(summary, "status").map(str::to_owned),
            start_ms: time(summary, "startTs"),
            end_ms: time(summary, "endTs"),
            groups,
        })
    }

    /// The same out of a diagnosis, which tells it stage by stage.
    fn read_report(report: &Value) -> Option<Self> {
        let stages = report.get("stages").and_then(Value::as_array)?;
        if stages.is_empty() {
            return None;
        }
        let first =
            |names: &[&str]| names.iter().find_map(|name| text(report, name)).map(str::to_owned);
        let title = first(&["pipeline_name", "pipeline", "name"]);
        let legible = title.clone().filter(|title| font::spells(title));
        let (start_ms, end_ms) = span(report.get("timing").unwrap_or(report));
        let mut groups: Vec<Vec<Stage>> = Vec::new();
        for stage in stages {
            let is_beside = stage.get("parallel") == Some(&Value::Bool(true));
            match groups.last_mut().filter(|_| is_beside) {
                Some(group) => group.push(reported(stage)),
                None => groups.push(vec![reported(stage)]),
            }
        }
        Some(Self {
            title: legible
                .or_else(|| first(&["pipeline_id"]))
                .or(title)
                .unwrap_or("Pipeline".into()),
            id: first(&["execution_id", "execution", "id"]),
            status: first(&["status"]),
            start_ms,
            end_ms,
            groups,
        })
    }

    pub(super) fn stages(&self) -> impl Iterator<Item = &Stage> {
        self.groups.iter().flatten()
    }

    pub(super) fn duration_ms(&self) -> Option<u64> {
        Some(self.end_ms?.saturating_sub(self.start_ms?))
    }
}

/// Follows the stages' graph from its start. A node that stands for several stages, because they
/// run in parallel or in a matrix, becomes a group of its children.
fn groups(summary: &Value, graph: Option<&Value>) -> Vec<Vec<Stage>> {
    let Some(nodes) = summary.get("layoutNodeMap").and_then(Value::as_object) else {
        return Vec::new();
    };
    let mut groups: Vec<Vec<Stage>> = Vec::new();
    let mut next = text(summary, "startingNodeId");
    for _ in 0..nodes.len().min(MAX_NODES) {
        let Some(node) = next.and_then(|id| nodes.get(id)) else { break };
        let ids = |name: &str| node.pointer(&format!("/edgeLayoutList/{name}"))?.as_array();
        let children = ids("currentNodeChildren").filter(|children| !children.is_empty());
        let group: Vec<_> = match children {
            Some(children) => {
                let children = children.iter().filter_map(Value::as_str);
                children.filter_map(|id| nodes.get(id)).map(stage).collect()
            }
            None => vec![stage(node)],
        };
        groups.push(group);
        next = ids("nextIds").and_then(|next| next.first()).and_then(Value::as_str);
    }
    if let Some(graph) = graph {
        add_steps(&mut groups, graph);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn stage(node: &Value) -> Stage {
    let identifier = text(node, "nodeIdentifier").unwrap_or_default();
    Stage {
        name: name(node, "nodeIdentifier").unwrap_or_default().to_owned(),
        identifier: identifier.to_owned(),
        status: Status::of(text(node, "status").unwrap_or_default()),
        start_ms: time(node, "startTs"),
        end_ms: time(node, "endTs"),
        steps: Vec::new(),
    }
}

/// A stage as a diagnosis tells it.
fn reported(stage: &Value) -> Stage {
    let step = |step: &Value| {
        let (start_ms, end_ms) = span(step);
        Step {
            name: name(step, "identifier").unwrap_or("step").into(),
            status: Status::of(text(step, "status").unwrap_or_default()),
            start_ms: start_ms.or_else(|| span(stage).0),
            end_ms,
        }
    };
    let (start_ms, end_ms) = span(stage);
    let identifier = text(stage, "identifier").unwrap_or_default();
    let steps = stage.get("steps").and_then(Value::as_array);
    Stage {
        name: name(stage, "identifier").unwrap_or_default().to_owned(),
        identifier: identifier.to_owned(),
        status: Status::of(text(stage, "status").unwrap_or_default()),
        start_ms,
        end_ms,
        steps: steps.into_iter().flatten().map(step).collect(),
    }
}

/// When something told by a diagnosis began and ended.
fn span(part: &Value) -> (Option<u64>, Option<u64>) {
    let start = time(part, "started_at");
    let took = part.get("duration_ms").and_then(Value::as_u64);
    let end = time(part, "ended_at").or_else(|| start?.checked_add(took?));
    (start, end)
}

/// A step is a leaf of the execution's graph whose qualified name lies below `steps`.
fn add_steps(groups: &mut [Vec<Stage>], graph: &Value) {
    let nodes = graph.get("nodeMap").and_then(Value::as_object);
    for (id, node) in nodes.into_iter().flatten().take(MAX_NODES) {
        let children = graph.pointer(&format!("/nodeAdjacencyListMap/{id}/children"));
        if children.and_then(Value::as_array).is_some_and(|children| !children.is_empty()) {
            continue;
        }
        let Some(owner) = text(node, "baseFqn").and_then(owner) else { continue };
        let stage = groups.iter_mut().flatten().find(|stage| stage.identifier == owner);
        if let Some(stage) = stage {
            stage.steps.push(Step {
                name: name(node, "identifier").unwrap_or("step").to_owned(),
                status: Status::of(text(node, "status").unwrap_or_default()),
                start_ms: time(node, "startTs"),
                end_ms: time(node, "endTs"),
            });
        }
    }
    for stage in groups.iter_mut().flatten() {
        stage.steps.sort_by_key(|step| step.start_ms.unwrap_or(u64::MAX));
    }
}

/// The stage of the step with the qualified name `pipeline.stages.STAGE.spec.execution.steps.STEP`.
fn owner(qualified: &str) -> Option<&str> {
    let (_, rest) = qualified.split_once("stages.")?;
    let (stage, rest) = rest.split_once('.')?;
    let is_step = rest.contains(".steps.") || rest.contains(".rollbackSteps.");
    is_step.then_some(stage)
}

/// Milliseconds, or a time in RFC 3339. Harness says 0 for what did not happen yet.
fn time(value: &Value, field: &str) -> Option<u64> {
    let ms = match value.get(field)? {
        Value::String(text) => u64::try_from(Timestamp::parse(text)?.0).ok()?,
        number => number.as_u64()?,
    };
    (ms > 0).then_some(ms)
}
