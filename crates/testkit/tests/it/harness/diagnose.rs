//! Diagnoses: why a run failed, what is wrong with a connector, a delegate, an application; and
//! runs that are waited for.

use serde_json::{Value, json};

use super::Harness;

#[tokio::test]
async fn a_failed_run_says_where_and_why() {
    let harness = Harness::start().await;
    for arguments in [
        json!({ "execution_id": "deploy_shop-run-3" }),
        json!({ "resource_type": "execution", "resource_id": "deploy_shop-run-3" }),
        json!({ "resource_type": "pipeline", "resource_id": "deploy_shop" }),
        json!({ "resource_type": "pipeline", "options": { "execution_id": "deploy_shop-run-3" } }),
    ] {
        let found = harness.ok("harness_diagnose", arguments.clone()).await;
        assert_eq!(found["execution_id"], "deploy_shop-run-3", "{arguments}");
        assert_eq!(found["status"], "Failed");
        assert_eq!(found["failure"]["stage"], "deploy", "{found:#}");
        assert_eq!(found["failure"]["step"], "deploy/rollout", "{found:#}");
        let steps = |stage: usize| -> Vec<&str> {
            let steps = found["stages"][stage]["steps"].as_array().unwrap();
            steps.iter().filter_map(|step| step["identifier"].as_str()).collect()
        };
        assert_eq!(steps(0).len(), 2, "{found:#}");
        assert_eq!(steps(1), ["rollout"]);
        let log = found["failed_step_logs"]["deploy/rollout"]["log_snippet"].as_str().unwrap();
        assert!(log.contains("registry.example/shop:1.4.O: not found"), "{log}");
        assert!(found["likely_cause"].is_object(), "{found:#}");
        assert!(found["openInHarness"].as_str().unwrap().contains("/deployments/"), "{found:#}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn options_say_what_a_diagnosis_holds() {
    let harness = Harness::start().await;
    let diagnose = async |options: Value| {
        let arguments = json!({ "execution_id": "deploy_shop-run-3", "options": options });
        harness.ok("harness_diagnose", arguments).await
    };
    let brief = diagnose(json!({ "include_logs": false })).await;
    assert_eq!((&brief["failed_step_logs"], &brief["pipeline"]), (&Value::Null, &Value::Null));
    let full = diagnose(json!({ "summary": false, "include_all_step_logs": true })).await;
    assert_eq!(full["pipeline"]["identifier"], "deploy_shop", "{full:#}");
    assert_eq!(full["all_step_logs"].as_object().unwrap().len(), 3, "{full:#}");
    let one = diagnose(json!({ "include_all_step_logs": true, "max_all_step_logs": 1 })).await;
    assert_eq!(one["all_step_logs_truncated"], json!({ "shown": 1, "total": 3 }));
    let links = diagnose(json!({ "return_download_url": true })).await;
    let link = links["failed_step_logs"]["deploy/rollout"]["download_url"].as_str().unwrap();
    assert!(link.starts_with("http"), "{link}");
    let text = json!({ "execution_id": "deploy_shop-run-3", "options": "{\"incude_logs\": true}" });
    let message = harness.refused("harness_diagnose", text).await;
    assert!(message.contains("did you mean \"include_logs\"?"), "{message}");
    harness.app.stop().await;
}

#[tokio::test]
async fn connectors_delegates_and_applications_say_what_is_wrong() {
    let harness = Harness::start().await;
    for (arguments, pointer, expected) in [
        (
            json!({ "resource_type": "connector", "resource_id": "git" }),
            "/test_result/status",
            json!("SUCCESS"),
        ),
        (json!({ "resource_type": "delegate" }), "/unhealthy_count", json!(1)),
        (
            json!({ "resource_type": "delegate", "resource_id": "kubernetes-west" }),
            "/unhealthy_delegates/0/name",
            json!("kubernetes-west"),
        ),
        (
            json!({ "resource_type": "gitops_application", "resource_id": "shop-worker",
                    "options": { "agent_id": "east" } }),
            "/overall_health",
            json!("Degraded"),
        ),
        (
            json!({ "resource_type": "gitops_app", "resource_id": "shop",
                    "options": { "agent_id": "east" } }),
            "/healthy",
            json!(true),
        ),
    ] {
        let found = harness.ok("harness_diagnose", arguments.clone()).await;
        assert_eq!(found.pointer(pointer), Some(&expected), "{arguments}: {found:#}");
    }
    let unknown = json!({ "resource_type": "delegate", "resource_id": "nobody" });
    assert!(harness.refused("harness_diagnose", unknown).await.contains("nobody"));
    let none = json!({ "resource_type": "secret", "resource_id": "x" });
    assert!(harness.refused("harness_diagnose", none).await.contains("has no operation"));
    harness.app.stop().await;
}

#[tokio::test]
async fn runs_that_start_runs_are_followed_both_ways() {
    let harness = Harness::start_with(&[("HARNESS_AUTO_APPROVE_RISK", "all")]).await;
    let yaml = "pipeline:\n  identifier: release\n  name: Release\n  stages:\n    - stage:\n        \
                identifier: deploy\n        type: Pipeline\n        spec:\n          pipeline: deploy_shop\n";
    let create = json!({ "resource_type": "pipeline", "body": yaml });
    harness.ok("harness_create", create).await;
    let run = json!({ "resource_type": "pipeline", "action": "run", "resource_id": "release",
                      "inputs": "pipeline:\n  variables:\n    - name: version\n      value: 9.9.9\n",
                      "wait": true });
    let ended = harness.ok("harness_execute", run).await;
    assert_eq!(ended["execution_status"], "Failed", "{ended:#}");

    let parent = harness.ok("harness_diagnose", json!({ "execution_id": "release-run-1" })).await;
    let child = &parent["child_pipeline"];
    assert_eq!(child["reference"]["execution_id"], "deploy_shop-run-4", "{parent:#}");
    assert_eq!((&child["status"], &child["failed_step"]), (&json!("Failed"), &json!("rollout")));
    assert!(child["message"].as_str().unwrap().contains("shop:9.9.9"), "{child:#}");

    let found =
        harness.ok("harness_diagnose", json!({ "execution_id": "deploy_shop-run-4" })).await;
    let parent = json!({ "execution_id": "release-run-1", "pipeline_id": "release",
                         "org_id": "default", "project_id": "shop" });
    assert_eq!(found["parent_pipeline"], parent);
    harness.app.stop().await;
}

#[tokio::test]
async fn a_run_can_be_waited_for() {
    let harness = Harness::start_with(&[("HARNESS_AUTO_APPROVE_RISK", "all")]).await;
    for (tag, status, outcome) in [("1.4.0", "Success", "done"), ("0.0.0", "Failed", "failed")] {
        let arguments = json!({ "resource_type": "pipeline", "action": "run",
            "resource_id": "deploy_shop", "inputs": { "version": tag }, "wait": true });
        let ended = harness.ok("harness_execute", arguments).await;
        assert_eq!(
            (&ended["execution_status"], &ended["execution_outcome"]),
            (&json!(status), &json!(outcome))
        );
        assert_eq!(
            (&ended["execution_terminal"], &ended["execution_timed_out"]),
            (&json!(true), &json!(false))
        );
        assert!(
            ended["execution_id"].as_str().unwrap().starts_with("deploy_shop-run-"),
            "{ended:#}"
        );
        assert!(ended["openInHarness"].is_string(), "{ended:#}");
    }
    for (arguments, started) in [
        (
            json!({ "resource_type": "pipeline", "action": "retry",
                    "resource_id": "deploy_shop-run-3" }),
            "deploy_shop-run-6",
        ),
        (
            json!({ "resource_type": "pipeline_v1", "action": "run", "resource_id": "nightly_tests",
                    "inputs": { "version": { "value": "0.0.0" } } }),
            "nightly_tests-run-1",
        ),
    ] {
        let mut arguments = arguments;
        arguments["wait"] = json!(true);
        let ended = harness.ok("harness_execute", arguments).await;
        assert_eq!(
            (&ended["execution_id"], &ended["execution_status"], &ended["execution_outcome"]),
            (&json!(started), &json!("Failed"), &json!("failed")),
            "{ended:#}"
        );
    }
    let toggle = json!({ "resource_type": "connector", "action": "test_connection",
                         "resource_id": "git", "wait": true });
    assert!(harness.refused("harness_execute", toggle).await.contains("nothing to wait for"));
    let unified = json!({ "resource_type": "harness.execution", "id": "deploy_shop-run-3" });
    assert_eq!(harness.app.ok("infra_wait", unified).await["outcome"], "failed");
    harness.app.stop().await;
}
