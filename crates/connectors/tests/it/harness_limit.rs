//! What Harness' hooks take and give at most.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pilothouse_connectors::Connector;
use pilothouse_model::Kind;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, path, path_regex},
};

use crate::{
    fake::{args, caller},
    harness_wire::{config, connect},
};

async fn ask(connector: &Connector, operation: &str, with: Value) -> Value {
    connector.call(&caller(), operation, args(with)).await.unwrap()
}

#[tokio::test]
async fn too_much_is_refused_before_anything_is_sent() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let connector = connect(config(&server));
    let file = |content: Value| {
        let node = json!({"name": "f", "type": "FILE", "parent_identifier": "Root"});
        let mut node = args(node);
        node.extend(args(content));
        json!({ "body": node })
    };
    let bytes = "x".repeat((8 << 20) + 1);
    let findings = json!({"type": "Other", "reason": "r", "requester_id": "u",
        "items": vec![json!({"issue_id": "i"}); 501]});
    for (operation, with, message) in [
        ("file_store.create", file(json!({ "content": bytes })), "longer than 8388608 bytes"),
        (
            "file_store.create",
            file(json!({ "content_base64": STANDARD.encode(&bytes) })),
            "longer than 8388608 bytes",
        ),
        ("security_exemption_bulk.create", json!({ "body": findings }), "more than 500"),
    ] {
        let error = connector.call(&caller(), operation, args(with)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Limited, "{operation}: {error}");
        assert!(error.message.ends_with(message), "{error}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_long_log_shows_its_end() {
    let server = MockServer::start().await;
    let link = json!({"status": "success", "link": format!("{}/storage/log", server.uri())});
    Mock::given(path("/gateway/log-service/blob/download"))
        .respond_with(ResponseTemplate::new(200).set_body_json(link))
        .mount(&server)
        .await;
    let log = format!("first\n{}last", "0123456789abcde\n".repeat((128 << 10) / 16));
    Mock::given(path_regex("^/storage/"))
        .respond_with(ResponseTemplate::new(200).set_body_string(log))
        .mount(&server)
        .await;
    let found = ask(&connect(config(&server)), "execution_log.get", json!({"prefix": "p"})).await;
    let shown = found["log_content"].as_str().unwrap();
    assert!(shown.len() <= 128 << 10 && shown.ends_with("last"), "{} bytes", shown.len());
    assert!(!shown.contains("first"));
    assert_eq!((&found["truncated"], &found["total_lines"]), (&json!(true), &json!(8194)));
}

#[tokio::test]
async fn a_chart_is_drawn_of_so_many_executions() {
    let server = MockServer::start().await;
    let runs = vec![json!({"status": "Success", "planExecutionId": "e"}); 100];
    let page = json!({"data": {"content": runs, "totalElements": 5000}});
    Mock::given(path("/pipeline/api/pipelines/execution/summary"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    let found = ask(&connect(config(&server)), "visual_pie_chart.get", json!({})).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1000);
    assert_eq!(server.received_requests().await.unwrap().len(), 10);
}
