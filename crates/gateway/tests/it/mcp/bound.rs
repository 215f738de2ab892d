//! Input beyond its bounds.

use std::time::Duration;

use pilothouse_gateway::mcp::{Limits, SessionLimits, Settings, serve::ServeLimits};
use serde_json::{Value, json};

use super::server::{Server, brisk, call, document};

#[tokio::test]
async fn bodies_are_bounded_in_bytes_and_depth_and_must_be_json() {
    let limits = Limits { message_bytes: 2000, json_depth: 10, ..Limits::default() };
    let server = Server::with(Settings { limits, ..brisk() }, ServeLimits::default()).await;
    let large =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "x", "params": { "x": "y".repeat(3000) } });
    let deep = format!("{}{}", "[".repeat(11), "]".repeat(11));
    for (body, kind, status, code) in [
        (large.to_string(), "application/json", 413, 413),
        (deep, "application/json", 400, -32600),
        ("{".to_owned(), "application/json", 400, -32700),
        (String::new(), "application/json", 400, -32700),
        ("{}".to_owned(), "application/json", 400, -32600),
        ("{}".to_owned(), "text/plain", 415, -32600),
    ] {
        let request =
            server.request(reqwest::Method::POST).header("content-type", kind).body(body.clone());
        let (actual, answer) = document(request).await;
        assert_eq!(
            (actual, &answer["error"]["code"]),
            (status, &json!(code)),
            "{body:.20} {answer}"
        );
    }
}

#[tokio::test]
async fn requests_in_progress_are_bounded() {
    let limits = Limits { requests_in_progress: 1, ..Limits::default() };
    let mut server = Server::with(Settings { limits, ..brisk() }, ServeLimits::default()).await;
    let id = {
        let session = server.initialize("2025-11-25", json!({})).await;
        session.call(1, "tools/call", call("wait")).await;
        session.id.clone()
    };
    assert_eq!(server.report().await, "started");
    let ping = |id: i64| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" });
    let post = |body: &Value| server.post(body).header("mcp-session-id", &id);
    assert_eq!(document(post(&ping(2))).await.0, 429);
    let (status, duplicate) = document(post(&ping(1))).await;
    assert_eq!((status, &duplicate["error"]["code"]), (400, &json!(-32600)));
}

#[tokio::test]
async fn requests_of_one_principal_are_bounded_without_a_session() {
    let limits = Limits { requests_of_principal: 1, ..Limits::default() };
    let mut server = Server::with(Settings { limits, ..brisk() }, ServeLimits::default()).await;
    let waiting = server.modern("tools/call", call("wait"));
    let waiting = tokio::spawn(waiting.send());
    assert_eq!(server.report().await, "started");
    let (status, refused) = document(server.modern("tools/list", json!({}))).await;
    assert_eq!((status, &refused["error"]["code"]), (429, &json!(429)), "{refused}");
    waiting.abort();
    assert_eq!(server.report().await, "cancelled");
    let freed = async {
        while document(server.modern("tools/list", json!({}))).await.0 != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), freed).await.expect("the room is given back");
}

#[tokio::test]
async fn what_a_session_remembers_is_bounded() {
    let server = Server::start().await;
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": { "experimental": { "x": { "y": "z".repeat(70_000) } } },
        "clientInfo": { "name": "test", "version": "1" },
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    assert_eq!(document(server.post(&body)).await.0, 429);
}

#[tokio::test]
async fn sessions_are_bounded_and_the_oldest_gives_way() {
    let sessions = SessionLimits { max: 2, ..SessionLimits::default() };
    let server = Server::with(Settings { sessions, ..brisk() }, ServeLimits::default()).await;
    let first = server.initialize("2025-11-25", json!({})).await;
    for _ in 0..2 {
        server.initialize("2025-11-25", json!({})).await;
    }
    assert_eq!(server.endpoint.session_count(), 2);
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    assert_eq!(document(first.post(&ping)).await.0, 404);
}
