//! Writes: planned, confirmed, or not done.

use serde_json::json;

use super::{Harness, PATH};

#[tokio::test]
async fn nothing_is_written_without_a_person() {
    let harness = Harness::start().await;
    let retry = json!({ "resource_type": "pipeline", "action": "retry", "confirm": true,
                        "resource_id": "deploy_shop-run-3" });
    let result = harness.app.call_on(PATH, "harness_execute", retry).await;
    assert_eq!(result["structuredContent"]["approval_required"], true, "{result:#}");
    let seen = harness.fake.seen();
    assert!(seen.iter().all(|request| request.method != "PUT"), "{seen:?}");
    harness.app.stop().await;
}

#[tokio::test]
async fn a_dry_run_shows_the_request() {
    let harness = Harness::start().await;
    let body = json!({ "identifier": "aws", "name": "AWS", "type": "Aws", "spec": {} });
    let arguments = json!({ "resource_type": "connector", "body": body, "dry_run": true });
    let planned = harness.ok("harness_create", arguments).await;
    let request = planned["plan"]["requests"][0].to_string();
    assert!(request.contains("/ng/api/connectors") && request.contains("aws"), "{planned:#}");
    assert_eq!(harness.fake.seen().len(), 0);
    harness.app.stop().await;
}

#[tokio::test]
async fn switches_of_the_old_server_let_writes_through() {
    for switch in [("HARNESS_SKIP_ELICITATION", "true"), ("HARNESS_AUTO_APPROVE_RISK", "all")] {
        let harness = Harness::start_with(&[switch]).await;
        let body = json!({ "identifier": "aws", "name": "AWS", "type": "Aws", "spec": {} });
        let create = json!({ "resource_type": "connector", "body": body.to_string() });
        harness.ok("harness_create", create).await;
        let get = json!({ "resource_type": "connector", "resource_id": "aws" });
        assert!(harness.ok("harness_get", get.clone()).await.to_string().contains("AWS"));
        harness.ok("harness_delete", get.clone()).await;
        let message = harness.refused("harness_get", get).await;
        assert!(message.contains("connector with identifier [aws] not found"), "{message}");
        harness.app.stop().await;
    }
}

#[tokio::test]
async fn a_risk_above_the_limit_still_asks() {
    let harness = Harness::start_with(&[("HARNESS_AUTO_APPROVE_RISK", "low_write")]).await;
    let arguments = json!({ "resource_type": "connector", "resource_id": "git" });
    let result = harness.app.call_on(PATH, "harness_delete", arguments).await;
    assert_eq!(result["structuredContent"]["approval_required"], true, "{result:#}");
    harness.app.stop().await;
}

#[tokio::test]
async fn read_only_offers_no_writes_and_refuses_actions() {
    let harness = Harness::start_with(&[("HARNESS_READ_ONLY", "true")]).await;
    let answer = harness.app.rpc(PATH, "tools/list", json!({})).await;
    let tools = answer.body["result"]["tools"].to_string();
    assert!(!tools.contains("harness_create") && tools.contains("harness_execute"));
    let retry = json!({ "resource_type": "pipeline", "action": "retry",
                        "resource_id": "deploy_shop-run-3" });
    let message = harness.refused("harness_execute", retry).await;
    assert!(message.contains("read-only"), "{message}");
    assert_eq!(harness.fake.seen().len(), 0);
    harness.app.stop().await;
}
