//! An execution as a chart needs it: its stages in order, with their steps, out of Harness' answer
//! as the connector reads it, or out of a diagnosis.

use pilothouse_connectors::harness::execution as platform;
use pilothouse_model::Timestamp;
use serde_json::Value;

use super::{legible, name, status, text};
use crate::chart::Status;

pub(super) struct Execution {
    pub(super) title: String,
    pub(super) id: Option<String>,
    /// As Harness says it.
    pub(super) status: Option<String>,
    span: Span,
    /// What runs one after the other; the stages of one group run side by side.
    pub(super) groups: Vec<Vec<Stage>>,
}

pub(super) struct Stage {
    pub(super) part: Part,
    pub(super) steps: Vec<Part>,
}

/// A stage or a step.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) span: Span,
}

/// When something began and ended, in milliseconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) start_ms: Option<u64>,
    pub(super) end_ms: Option<u64>,
}

impl Span {
    pub(super) fn duration_ms(self) -> Option<u64> {
        Some(self.end_ms?.saturating_sub(self.start_ms?))
    }
}

impl Execution {
    /// `None` if the answer holds no stage.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let run = platform::Execution::read(answer);
        run.and_then(|run| Self::of(&run)).or_else(|| {
            let report = answer.get("execution").unwrap_or(answer);
            Self::read_report(report)
        })
    }

    fn of(run: &platform::Execution<'_>) -> Option<Self> {
        let stages = run.stages();
        let id = run.text("pipelineIdentifier");
        let told = stages.iter().map(|stage| (stage.parallel, Stage::of(stage)));
        Some(Self {
            title: legible(run.text("name"), id).unwrap_or("Pipeline").to_owned(),
            id: run.text("planExecutionId").map(str::to_owned),
            status: run.text("status").map(str::to_owned),
            span: run.span().into(),
            groups: grouped(told)?,
        })
    }

    /// The same out of a diagnosis, which tells it stage by stage.
    fn read_report(report: &Value) -> Option<Self> {
        let stages = report.get("stages").and_then(Value::as_array)?;
        let first = |names: &[&str]| names.iter().find_map(|name| text(report, name));
        let title = first(&["pipeline_name", "pipeline", "name"]);
        let is_beside = |stage: &Value| stage.get("parallel") == Some(&Value::Bool(true));
        let told = stages.iter().map(|stage| (is_beside(stage), Stage::reported(stage)));
        Some(Self {
            title: legible(title, first(&["pipeline_id"])).unwrap_or("Pipeline").to_owned(),
            id: first(&["execution_id", "execution", "id"]).map(str::to_owned),
            status: first(&["status"]).map(str::to_owned),
            span: reported_span(report.get("timing").unwrap_or(report)),
            groups: grouped(told)?,
        })
    }

    pub(super) fn stages(&self) -> impl Iterator<Item = &Stage> {
        self.groups.iter().flatten()
    }

    pub(super) fn duration_ms(&self) -> Option<u64> {
        self.span.duration_ms()
    }
}

impl Stage {
    fn of(stage: &platform::Stage<'_>) -> Self {
        let steps = stage.steps.iter().map(|step| Part::of(*step, "step")).collect();
        Self { part: Part::of(stage.part, ""), steps }
    }

    fn reported(stage: &Value) -> Self {
        let part = Part::reported(stage, "");
        let steps = stage.get("steps").and_then(Value::as_array).into_iter().flatten();
        let step = |step: &Value| {
            let mut step = Part::reported(step, "step");
            step.span.start_ms = step.span.start_ms.or(part.span.start_ms);
            step
        };
        Self { steps: steps.map(step).collect(), part }
    }
}

impl Part {
    fn of(part: platform::Part<'_>, nameless: &str) -> Self {
        let identifier = Some(part.identifier).filter(|it| !it.is_empty());
        Self {
            name: legible(part.name(), identifier).unwrap_or(nameless).to_owned(),
            status: status(part.state()),
            span: part.span().into(),
        }
    }

    fn reported(part: &Value, nameless: &str) -> Self {
        Self {
            name: name(part, "identifier").unwrap_or(nameless).to_owned(),
            status: status(platform::State::of(text(part, "status").unwrap_or_default())),
            span: reported_span(part),
        }
    }
}

impl From<(Option<u64>, Option<u64>)> for Span {
    fn from((start_ms, end_ms): (Option<u64>, Option<u64>)) -> Self {
        Self { start_ms, end_ms }
    }
}

/// Stages with whether each runs at the same time as the one before it; `None` without any.
fn grouped(stages: impl Iterator<Item = (bool, Stage)>) -> Option<Vec<Vec<Stage>>> {
    let mut groups: Vec<Vec<Stage>> = Vec::new();
    for (is_beside, stage) in stages {
        match groups.last_mut().filter(|_| is_beside) {
            Some(group) => group.push(stage),
            None => groups.push(vec![stage]),
        }
    }
    (!groups.is_empty()).then_some(groups)
}

/// When something told by a diagnosis began and ended.
fn reported_span(part: &Value) -> Span {
    let time = |field: &str| u64::try_from(Timestamp::parse(text(part, field)?)?.0).ok();
    let start_ms = time("started_at");
    let took = part.get("duration_ms").and_then(Value::as_u64);
    let end_ms = time("ended_at").or_else(|| start_ms?.checked_add(took?));
    Span { start_ms, end_ms }
}
