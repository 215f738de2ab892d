//! Giving up on a request.

use reqwest::Method;
use serde_json::json;

use super::server::{BOTH, Events, Server, call, document, text};

#[tokio::test]
async fn a_modern_client_cancels_by_closing_the_connection() {
    for accept in [BOTH, "application/json"] {
        let mut server = Server::start().await;
        let mut request = server.modern("tools/call", call("wait")).build().unwrap();
        request.headers_mut().insert("accept", accept.parse().unwrap());
        let client = server.client.clone();
        let waiting = tokio::spawn(async move { client.execute(request).await });
        assert_eq!(server.report().await, "started");
        waiting.abort();
        assert_eq!(server.report().await, "cancelled", "{accept}");
    }
}

#[tokio::test]
async fn a_modern_client_cancels_by_closing_the_stream() {
    let mut server = Server::start().await;
    let response = server.modern("tools/call", call("wait")).send().await.unwrap();
    assert_eq!(server.report().await, "started");
    drop(response);
    assert_eq!(server.report().await, "cancelled");
}

#[tokio::test]
async fn a_legacy_client_cancels_by_saying_so() {
    let mut server = Server::start().await;
    let (id, stream) = {
        let session = server.initialize("2025-11-25", json!({})).await;
        let stream = session.call(7, "tools/call", call("wait")).await;
        (session.id.clone(), stream)
    };
    assert_eq!(server.report().await, "started");
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
    let (status, _) = document(server.post(&cancel).header("mcp-session-id", &id)).await;
    assert_eq!(status, 202);
    assert_eq!(server.report().await, "cancelled");
    assert!(stream.rest().await.is_empty(), "a cancelled request gets no answer");
}

#[tokio::test]
async fn a_legacy_client_may_lose_its_connection() {
    let mut server = Server::start().await;
    let (id, event) = {
        let session = server.initialize("2025-11-25", json!({})).await;
        let mut stream = session.call(7, "tools/call", call("wait")).await;
        (session.id.clone(), stream.next().await.unwrap().id.unwrap())
    };
    assert_eq!(server.report().await, "started");
    server.backend.go_on.notify_one();
    let resume =
        server.request(Method::GET).header("mcp-session-id", id).header("last-event-id", event);
    let resumed = Events::of(resume.send().await.unwrap());
    assert_eq!(text(&resumed.rest().await[0]), "waited");
}

#[tokio::test]
async fn ending_a_session_cancels_what_it_started() {
    let mut server = Server::start().await;
    let id = {
        let session = server.initialize("2025-11-25", json!({})).await;
        session.call(7, "tools/call", call("wait")).await;
        session.id.clone()
    };
    assert_eq!(server.report().await, "started");
    let delete = server.request(Method::DELETE).header("mcp-session-id", id);
    assert_eq!(document(delete).await.0, 204);
    assert_eq!(server.report().await, "cancelled");
}
