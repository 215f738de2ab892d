//! 2025-11-25 and before: sessions.

use pilothouse_gateway::mcp::Change;
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{Events, Server, call, document, messages, text};

#[tokio::test]
async fn a_session_is_opened_used_and_ended() {
    let server = Server::start().await;
    let session = server.initialize("2025-11-25", json!({})).await;
    let result = &session.answer["result"];
    assert_eq!(result["protocolVersion"], "2025-11-25");
    assert_eq!(
        result["serverInfo"],
        json!({ "name": "test", "title": "Test", "version": "1.2.3" })
    );
    assert_eq!(result["instructions"], "Be careful.");
    assert!(session.id.bytes().all(|byte| byte.is_ascii_graphic()));

    session.notify(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
    let answer = session.ask(1, "ping", json!({})).await;
    assert_eq!(answer, json!({ "jsonrpc": "2.0", "id": 1, "result": {} }));
    let answer = session.ask(2, "tools/call", call("who")).await;
    assert_eq!(text(&answer), "user:ann Legacy");

    let (status, _) = document(session.request(Method::DELETE)).await;
    assert_eq!(status, 204);
    let ping = json!({ "jsonrpc": "2.0", "id": 3, "method": "ping" });
    assert_eq!(document(session.post(&ping)).await.0, 404);
    assert_eq!(document(session.request(Method::DELETE)).await.0, 404);
    assert_eq!(server.endpoint.session_count(), 0);
}

#[tokio::test]
async fn versions_are_negotiated() {
    let server = Server::start().await;
    for (asked, given) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let session = server.initialize(asked, json!({})).await;
        assert_eq!(session.answer["result"]["protocolVersion"], given, "{asked}");
    }
}

#[tokio::test]
async fn results_keep_the_shape_that_old_clients_know() {
    let server = Server::start().await;
    let session = server.initialize("2025-06-18", json!({})).await;
    for (method, params) in [
        ("tools/list", json!({})),
        ("tools/call", call("echo")),
        ("resources/read", json!({ "uri": "test://one" })),
    ] {
        let answer = session.ask(1, method, params).await;
        for field in ["resultType", "ttlMs", "cacheScope", "_meta"] {
            assert!(answer["result"].get(field).is_none(), "{method} {answer}");
        }
    }
}

#[tokio::test]
async fn requests_outside_a_session_are_refused() {
    let server = Server::start().await;
    let ping = json!({ "jsonrpc": "2.0", "id": 5, "method": "ping" });
    let bare = document(server.post(&ping)).await;
    assert_eq!((bare.0, &bare.1["id"]), (400, &json!(5)));
    let unknown = document(server.post(&ping).header("mcp-session-id", "nonsense")).await;
    assert_eq!((unknown.0, &unknown.1["id"]), (404, &json!(5)));
    let session = server.initialize("2025-11-25", json!({})).await;
    let wrong = document(session.post(&ping).header("mcp-protocol-version", "nonsense")).await;
    assert_eq!(wrong.0, 400);
}

#[tokio::test]
async fn refusals_keep_http_200_and_the_old_codes() {
    let server = Server::start().await;
    let session = server.initialize("2025-11-25", json!({})).await;
    for (method, params, code) in [
        ("unknown/method", json!({}), -32601),
        ("prompts/list", json!({}), -32601),
        ("subscriptions/listen", json!({ "notifications": {} }), -32601),
        ("tools/call", call("nothing"), -32602),
        ("resources/read", json!({ "uri": "test://none" }), -32002),
        ("resources/subscribe", json!({ "uri": "test://none" }), -32002),
        ("logging/setLevel", json!({ "level": "loud" }), -32602),
    ] {
        let answer = session.ask(1, method, params).await;
        assert_eq!(answer["error"]["code"], code, "{method} {answer}");
    }
}

#[tokio::test]
async fn initialize_needs_its_parameters() {
    let server = Server::start().await;
    for params in [json!({ "protocolVersion": "2025-11-25" }), json!({})] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
        let (_, answer) = document(server.post(&body)).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    assert_eq!(server.endpoint.session_count(), 0);
}

#[tokio::test]
async fn a_batch_is_answered_as_one_in_the_revision_that_has_batches() {
    let server = Server::start().await;
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "ping" },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        { "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call("progress") },
        { "jsonrpc": "2.0", "id": 3, "method": "initialize", "params": {} },
        { "id": 4 },
    ]);
    let session = server.initialize("2025-03-26", json!({})).await;
    let (status, answers) = document(session.post(&batch)).await;
    assert_eq!(status, 200);
    let ids: Vec<&Value> = answers.as_array().unwrap().iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [1, 2, 3, 4].map(|id| json!(id)).iter().collect::<Vec<_>>());
    assert_eq!(text(&answers[1]), "done");
    assert!(answers[2]["error"].is_object() && answers[3]["error"].is_object());

    let quiet = json!([{ "jsonrpc": "2.0", "method": "notifications/initialized" }]);
    assert_eq!(document(session.post(&quiet)).await.0, 202);

    let newer = server.initialize("2025-06-18", json!({})).await;
    let (status, answer) = document(newer.post(&batch)).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32600)));
}

#[tokio::test]
async fn changes_reach_the_sessions_own_stream() {
    let server = Server::start().await;
    let session = server.initialize("2025-11-25", json!({})).await;
    let mut stream = Events::of(session.request(Method::GET).send().await.unwrap());
    assert!(stream.next().await.unwrap().id.is_some(), "a first event to resume from");
    let subscribed = session.ask(1, "resources/subscribe", json!({ "uri": "test://one" })).await;
    assert_eq!(subscribed["result"], json!({}));

    server.backend.change(Change::Resource("test://other".into()));
    server.backend.change(Change::Tools);
    server.backend.change(Change::Resource("test://one".into()));
    assert_eq!(stream.message().await.unwrap()["method"], "notifications/tools/list_changed");
    let update = stream.message().await.unwrap();
    assert_eq!(update["method"], "notifications/resources/updated");
    assert_eq!(update["params"]["uri"], "test://one");
}

#[tokio::test]
async fn the_log_level_is_the_sessions() {
    let server = Server::start().await;
    let session = server.initialize("2025-11-25", json!({})).await;
    for (level, logged) in [(None, 1), (Some("debug"), 2), (Some("critical"), 0)] {
        if let Some(level) = level {
            session.ask(1, "logging/setLevel", json!({ "level": level })).await;
        }
        let all = messages(session.send(2, "tools/call", call("log")).await).await;
        let logs =
            all.iter().filter(|message| message["method"] == "notifications/message").count();
        assert_eq!(logs, logged, "{level:?}");
    }
}
