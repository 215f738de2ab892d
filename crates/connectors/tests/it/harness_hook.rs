//! Harness' hooks: finding out why a run failed, and what else takes several requests.

mod run;

use pilothouse_connectors::harness::HarnessConfig;
use pilothouse_model::Kind;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, path_regex, query_param},
};

use crate::{
    fake::{args, caller},
    harness_wire::{config, connect},
};

fn failed_run() -> Value {
    json!({"data": {
        "pipelineExecutionSummary": {
            "planExecutionId": "ex1", "pipelineIdentifier": "deploy", "name": "Deploy",
            "status": "Failed", "startTs": 1_768_478_400_000_i64, "endTs": 1_768_478_460_000_i64,
            "startingNodeId": "n1",
            "layoutNodeMap": {
                "n1": {"nodeIdentifier": "build", "identifier": "build", "name": "Build",
                    "nodeType": "CI", "status": "Success", "edgeLayoutList": {"nextIds": ["n2"]}},
                "n2": {"nodeIdentifier": "roll", "identifier": "roll", "name": "Roll out",
                    "nodeType": "Deployment", "status": "Failed",
                    "failureInfo": {"message": "the stage failed"}, "edgeLayoutList": {}},
            },
            "parentStageInfo": {"executionid": "ex0", "identifier": "release", "orgid": "o", "projectid": "p"},
        },
        "executionGraph": {
            "nodeMap": {
                "s0": {"identifier": "roll", "name": "Roll out", "status": "Failed",
                    "baseFqn": "pipeline.stages.roll"},
                "s1": {"identifier": "apply", "name": "Apply", "status": "Failed", "startTs": 2,
                    "baseFqn": "pipeline.stages.roll.spec.execution.steps.apply",
                    "failureInfo": {"message": "Shell script failed", "failureTypeList": []},
                    "logBaseKey": "acme/pipeline/deploy/1/-ex1/roll/apply"},
                "s2": {"identifier": "check", "name": "Check", "status": "Success", "startTs": 1,
                    "baseFqn": "pipeline.stages.roll.spec.execution.steps.check"},
            },
            "nodeAdjacencyListMap": {"s0": {"children": ["s1"]}, "s1": {"children": []}},
        },
    }})
}

#[tokio::test]
async fn a_failed_run_is_diagnosed_with_the_log_of_the_step_that_failed() {
    let server = MockServer::start().await;
    Mock::given(path("/pipeline/api/pipelines/execution/v2/ex1"))
        .and(query_param("renderFullBottomGraph", "true"))
        .respond_with(ResponseTemplate::new(200).set_body_json(failed_run()))
        .mount(&server)
        .await;
    let link = json!({"status": "success", "link": format!("{}/storage/packed.log", server.uri())});
    Mock::given(path("/gateway/log-service/blob/download"))
        .and(query_param("prefix", "acme/pipeline/deploy/1/-ex1/roll/apply"))
        .respond_with(ResponseTemplate::new(200).set_body_json(link))
        .mount(&server)
        .await;
    let log = "{\"time\":\"1\",\"out\":\"starting\\n\"}\n{\"time\":\"2\",\"out\":\"\\u001b[31mjq: command not found\\n\"}\n";
    Mock::given(path_regex("^/storage/"))
        .respond_with(ResponseTemplate::new(200).set_body_string(log))
        .mount(&server)
        .await;
    let connector = connect(config(&server));
    let with = args(json!({"execution_id": "ex1"}));
    let found = connector.call(&caller(), "execution.diagnose", with).await.unwrap();
    assert_eq!(found["status"], "Failed");
    assert_eq!(found["summary"], "Deploy failed at roll/apply: Shell script failed");
    let stages: Vec<_> =
        found["stages"].as_array().unwrap().iter().map(|it| it["identifier"].clone()).collect();
    assert_eq!(stages, ["build", "roll"]);
    assert_eq!(found["stages"][1]["steps"][0]["identifier"], "check");
    assert_eq!(
        found["failed_step_logs"]["roll/apply"]["log_snippet"],
        "starting\njq: command not found"
    );
    assert_eq!(found["likely_cause"]["kind"], "tool");
    assert_eq!(found["parent_pipeline"]["execution_id"], "ex0");
    assert_eq!(found["timing"]["duration_ms"], 60_000);
}

#[tokio::test]
async fn a_log_that_does_not_exist_is_said_not_to() {
    let server = MockServer::start().await;
    Mock::given(path("/gateway/log-service/blob/download"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"status": "error", "message": "ex\u{1b}[2Jpired\u{202e}"})),
        )
        .mount(&server)
        .await;
    let connector = connect(config(&server));
    for (with, kind, hint) in [
        (json!({"prefix": "p"}), Kind::NotFound, "logBaseKey"),
        (json!({}), Kind::Invalid, "execution_id"),
    ] {
        let error = connector.call(&caller(), "execution_log.get", args(with)).await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.hint.unwrap().contains(hint));
        if kind == Kind::NotFound {
            assert_eq!(error.message, "no log under this key: expired");
        }
    }
}

/// What hooks pass on comes from the platform too.
#[tokio::test]
async fn answers_of_hooks_are_only_text() {
    let server = MockServer::start().await;
    let hidden = json!({"title": "sh\u{1b}[2Jop\u{200b}", "note\u{202e}": "plain"});
    let set = "inputSet:\n  pipeline:\n    name: \"sh\u{200b}op\"\n";
    for (at, answer) in [
        ("/v1/entities", json!([hidden])),
        ("/v1/checks", json!({"data": [hidden]})),
        ("/gateway/sei/api/v2/org-trees/t/teams", hidden.clone()),
        ("/pipeline/api/inputSets/s", json!({"data": {"inputSetYaml": set}})),
        ("/pipeline/api/inputSets/template", json!({"data": {}})),
    ] {
        Mock::given(path(at))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
    }
    let connector = connect(config(&server));
    for (operation, with) in [
        ("idp_entity.list", json!({})),
        ("scorecard_check.list", json!({})),
        ("sei_org_tree_detail.get", json!({"org_tree_id": "t", "aspect": "teams"})),
        ("pipeline.preview", json!({"pipeline_id": "p", "input_set_ids": "s"})),
    ] {
        let answer = connector.call(&caller(), operation, args(with)).await.unwrap().to_string();
        let is_plain = answer.is_ascii() && !answer.contains("\\u001b");
        assert!(is_plain && answer.contains("shop"), "{operation}: {answer}");
    }
}

#[tokio::test]
async fn the_schema_of_an_entity_comes_from_the_platform() {
    let server = MockServer::start().await;
    let schema = json!({"type": "object", "properties": {"connector": {"$ref": "#/definitions/Connector"}},
        "definitions": {"Connector": {"type": "object", "properties": {"name": {"type": "string"}}}}});
    Mock::given(path("/ng/api/yaml-schema"))
        .and(query_param("entityType", "Connectors"))
        .and(query_param("scope", "project"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": schema})))
        .mount(&server)
        .await;
    let connector = connect(config(&server));
    let place = json!({"path": "connector", "org_id": "o", "project_id": "p"});
    let found = connector.call(&caller(), "connector.schema", args(place)).await.unwrap();
    assert_eq!(found["schema"]["properties"]["name"]["type"], "string", "{found}");

    let schema =
        json!({"type": "object", "properties": {"process": {"type": "object", "title": "P"}}});
    Mock::given(path("/gateway/rmg/api/yamlSchema"))
        .and(query_param("entityType", "PROCESS"))
        .respond_with(ResponseTemplate::new(200).set_body_json(schema))
        .mount(&server)
        .await;
    let part = args(json!({"path": "process"}));
    let found = connector.call(&caller(), "release_process.schema", part).await.unwrap();
    assert_eq!(found["schema"]["title"], "P", "{found}");
}

#[tokio::test]
async fn without_a_schema_of_the_platform_ours_is_shown() {
    let server = MockServer::start().await;
    Mock::given(path("/ng/api/yaml-schema"))
        .respond_with(ResponseTemplate::new(404))
        .mount(&server)
        .await;
    let connector = connect(config(&server));
    for kind in ["connector", "environment", "infrastructure", "service"] {
        let operation = format!("{kind}.schema");
        let found = connector.call(&caller(), &operation, args(json!({}))).await.unwrap();
        assert!(found["schema"]["properties"]["identifier"].is_object(), "{kind}: {found}");
        assert!(found["note"].as_str().unwrap().contains(&format!("{kind}.create")), "{found}");
    }
    let error = connector.call(&caller(), "secret.schema", args(json!({}))).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

#[tokio::test]
async fn a_stage_can_start_a_whole_pipeline() {
    let server = MockServer::start().await;
    let mut parent = failed_run();
    parent["data"]["executionGraph"]["nodeMap"] = json!({
        "s0": {"identifier": "roll", "status": "Failed", "baseFqn": "pipeline.stages.roll",
            "stepDetails": {"childPipelineExecutionDetails": {"planExecutionId": "ex2"}}},
    });
    for (id, run) in [("ex1", parent), ("ex2", failed_run())] {
        Mock::given(path(format!("/pipeline/api/pipelines/execution/v2/{id}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(run))
            .mount(&server)
            .await;
    }
    let connector = connect(config(&server));
    let with = args(json!({"execution_id": "ex1", "include_logs": false}));
    let found = connector.call(&caller(), "execution.diagnose", with).await.unwrap();
    assert_eq!(found["child_pipeline"]["reference"]["execution_id"], "ex2", "{found:#}");
    assert_eq!(found["child_pipeline"]["failed_step"], "apply");
}

#[tokio::test]
async fn stages_that_run_side_by_side_say_so() {
    let server = MockServer::start().await;
    let node = |id: &str, kind: &str, children: &[&str], next: &[&str]| {
        json!({"nodeIdentifier": id, "name": id, "nodeType": kind, "status": "Success",
            "edgeLayoutList": {"currentNodeChildren": children, "nextIds": next}})
    };
    let mut run = failed_run();
    let summary = &mut run["data"]["pipelineExecutionSummary"];
    summary["layoutNodeMap"] = json!({
        "n1": node("build", "CI", &[], &["n2"]),
        "n2": node("both", "parallel", &["n3", "n4"], &["n5"]),
        "n3": node("eu", "Deployment", &[], &[]),
        "n4": node("us", "Deployment", &[], &[]),
        "n5": node("smoke", "Custom", &[], &[]),
    });
    Mock::given(path("/pipeline/api/pipelines/execution/v2/ex1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(run))
        .mount(&server)
        .await;
    let connector = connect(config(&server));
    let with = args(json!({"execution_id": "ex1", "include_logs": false}));
    let found = connector.call(&caller(), "execution.diagnose", with).await.unwrap();
    let stages: Vec<_> = found["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| (stage["identifier"].as_str().unwrap(), stage["parallel"] == true))
        .collect();
    assert_eq!(stages, [("build", false), ("eu", false), ("us", true), ("smoke", false)]);
}

/// What could not be asked is not taken for an answer.
#[tokio::test]
async fn a_perspective_is_not_made_of_preferences_that_could_not_be_read() {
    let body = json!({"name": "p", "viewPreferences": {"includeOthers": true}});
    for (status, is_made) in [(403, true), (404, true), (401, false), (500, false)] {
        let server = MockServer::start().await;
        Mock::given(path("/ng/api/settings"))
            .respond_with(ResponseTemplate::new(status))
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": {}})))
            .mount(&server)
            .await;
        let connector = connect(HarnessConfig { retries: 0, ..config(&server) });
        let with = args(json!({ "body": body }));
        let made = connector.call(&caller(), "cost_perspective.create", with).await;
        assert_eq!(made.is_ok(), is_made, "{status}: {made:?}");
        let sent = server.received_requests().await.unwrap();
        assert_eq!(sent.iter().any(|it| it.method.as_str() == "POST"), is_made, "{status}");
    }
}

#[tokio::test]
async fn a_diagnosis_says_which_part_of_an_application_it_could_not_read() {
    let server = MockServer::start().await;
    let app = json!({"name": "shop", "app": {"status": {"health": {"status": "Healthy"}}}});
    for (at, answer) in [
        ("/resource-tree$", ResponseTemplate::new(500)),
        ("/events$", ResponseTemplate::new(200).set_body_json(json!({"items": []}))),
        ("/applications/shop$", ResponseTemplate::new(200).set_body_json(app)),
    ] {
        Mock::given(path_regex(at)).respond_with(answer).mount(&server).await;
    }
    let connector = connect(HarnessConfig { retries: 0, ..config(&server) });
    let with = args(json!({"agent_id": "east", "app_name": "shop"}));
    let found = connector.call(&caller(), "gitops_application.diagnose", with).await.unwrap();
    assert!(found["tree_error"].as_str().unwrap().contains("500"), "{found:#}");
    assert_eq!((found.get("resource_tree"), &found["recent_warnings"]), (None, &json!([])));
}
