//! Starting runs: with inputs, once more, or as a stage of another pipeline's run.

use axum::http::Method;
use pilothouse_model::Timestamp;
use serde_json::{Value, json};

use super::{
    execution::{Execution, Outcome, find},
    refusal::Refusal,
    request::Ask,
    scene,
    state::State,
    success,
};

/// Looks at a run that was started until it is over.
const LOOKS: usize = 2;

type Place<'a> = (&'a str, &'a str);

pub(super) fn answer(state: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let segments = ask.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    Some(match (&ask.method, segments.as_slice()) {
        (&Method::POST, ["pipeline", "api", "pipeline", "execute", id]) => {
            start(state, (ask.org(), ask.project()), id, &ask.text).map(|run| started(&run))
        }
        (
            &Method::POST,
            ["v1", "orgs", org, "projects", project, "pipelines", id, "execute", ..],
        ) => start_v1(state, (org, project), id, ask),
        (&Method::PUT, ["pipeline", "api", "pipeline", "execute", "retry", id]) => retry(state, id),
        _ => return None,
    })
}

/// The newer API has no envelope, and takes inputs, or a pipeline of the moment, as a text in JSON.
fn start_v1(
    state: &mut State,
    place: Place<'_>,
    pipeline: &str,
    ask: &Ask,
) -> Result<Value, Refusal> {
    let text = ["inputs_yaml", "yaml"].iter().find_map(|name| ask.json.get(name)?.as_str());
    let run = start(state, place, pipeline, text.unwrap_or_default())?;
    Ok(json!({ "execution_details": { "execution_id": run.id, "status": "RUNNING" } }))
}

fn started(run: &Execution) -> Value {
    success(json!({
        "planExecution": { "uuid": run.id, "planId": run.id, "status": "RUNNING",
                           "startTs": run.started.0 },
    }))
}

/// Deploys the image that the inputs name, or that is built of the code that they name.
fn start(
    state: &mut State,
    place: Place<'_>,
    pipeline: &str,
    inputs: &str,
) -> Result<Execution, Refusal> {
    let Some(item) = state.find("pipeline", place.0, place.1, pipeline) else {
        return Err(Refusal::not_found("Pipeline", pipeline));
    };
    let yaml = item.body["yaml"].as_str().unwrap_or_default();
    let inner = chained(yaml).map(str::to_owned);
    let missing = |what| Refusal::invalid(format!("Pipeline {what}: required value is missing"));
    let tag = match scene::tag_in(inputs) {
        Some(tag) => tag,
        None if scene::asks_for_source(yaml) => {
            scene::source_in(inputs).ok_or_else(|| missing("properties.ci.codebase.build"))?;
            scene::BUILT.to_owned()
        }
        None => return Err(missing("variable version")),
    };
    let inputs = inputs.to_owned();
    let mut run = Execution { inputs, ..new(state, place, pipeline, tag.clone()) };
    if let Some(inner) = inner {
        let parent = Some((run.id.clone(), run.pipeline.clone()));
        // It is over before the run that waits for it.
        let child = Execution { parent, looks_left: 0, ..new(state, place, &inner, tag) };
        run.child = Some(child.id.clone());
        keep(state, child);
    }
    keep(state, run.clone());
    Ok(run)
}

/// The pipeline that a stage of this one runs.
fn chained(yaml: &str) -> Option<&str> {
    let (_, stage) = yaml.split_once("type: Pipeline\n")?;
    stage.lines().find_map(|line| line.trim().strip_prefix("pipeline:")).map(str::trim)
}

fn retry(state: &mut State, id: &str) -> Result<Value, Refusal> {
    let run = find(state, id)?.clone();
    if run.outcome == Outcome::Success {
        return Err(Refusal::invalid("Retrying is only allowed for failed pipelines"));
    }
    let again = new(state, (&run.org, &run.project), &run.pipeline, run.tag);
    let again = Execution { inputs: run.inputs, ..again };
    let answer = started(&again);
    keep(state, again);
    Ok(answer)
}

fn new(state: &State, place: Place<'_>, pipeline: &str, tag: String) -> Execution {
    let number = state.executions.iter().filter(|run| run.pipeline == pipeline).count() + 1;
    let exists = scene::IMAGES.contains(&tag.as_str());
    Execution {
        id: format!("{pipeline}-run-{number}"),
        org: place.0.to_owned(),
        project: place.1.to_owned(),
        pipeline: pipeline.to_owned(),
        number,
        started: Timestamp::now(),
        inputs: scene::inputs(&tag),
        tag,
        outcome: if exists { Outcome::Success } else { Outcome::Failed },
        looks_left: LOOKS,
        child: None,
        parent: None,
    }
}

fn keep(state: &mut State, run: Execution) {
    run.write_logs(state);
    state.executions.push(run);
}
