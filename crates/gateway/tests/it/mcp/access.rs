//! Who is let in at all.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use pilothouse_gateway::mcp::{Endpoint, Settings, http::router};
use serde_json::json;
use tower::ServiceExt;

use super::{
    backend::TestBackend,
    server::{Server, document},
};

#[tokio::test]
async fn forged_hosts_and_foreign_origins_are_forbidden_for_every_method() {
    let server = Server::start().await;
    let own = format!("http://{}", server.address);
    for (name, value, allowed) in [
        ("host", "evil.example.com", false),
        ("origin", "http://evil.example.com", false),
        ("origin", "null", false),
        ("origin", "http://localhost:1", false),
        ("origin", own.as_str(), true),
    ] {
        for request in [
            server.modern("server/discover", json!({})),
            server.request(reqwest::Method::GET),
            server.request(reqwest::Method::DELETE),
        ] {
            let (status, body) = document(request.header(name, value)).await;
            assert_eq!(status != 403, allowed, "{name}: {value} {body}");
        }
    }
}

#[tokio::test]
async fn without_a_caller_nothing_is_served() {
    let (backend, _reports) = TestBackend::new();
    let endpoint = Endpoint::new(Arc::new(backend), Settings::default());
    let router = router("/mcp", endpoint);
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string();
    let request = Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 401);
}
