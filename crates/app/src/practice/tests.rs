use axum::http::Request;
use tower::ServiceExt as _;

use super::*;

async fn ask(router: &Router, method: &str, target: &str, body: &str) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("x-api-key", API_KEY)
        .header("host", "practice.example")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), MAX_BODY).await.unwrap();
    let text = String::from_utf8_lossy(&body).into_owned();
    (status, serde_json::from_slice(&body).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn a_failed_deployment_runs_again_with_the_right_release() {
    let router = router();
    let list = "/pipeline/api/pipelines/execution/summary?status=Failed";
    let (_, failed) = ask(&router, "POST", list, "{}").await;
    assert_eq!(failed["data"]["totalElements"], 1);
    assert_eq!(failed["data"]["content"][0]["planExecutionId"], "deploy_shop-run-3");
    let inputs = scene::inputs("1.4.0");
    let execute = "/pipeline/api/pipeline/execute/deploy_shop";
    let (status, run) = ask(&router, "POST", execute, &inputs).await;
    assert_eq!(status, 200, "{run}");
    let id = run["data"]["planExecution"]["uuid"].as_str().unwrap();
    let get = format!("/pipeline/api/pipelines/execution/v2/{id}");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let (_, run) = ask(&router, "GET", &get, "").await;
        statuses.push(run["data"]["pipelineExecutionSummary"]["status"].clone());
    }
    assert_eq!(statuses, ["Running", "Success", "Success"]);
}

#[tokio::test]
async fn the_log_of_the_failed_step_names_the_image() {
    let router = router();
    let get = "/pipeline/api/pipelines/execution/v2/deploy_shop-run-3";
    let (_, run) = ask(&router, "GET", get, "").await;
    let key = run.pointer("/data/executionGraph/nodeMap/step-rollout/logBaseKey").unwrap();
    let blob = format!("/gateway/log-service/blob/download?prefix={}", key.as_str().unwrap());
    let (_, link) = ask(&router, "POST", &blob, "").await;
    let path = link["link"].as_str().unwrap().strip_prefix("http://practice.example").unwrap();
    let (_, log) = ask(&router, "GET", path, "").await;
    assert!(log.as_str().unwrap().contains("shop:1.4.O: not found"), "{log}");
}

#[tokio::test]
async fn records_are_made_changed_found_and_removed() {
    let router = router();
    let make = r#"{"connector": {"identifier": "aws", "name": "AWS", "type": "Aws"}}"#;
    for (method, target, body, status) in [
        ("POST", "/ng/api/connectors", make, 200),
        ("POST", "/ng/api/connectors", make, 400),
        ("GET", "/ng/api/connectors/aws", "", 200),
        ("PUT", "/ng/api/connectors", r#"{"connector": {"identifier": "gcp"}}"#, 404),
        ("PUT", "/ng/api/connectors", make, 200),
        ("DELETE", "/ng/api/connectors/aws", "", 200),
        ("DELETE", "/ng/api/connectors/aws", "", 404),
        ("GET", "/ng/api/connectors/aws?accountIdentifier=other", "", 403),
        ("GET", "/ng/api/nothing", "", 404),
        ("POST", "/pipeline/api/pipeline/execute/none", "", 404),
        ("POST", "/pipeline/api/pipeline/execute/deploy_shop", "{}", 400),
        ("PUT", "/pipeline/api/pipeline/execute/retry/deploy_shop-run-1", "", 400),
    ] {
        let (got, answer) = ask(&router, method, target, body).await;
        assert_eq!(got, status, "{method} {target}: {answer}");
    }
    let (_, found) =
        ask(&router, "POST", "/ng/api/connectors/listV2", r#"{"searchTerm": "registry"}"#).await;
    assert_eq!(found["data"]["totalElements"], 1, "{found}");
}

#[tokio::test]
async fn a_stranger_is_refused_and_a_large_body_is_not_read() {
    let router = router();
    let request = Request::builder().uri("/ng/api/organizations").body(Body::empty()).unwrap();
    assert_eq!(router.clone().oneshot(request).await.unwrap().status(), 401);
    let large = "x".repeat(MAX_BODY + 1);
    assert_eq!(ask(&router, "POST", "/pipeline/api/pipelines/v2", &large).await.0, 413);
}
