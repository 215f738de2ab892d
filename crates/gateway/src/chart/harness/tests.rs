//! Harness' answers, cut to what a chart reads.

use serde_json::json;

use super::*;

fn execution() -> Value {
    let node = |id: &str, status: &str, start: u64, end: u64, children: &[&str], next: &[&str]| {
        json!({
            "nodeIdentifier": id, "name": id.to_uppercase(), "status": status,
            "nodeType": if children.is_empty() { "Deployment" } else { "parallel" }, "startTs": start, "endTs": end,
            "edgeLayoutList": {"currentNodeChildren": children, "nextIds": next},
        })
    };
    let step = |name: &str, stage: &str, start: u64| {
        json!({
            "identifier": name, "name": name, "status": "Success", "startTs": start,
            "endTs": start + 500, "stepType": "Run",
            "baseFqn": format!("pipeline.stages.{stage}.spec.execution.steps.{name}"),
        })
    };
    json!({
        "pipelineExecutionSummary": {
            "pipelineIdentifier": "deploy", "name": "Deploy", "planExecutionId": "ex1",
            "status": "Failed", "startTs": 1_000, "endTs": 9_000, "startingNodeId": "n1",
            "layoutNodeMap": {
                "n1": node("build", "Success", 1_000, 3_000, &[], &["n2"]),
                "n2": node("", "Failed", 3_000, 9_000, &["n3", "n4"], &["n5"]),
                "n3": node("eu", "Failed", 3_000, 9_000, &[], &[]),
                "n4": node("us", "Success", 3_000, 8_000, &[], &[]),
                "n5": node("smoke", "NotStarted", 0, 0, &[], &[]),
            },
        },
        "executionGraph": {
            "nodeMap": {
                "s2": step("test", "build", 2_000),
                "s1": step("clone", "build", 1_500),
                "g": {"baseFqn": "pipeline.stages.build.spec.execution", "name": "group"},
            },
            "nodeAdjacencyListMap": {"g": {"children": ["s1", "s2"], "nextIds": []}},
        },
    })
}

#[test]
fn an_execution_becomes_a_timeline_of_stages_and_their_steps() {
    for answer in [execution(), json!({ "data": execution() })] {
        let Some(Chart::Timeline(timeline)) = super::timeline(&answer) else { panic!() };
        assert_eq!(timeline.title, "Deploy");
        assert_eq!(timeline.subtitle, "ex1 · Failed · 8s · 4 stages");
        let rows: Vec<_> = timeline
            .rows
            .iter()
            .map(|row| (row.label.as_str(), row.is_step, row.status, row.start_ms))
            .collect();
        assert_eq!(
            rows,
            [
                ("BUILD", false, Status::Succeeded, Some(1_000)),
                ("clone", true, Status::Succeeded, Some(1_500)),
                ("test", true, Status::Succeeded, Some(2_000)),
                ("EU", false, Status::Failed, Some(3_000)),
                ("US", false, Status::Succeeded, Some(3_000)),
                ("SMOKE", false, Status::Queued, None),
            ]
        );
    }
}

#[test]
fn a_diagnosis_becomes_a_timeline_too() {
    let answer = json!({"execution": {
        "pipeline": "deploy", "execution_id": "ex1", "status": "Failed",
        "started_at": "2026-11-20T10:00:00Z", "ended_at": "2026-11-20T10:01:00Z",
        "stages": [{"name": "Build", "status": "Failed", "started_at": "2026-11-20T10:00:00Z",
                    "duration_ms": 60_000,
                    "steps": [{"name": "Test", "status": "Failed", "duration_ms": 5_000}]}],
    }});
    let Some(Chart::Timeline(timeline)) = super::timeline(&answer) else { panic!() };
    assert_eq!(timeline.subtitle, "ex1 · Failed · 1m · 1 stage");
    let spans: Vec<_> =
        timeline.rows.iter().map(|row| (row.start_ms.is_some(), row.end_ms.is_some())).collect();
    assert_eq!(spans, [(true, true), (true, false)]);
}

#[test]
fn stages_that_run_side_by_side_are_one_group() {
    let Some(Chart::Flow(flow)) = super::flow(&execution()) else { panic!() };
    let names: Vec<Vec<_>> = flow
        .groups
        .iter()
        .map(|group| group.iter().map(|node| node.name.as_str()).collect())
        .collect();
    assert_eq!(names, [vec!["BUILD"], vec!["EU", "US"], vec!["SMOKE"]]);
    assert_eq!(flow.groups[0][0].steps, 2);
    let told = json!({"stages": [{"name": "a"}, {"name": "b"}, {"name": "c", "parallel": true}]});
    let Some(Chart::Flow(flow)) = super::flow(&told) else { panic!() };
    assert_eq!(flow.groups.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn lists_are_counted_by_status_by_pipeline_and_by_day() {
    let item = |status: &str, pipeline: &str, start: i64| json!({"status": status, "pipelineIdentifier": pipeline, "startTs": start});
    let now = Timestamp(1_780_000_000_000);
    let items = [
        item("Success", "a", now.0),
        item("Failed", "b", now.0 - 2 * DAY_MS),
        item("Errored", "b", now.0 - 2 * DAY_MS),
        item("Success", "b", now.0 - 90 * DAY_MS),
        json!({}),
    ];
    let unfinished = ["NotStarted", "Skipped", "a new word"].map(|word| item(word, "a", now.0));
    let Some(Chart::Ring(ring)) = by_status(&items) else { panic!() };
    let slices: Vec<_> =
        ring.slices.iter().map(|slice| (slice.label.as_str(), slice.value, slice.status)).collect();
    assert_eq!(
        slices,
        [
            ("Failed", 1, Some(Status::Failed)),
            ("Errored", 1, None),
            ("Success", 2, Some(Status::Succeeded)),
            ("Unknown", 1, Some(Status::Unknown)),
        ]
    );
    let Some(Chart::Bars(bars)) = by_pipeline(&items) else { panic!() };
    let counts: Vec<_> = bars.bars.iter().map(|bar| (bar.label.as_str(), bar.value)).collect();
    assert_eq!(counts, [("a", 1), ("b", 3), ("unknown", 1)]);
    let Some(Chart::Series(series)) = by_day(&items, now) else { panic!() };
    assert_eq!((series.days.len(), series.days[30].date.as_str()), (31, "2026-05-28"));
    let counted = |day: usize, status| {
        series.days[day].counts.iter().find(|(known, _)| *known == status).unwrap().1
    };
    assert_eq!(counted(30, Status::Succeeded), 1);
    assert_eq!(counted(28, Status::Failed), 2);
    assert!(series.subtitle.ends_with("; 3 of 5 listed executions"), "{}", series.subtitle);
    let Some(Chart::Series(series)) = by_day(&unfinished, now) else { panic!() };
    assert!(series.subtitle.ends_with("; 3 listed executions"), "{}", series.subtitle);
    let today: u64 = series.days[30].counts.iter().map(|(_, count)| count).sum();
    assert_eq!(today, 3, "each is in the column of its day");
}

#[test]
fn a_status_becomes_a_dashboard() {
    let answer = json!({
        "project": {"org": "default", "project": "payments"},
        "summary": {"total_failed": 3, "total_running": 1, "total_recent": 20,
            "failure_rate_percent": 50, "health": "degraded"},
        "recent_activity": [{"status": "Success"}, {"status": "Failed"}],
    });
    let Some(Chart::Health(health)) = super::health(&answer) else { panic!() };
    assert_eq!((health.title.as_str(), health.level), ("default / payments", Level::Degraded));
    assert_eq!(health.subtitle, "Of the latest executions, 50 % failed");
    assert_eq!(health.cards.iter().map(|card| card.value).collect::<Vec<_>>(), [3, 1, 20]);
    assert_eq!(health.recent, [Status::Succeeded, Status::Failed]);

    let unread = json!({"summary": {"total_failed": 3, "total_recent": null, "health": "unknown"}});
    let Some(Chart::Health(health)) = super::health(&unread) else { panic!() };
    assert_eq!((health.level, health.cards.len()), (Level::Unknown, 1), "no figure is made up");
}

#[test]
fn a_definition_becomes_stages_groups_and_steps() {
    let step = |name: &str| json!({"step": {"name": name, "type": "Run", "timeout": "5m"}});
    let definition = json!({"pipeline": {"name": "Deploy", "stages": [
        {"stage": {"name": "Build", "type": "CI", "spec": {"execution": {"steps": [
            step("clone"),
            {"parallel": [step("lint"), step("test")]},
            {"stepGroup": {"name": "Publish", "steps": [step("push")]}},
        ]}}}},
        {"parallel": [
            {"stage": {"name": "EU", "type": "Deployment", "spec": {
                "service": {"serviceRef": "payments"},
                "execution": {"steps": [step("roll")], "rollbackSteps": [step("back")]},
            }}},
            {"stage": {"identifier": "us", "template": {"templateRef": "account.deploy"}}},
        ]},
    ]}});
    let Some(Chart::Architecture(chart)) = architecture(&definition) else { panic!() };
    assert_eq!(chart.subtitle, "3 stages · 6 steps");
    let stages: Vec<_> = chart
        .stages
        .iter()
        .map(|stage| (stage.name.as_str(), stage.kind.as_str(), stage.parallel))
        .collect();
    assert_eq!(
        stages,
        [("Build", "CI", false), ("EU", "Deployment", false), ("us", "Template", true)]
    );
    let groups = |stage: usize| -> Vec<_> {
        let groups = chart.stages[stage].groups.iter();
        groups.map(|group| (group.name.as_str(), group.steps.len(), group.is_rollback)).collect()
    };
    assert_eq!(groups(0), [("Steps", 3, false), ("Publish", 1, false)]);
    assert_eq!(groups(1), [("Steps", 1, false), ("Rollback", 1, true)]);
    assert_eq!(chart.stages[1].facts, [("Service".to_owned(), "payments".to_owned())]);
    assert_eq!(chart.stages[2].facts[0].1, "account.deploy");
}

/// The font has no Chinese; identifiers are in plain letters.
#[test]
fn a_name_that_cannot_be_written_gives_way_to_the_identifier() {
    let node = |id: &str, name: &str| json!({"nodeIdentifier": id, "name": name});
    let answer = json!({"pipelineExecutionSummary": {
        "pipelineIdentifier": "deploy_payments", "name": "部署支付", "startingNodeId": "n1",
        "layoutNodeMap": {"n1": node("build", "🚀 Сборка")},
    }});
    let Some(Chart::Flow(chart)) = flow(&answer) else { panic!() };
    assert_eq!([&chart.title, &chart.groups[0][0].name], ["deploy_payments", "🚀 Сборка"]);

    let stage = json!({"identifier": "build", "name": "构建"});
    let report = json!({"name": "部署支付", "pipeline_id": "deploy_payments", "stages": [stage]});
    let Some(Chart::Flow(chart)) = flow(&report) else { panic!() };
    assert_eq!([&chart.title, &chart.groups[0][0].name], ["deploy_payments", "build"]);

    let nameless = json!({"pipeline": {"name": "部署", "stages": [{"stage": {"name": "构建"}}]}});
    let Some(Chart::Architecture(chart)) = architecture(&nameless) else { panic!() };
    assert_eq!(chart.stages[0].name, "构建", "there is nothing better");
}

#[test]
fn an_answer_with_nothing_to_draw_gives_no_chart() {
    for answer in [json!(null), json!({}), json!([]), json!({"layoutNodeMap": {}}), json!("x")] {
        assert!(super::timeline(&answer).is_none());
        assert!(super::flow(&answer).is_none());
        assert!(super::health(&answer).is_none());
        assert!(architecture(&answer).is_none());
    }
    assert!(by_status(&[]).is_none() && by_pipeline(&[]).is_none());
    assert!(by_day(&[], Timestamp(0)).is_none());
}
