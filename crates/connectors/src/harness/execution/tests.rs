//! Runs as Harness describes them, cut to what is read.

use super::*;

fn node(id: &str, kind: &str, children: &[&str], next: &[&str]) -> Value {
    json!({"nodeIdentifier": id, "nodeType": kind, "status": "Success",
        "edgeLayoutList": {"currentNodeChildren": children, "nextIds": next}})
}

fn run(layout: &Value, steps: &Value) -> Value {
    json!({
        "pipelineExecutionSummary": {
            "status": "Failed", "startingNodeId": "n0", "layoutNodeMap": layout},
        "executionGraph": {"nodeMap": steps, "nodeAdjacencyListMap": {}},
    })
}

fn stages(layout: &Value) -> Vec<(String, bool)> {
    let answer = run(layout, &json!({}));
    let stages = Execution::read(&answer).unwrap().stages();
    stages.into_iter().map(|stage| (stage.part.identifier.to_owned(), stage.parallel)).collect()
}

fn named(stages: &[(&str, bool)]) -> Vec<(String, bool)> {
    stages.iter().map(|(name, parallel)| ((*name).to_owned(), *parallel)).collect()
}

#[test]
fn stages_are_found_in_every_layout() {
    for (layout, expected) in [
        (
            json!({"n0": node("a", "CI", &[], &["n1"]), "n1": node("b", "CI", &[], &[])}),
            named(&[("a", false), ("b", false)]),
        ),
        // A matrix beside a stage.
        (
            json!({
                "n0": node("", "parallel", &["n1", "n2"], &["n5"]), "n1": node("a", "CI", &[], &[]),
                "n2": node("", "MATRIX", &["n3", "n4"], &[]), "n3": node("b0", "CI", &[], &[]),
                "n4": node("b1", "CI", &[], &[]), "n5": node("c", "CI", &[], &[]),
            }),
            named(&[("a", false), ("b0", true), ("b1", true), ("c", false)]),
        ),
        // Circles.
        (
            json!({"n0": node("a", "CI", &[], &["n1"]),
                "n1": node("", "parallel", &["n1", "n0"], &["n0"])}),
            named(&[("a", false)]),
        ),
        (json!({}), Vec::new()),
    ] {
        assert_eq!(stages(&layout), expected, "{layout}");
    }
}

#[test]
fn a_run_of_more_nodes_than_the_bound_is_read_in_part_and_says_so() {
    let layout = |nodes: usize| -> Value {
        let node = |at: usize| {
            let next = format!("n{}", at + 1);
            (format!("n{at}"), node(&format!("s{at}"), "CI", &[], &[&next]))
        };
        (0..nodes).map(node).collect::<Map<_, _>>().into()
    };
    for (nodes, read, in_all) in
        [(MAX_NODES, MAX_NODES, None), (MAX_NODES + 1, MAX_NODES, Some(MAX_NODES + 1))]
    {
        let layout = layout(nodes);
        assert_eq!(stages(&layout).len(), read);
        assert_eq!(Execution::read(&run(&layout, &json!({}))).unwrap().nodes_in_all(), in_all);
    }
}

#[test]
fn steps_belong_to_their_stage_those_of_a_rollback_too() {
    let step = |place: &str, start: u64| {
        json!({"identifier": place, "status": "Failed", "startTs": start,
            "baseFqn": format!("pipeline.stages.{place}")})
    };
    let answer = run(
        &json!({"n0": node("a", "CI", &[], &[])}),
        &json!({
            "2": step("a.spec.execution.rollbackSteps.back", 3),
            "1": step("a.spec.execution.steps.roll", 2),
            "3": step("a.spec.execution.steps.first", 1),
            "4": step("other.spec.execution.steps.else", 1),
            "5": step("a.spec.execution", 1),
        }),
    );
    let stages = Execution::read(&answer).unwrap().stages();
    let steps: Vec<_> = stages[0].steps.iter().map(|step| step.identifier).collect();
    let places = ["steps.first", "steps.roll", "rollbackSteps.back"];
    assert_eq!(steps, places.map(|place| format!("a.spec.execution.{place}")));
    assert!(stages[0].steps.iter().all(|step| step.state().has_failed()));
}
