//! A run in outline: its stages, as many as can be read at once, and what its steps are called. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::execution::{Part, Stage};

/// Stages and steps shown of a run; of a larger one those that failed come first.
const MAX_STAGES: usize = 60;
const MAX_STEPS: usize = 150;

/// All steps in the order they started, by `stage/step`; those that share a name by
/// `stage/group/step`, and those that share that, too, with their numbers.
pub(super) fn named<'a>(stages: &[Stage<'a>]) -> Vec<(String, Part<'a>)> {
    let steps: Vec<(&str, Part<'a>)> = stages
        .iter()
        .flat_map(|stage| stage.steps.iter().map(|step| (stage.part.identifier, *step)))
        .collect();
    let short = |(stage, step): &(&str, Part<'_>)| format!("{stage}/{}", step.identifier);
    let long = |(stage, step): &(&str, Part<'_>)| {
        let mut parts = vec![*stage];
        parts.extend(step.groups());
        parts.push(step.identifier);
        parts.join("/")
    };
    let count = |names: Vec<String>| {
        let mut counts = BTreeMap::<String, usize>::new();
        for name in names {
            *counts.entry(name).or_default() += 1;
        }
        counts
    };
    let shorts = count(steps.iter().map(short).collect());
    let mut given = BTreeMap::<String, usize>::new();
    let mut name = |step: (&str, Part<'a>)| {
        let name = Some(short(&step)).filter(|name| shorts[name] == 1);
        let name = name.unwrap_or_else(|| long(&step));
        let times = given.entry(name.clone()).or_default();
        *times += 1;
        (if *times == 1 { name } else { format!("{name} #{times}") }, step.1)
    };
    steps.into_iter().map(&mut name).collect()
}

/// The stages as they are shown, and what was left out of them, if anything was.
pub(super) fn stages(stages: &[Stage<'_>]) -> (Value, Option<Value>) {
    let steps: usize = stages.iter().map(|stage| stage.steps.len()).sum();
    if stages.len() <= MAX_STAGES && steps <= MAX_STEPS {
        return (stages.iter().map(Stage::to_json).collect(), None);
    }
    let mut order: Vec<&Stage<'_>> = stages.iter().collect();
    order.sort_by_key(|stage| !stage.part.state().has_failed());
    let mut room = MAX_STEPS;
    let mut shown = Vec::new();
    for stage in order.into_iter().take(MAX_STAGES) {
        let brief = stage.with_steps(room);
        room -= brief["steps"].as_array().map_or(0, Vec::len);
        shown.push(brief);
    }
    let cut = json!({
        "shown": shown.len(), "total": stages.len(),
        "steps_shown": MAX_STEPS - room, "steps_total": steps,
        "order": "failed stages and steps first",
    });
    (Value::Array(shown), Some(cut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::execution::Execution;

    /// A run of so many stages, one of which (the last) failed, with as many steps each; `place` is
    /// where the steps of a stage are.
    fn run(count: usize, steps: usize, place: &dyn Fn(usize) -> String) -> Value {
        let last = count - 1;
        let status = |stage: usize, failed: bool| {
            if stage == last && failed { "Failed" } else { "Success" }
        };
        let layout: serde_json::Map<_, _> = (0..count)
            .map(|at| {
                let next: Vec<String> =
                    (at < last).then(|| format!("n{}", at + 1)).into_iter().collect();
                let node = json!({"nodeIdentifier": format!("s{at}"), "status": status(at, true),
                    "nodeType": "Custom", "edgeLayoutList": {"nextIds": next}});
                (format!("n{at}"), node)
            })
            .collect();
        let nodes: serde_json::Map<_, _> = (0..count)
            .flat_map(|at| (0..steps).map(move |step| (at, step)))
            .map(|(at, step)| {
                let place = format!("pipeline.stages.s{at}.spec.execution.steps.{}", place(step));
                let name = place.rsplit('.').next().unwrap().to_owned();
                let node = json!({"identifier": name, "baseFqn": place, "startTs": step + 1,
                    "status": status(at, step + 1 == steps)});
                (format!("{at}-{step}"), node)
            })
            .collect();
        json!({
            "pipelineExecutionSummary": {"startingNodeId": "n0", "layoutNodeMap": layout},
            "executionGraph": {"nodeMap": nodes},
        })
    }

    #[test]
    fn every_step_has_a_name_of_its_own() {
        for (places, expected) in [
            (["a", "b", "c"], ["s0/a", "s0/b", "s0/c"]),
            (["one.steps.r", "two.steps.r", "b"], ["s0/one/r", "s0/two/r", "s0/b"]),
            (["r", "r", "g.steps.r"], ["s0/r", "s0/r #2", "s0/g/r"]),
        ] {
            let run = run(1, 3, &|step| places[step].to_owned());
            let stages = Execution::read(&run).unwrap().stages();
            let names: Vec<String> = named(&stages).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn of_a_large_run_what_failed_is_shown_first() {
        let place = |step: usize| format!("r{step}");
        let small = run(3, 4, &place);
        let (shown, cut) = stages(&Execution::read(&small).unwrap().stages());
        assert_eq!((shown.as_array().unwrap().len(), cut), (3, None));
        let large = run(70, 25, &place);
        let (shown, cut) = stages(&Execution::read(&large).unwrap().stages());
        assert_eq!(shown[0]["identifier"], "s69");
        assert_eq!(shown[0]["steps"].as_array().unwrap().len(), 25);
        assert_eq!(shown[1]["identifier"], "s0");
        let cut = cut.unwrap();
        assert_eq!(cut["shown"], json!(MAX_STAGES));
        assert_eq!(
            [&cut["total"], &cut["steps_shown"], &cut["steps_total"]],
            [70, MAX_STEPS, 1750]
        );
    }
}
