//! Runs of pipelines: listed, looked at, interrupted. A run that was started is still
//! running when it is first looked at, and over at the second look: nothing has to wait.

use axum::http::Method;
use pilothouse_model::Timestamp;
use serde_json::{Map, Value, json};

use super::{page, refusal::Refusal, request::Ask, scene, state::State, success};

/// A run, as its inputs decided it.
#[derive(Clone, Debug)]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) org: String,
    pub(super) project: String,
    pub(super) pipeline: String,
    pub(super) number: usize,
    pub(super) started: Timestamp,
    /// The YAML that it was started with.
    pub(super) inputs: String,
    /// The image that is deployed.
    pub(super) tag: String,
    /// How it ends.
    pub(super) outcome: Outcome,
    /// Looks until it is over.
    pub(super) looks_left: usize,
    /// The run that its last stage started instead of having steps.
    pub(super) child: Option<String>,
    /// The run that started it, and that one's pipeline.
    pub(super) parent: Option<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failed,
    Aborted,
}

/// When something of a run starts and ends, in milliseconds after the run's start.
type Span = (i64, i64);

const WHOLE: Span = (0, 94_000);

struct Step {
    stage: &'static str,
    id: &'static str,
    name: &'static str,
    kind: &'static str,
    span: Span,
}

const STEPS: [Step; 3] = [
    Step { stage: "build", id: "test", name: "Run tests", kind: "Run", span: (1_000, 38_000) },
    Step {
        stage: "build",
        id: "push",
        name: "Push image",
        kind: "BuildAndPushDockerRegistry",
        span: (38_000, 52_000),
    },
    Step {
        stage: "deploy",
        id: "rollout",
        name: "Rollout",
        kind: "K8sRollingDeploy",
        span: (54_000, 94_000),
    },
];

const STAGES: [(&str, &str, &str); 2] = [("build", "Build", "CI"), (LAST, "Deploy", "CD")];
const LAST: &str = "deploy";

/// From the start of a stage's first step to the end of its last one.
fn span_of(stage: &str) -> Span {
    let steps = || STEPS.iter().filter(|step| step.stage == stage).map(|step| step.span);
    steps().reduce(|(start, _), (_, end)| (start, end)).unwrap_or(WHOLE)
}

pub(super) fn answer(state: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["pipeline", "api", rest @ ..] = segments.as_slice() else { return None };
    Some(match (&ask.method, rest) {
        (&Method::POST, ["pipelines", "execution", "summary"]) => Ok(list(state, ask)),
        (&Method::GET, ["pipelines", "execution", "v2" | "v3", id]) => get(state, id),
        (&Method::GET, ["pipelines", "execution", id, "inputsetV2"]) => inputs(state, id),
        (&Method::PUT, ["pipeline", "execute", "interrupt", id]) => interrupt(state, id),
        _ => return None,
    })
}

fn list(state: &State, ask: &Ask) -> Value {
    let wanted = |name: &str, value: &str| ask.query(name).is_none_or(|wanted| wanted == value);
    let found = state.executions.iter().rev().filter(|run| {
        run.org == ask.org()
            && run.project == ask.project()
            && wanted("pipelineIdentifier", &run.pipeline)
            && wanted("status", run.status())
    });
    page(ask, found.map(Execution::summary).collect())
}

fn position(state: &State, id: &str) -> Result<usize, Refusal> {
    let found = state.executions.iter().position(|run| run.id == id);
    found.ok_or_else(|| {
        let message = format!(
            "Plan Execution Summary does not exist or has been deleted for planExecutionId: {id}"
        );
        Refusal::new(400, "INVALID_REQUEST", message)
    })
}

pub(super) fn find<'a>(state: &'a State, id: &str) -> Result<&'a Execution, Refusal> {
    position(state, id).map(|index| &state.executions[index])
}

fn get(state: &mut State, id: &str) -> Result<Value, Refusal> {
    let index = position(state, id)?;
    let run = &mut state.executions[index];
    run.looks_left = run.looks_left.saturating_sub(1);
    Ok(success(json!({
        "pipelineExecutionSummary": run.summary(),
        "executionGraph": run.graph(),
    })))
}

fn inputs(state: &State, id: &str) -> Result<Value, Refusal> {
    Ok(success(json!({ "inputSetYaml": find(state, id)?.inputs })))
}

fn interrupt(state: &mut State, id: &str) -> Result<Value, Refusal> {
    let index = position(state, id)?;
    let run = &mut state.executions[index];
    if run.looks_left > 0 {
        run.outcome = Outcome::Aborted;
        run.looks_left = 0;
    }
    Ok(success(json!({ "id": run.id, "planExecutionId": run.id, "type": "AbortAll" })))
}

impl Execution {
    fn status(&self) -> &'static str {
        match self.outcome {
            _ if self.looks_left > 0 => "Running",
            Outcome::Success => "Success",
            Outcome::Failed => "Failed",
            Outcome::Aborted => "Aborted",
        }
    }

    fn message(&self) -> String {
        format!("Failed to pull image {}: not found", scene::image(&self.tag))
    }

    /// When something starts and ends; what goes on has no end.
    fn times(&self, (start, end): Span) -> (i64, Option<i64>) {
        let ended = (self.looks_left == 0).then_some(self.started.0 + end);
        (self.started.0 + start, ended)
    }

    fn failure(&self, failed: bool) -> Value {
        if failed { json!({ "message": self.message() }) } else { json!({}) }
    }

    /// How a stage or step stands; only the last ones can fail.
    fn status_of(&self, last: bool) -> &'static str {
        if last { self.status() } else { "Success" }
    }

    fn has_failed(&self) -> bool {
        self.status() == "Failed"
    }

    /// Those it really has.
    fn steps(&self) -> impl Iterator<Item = &'static Step> {
        let is_chained = self.child.is_some();
        STEPS.iter().filter(move |step| !(is_chained && step.stage == LAST))
    }

    fn summary(&self) -> Value {
        let failed = self.has_failed();
        let stages: Map<String, Value> = STAGES
            .iter()
            .map(|(id, name, kind)| {
                let last = *id == LAST;
                let next = if last { json!([]) } else { json!([format!("stage-{LAST}")]) };
                let (start, end) = self.times(span_of(id));
                let node = json!({
                    "nodeType": kind, "nodeGroup": "STAGE", "nodeIdentifier": id, "name": name,
                    "nodeUuid": format!("stage-{id}"), "nodeExecutionId": format!("stage-{id}"),
                    "status": self.status_of(last), "startTs": start, "endTs": end,
                    "failureInfo": self.failure(last && failed),
                    "edgeLayoutList": { "currentNodeChildren": [], "nextIds": next },
                });
                (format!("stage-{id}"), node)
            })
            .collect();
        json!({
            "pipelineIdentifier": self.pipeline, "orgIdentifier": self.org,
            "projectIdentifier": self.project, "planExecutionId": self.id,
            "name": scene::title(&self.pipeline), "runSequence": self.number,
            "status": self.status(), "startTs": self.started.0, "endTs": self.times(WHOLE).1,
            "createdAt": self.started.0, "modules": ["ci", "cd"],
            "startingNodeId": "stage-build", "layoutNodeMap": stages,
            "failureInfo": self.failure(failed), "executionErrorInfo": self.failure(failed),
            "parentStageInfo": self.parent.as_ref().map(|(id, pipeline)| json!({
                "hasparentpipeline": true, "executionid": id, "identifier": pipeline,
                "orgid": self.org, "projectid": self.project,
            })),
            "executionTriggerInfo": { "triggerType": "MANUAL",
                                      "triggeredBy": { "identifier": "dana@example.com" } },
        })
    }

    fn graph(&self) -> Value {
        let mut nodes = Map::new();
        let mut edges = Map::new();
        let stages = STAGES.map(|(id, ..)| format!("stage-{id}"));
        nodes.insert(
            "root".into(),
            self.node("root", ("pipeline", "Deploy shop", "PIPELINE_SECTION"), WHOLE, true),
        );
        edges.insert("root".into(), json!({ "children": [stages[0]], "nextIds": [] }));
        for (position, (id, name, _)) in STAGES.iter().enumerate() {
            let last = position + 1 == STAGES.len();
            let steps = self.steps().filter(|step| step.stage == *id);
            let steps: Vec<String> = steps.map(|step| format!("step-{}", step.id)).collect();
            let next: Vec<&String> = stages.get(position + 1).into_iter().collect();
            let uuid = &stages[position];
            let mut node = self.node(uuid, (id, name, "STAGE"), span_of(id), last);
            if let Some(child) = self.child.as_ref().filter(|_| last) {
                node["stepType"] = json!("PIPELINE_STAGE");
                node["stepDetails"]["childPipelineExecutionDetails"] = json!({
                    "planExecutionId": child, "orgId": self.org, "projectId": self.project,
                });
            }
            nodes.insert(uuid.clone(), node);
            let first: Vec<&String> = steps.first().into_iter().collect();
            edges.insert(uuid.clone(), json!({ "children": first, "nextIds": next }));
            for (index, step) in steps.iter().enumerate() {
                let next: Vec<&String> = steps.get(index + 1).into_iter().collect();
                edges.insert(step.clone(), json!({ "children": [], "nextIds": next }));
            }
        }
        for step in self.steps() {
            let uuid = format!("step-{}", step.id);
            let names = (step.id, step.name, step.kind);
            let mut node = self.node(&uuid, names, step.span, step.stage == LAST);
            let place = format!("pipeline.stages.{}.spec.execution.steps.{}", step.stage, step.id);
            node["baseFqn"] = json!(place);
            node["logBaseKey"] = json!(self.log_key(step));
            nodes.insert(uuid, node);
        }
        json!({ "rootNodeId": "root", "nodeMap": nodes, "nodeAdjacencyListMap": edges,
                "executionMetadata": { "planExecutionId": self.id } })
    }

    fn node(&self, uuid: &str, names: (&str, &str, &str), span: Span, last: bool) -> Value {
        let (id, name, kind) = names;
        let (start, end) = self.times(span);
        json!({
            "uuid": uuid, "setupId": uuid, "name": name, "identifier": id, "stepType": kind,
            "baseFqn": format!("pipeline.stages.{id}"), "status": self.status_of(last),
            "startTs": start, "endTs": end,
            "failureInfo": self.failure(last && self.has_failed()),
        })
    }

    fn log_key(&self, step: &Step) -> String {
        format!(
            "{}/pipeline/{}/{}/-{}/{}/{}",
            super::ACCOUNT,
            self.pipeline,
            self.number,
            self.id,
            step.stage,
            step.id
        )
    }

    /// What each step of the run writes.
    pub(super) fn write_logs(&self, state: &mut State) {
        let image = scene::image(&self.tag);
        for step in self.steps() {
            let mut lines = match step.id {
                "test" => vec!["info 42 tests passed".to_owned()],
                "push" => vec![format!("info image {image} is what the release asks for")],
                _ => vec![
                    format!("info applying deployment shop with image {image}"),
                    "info waiting for deployment shop to finish: 0 of 3 updated".to_owned(),
                ],
            };
            if step.id == "rollout" {
                lines.push(match self.outcome {
                    Outcome::Failed => format!("error {}", self.message()),
                    _ => "info deployment shop successfully rolled out".to_owned(),
                });
            }
            let text = lines.iter().map(|line| self.log_line(line)).collect();
            state.logs.insert(self.log_key(step), text);
        }
    }

    /// One line as the log service keeps it: JSON with a level, a time and the text.
    fn log_line(&self, line: &str) -> String {
        let (level, out) = line.split_once(' ').unwrap_or(("info", line));
        let line = json!({ "level": level, "time": self.started.to_string(), "out": out });
        format!("{line}\n")
    }
}
