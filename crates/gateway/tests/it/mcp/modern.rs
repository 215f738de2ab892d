//! 2026-07-28: requests that stand alone.

use serde_json::{Value, json};

use super::server::{Server, call, document, text};

#[tokio::test]
async fn every_result_names_the_server_and_lists_say_how_long_they_last() {
    let server = Server::start().await;
    for (method, params, cached) in [
        ("server/discover", json!({}), true),
        ("tools/list", json!({}), true),
        ("resources/list", json!({}), true),
        ("resources/templates/list", json!({}), true),
        ("resources/read", json!({ "uri": "test://one" }), true),
        ("tools/call", call("echo"), false),
    ] {
        let (status, body) = document(server.modern(method, params)).await;
        let result = &body["result"];
        let info = &result["_meta"]["io.modelcontextprotocol/serverInfo"];
        assert_eq!(status, 200, "{method} {body}");
        assert_eq!(
            (info["name"].as_str(), info["version"].as_str()),
            (Some("test"), Some("1.2.3")),
            "{method}"
        );
        assert_eq!(result["resultType"], "complete", "{method}");
        assert_eq!(result["ttlMs"].is_u64(), cached, "{method} {body}");
        assert_eq!(result["cacheScope"] == "private", cached, "{method} {body}");
    }
}

#[tokio::test]
async fn discover_says_what_is_served() {
    let server = Server::start().await;
    let (_, body) = document(server.modern("server/discover", json!({}))).await;
    let result = &body["result"];
    assert_eq!(result["instructions"], "Be careful.");
    assert_eq!(result["capabilities"]["tools"], json!({ "listChanged": true }));
    assert_eq!(
        result["capabilities"]["resources"],
        json!({ "subscribe": true, "listChanged": true })
    );
    assert!(result["capabilities"].get("prompts").is_none());
    assert!(result["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")));
}

#[tokio::test]
async fn a_request_must_say_what_it_is() {
    let server = Server::start().await;
    let version = "io.modelcontextprotocol/protocolVersion";
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    for (case, meta, header, code) in [
        ("no meta", json!({}), "2026-07-28", -32602),
        ("no version", json!({ capabilities: {} }), "2026-07-28", -32602),
        ("no capabilities", json!({ version: "2026-07-28" }), "2026-07-28", -32602),
        (
            "garbled capabilities",
            json!({ version: "2026-07-28", capabilities: 7 }),
            "2026-07-28",
            -32602,
        ),
        ("versions differ", json!({ version: "v9", capabilities: {} }), "2026-07-28", -32020),
        ("unknown version", json!({ version: "v9", capabilities: {} }), "v9", -32022),
    ] {
        let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "server/discover", "params": { "_meta": meta } });
        let request = server
            .post(&body)
            .header("mcp-protocol-version", header)
            .header("mcp-method", "server/discover");
        let (status, answer) = document(request).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(code)), "{case} {answer}");
        assert_eq!(answer["id"], 7, "{case}");
        if code == -32022 {
            assert_eq!(answer["error"]["data"]["requested"], "v9");
            assert!(answer["error"]["data"]["supported"].is_array());
        }
    }
}

#[tokio::test]
async fn headers_must_agree_with_the_body() {
    let server = Server::start().await;
    for (name, value) in
        [("mcp-method", "tools/list"), ("mcp-name", "who"), ("mcp-protocol-version", "2025-11-25")]
    {
        let mut request = server.modern("tools/call", call("echo")).build().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        let response = server.client.execute(request).await.unwrap();
        assert_eq!(response.status(), 400, "{name}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["error"]["code"], -32020, "{name}");
    }
}

#[tokio::test]
async fn what_is_not_served_is_not_found() {
    let server = Server::start().await;
    for method in [
        "unknown/method",
        "prompts/list",
        "prompts/get",
        "completion/complete",
        "ping",
        "initialize",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
    ] {
        let params = json!({ "name": "x", "level": "info", "uri": "test://one" });
        let (status, answer) = document(server.modern(method, params)).await;
        assert_eq!((status, &answer["error"]["code"]), (404, &json!(-32601)), "{method} {answer}");
    }
}

#[tokio::test]
async fn refusals_have_the_code_that_clients_expect() {
    let server = Server::start().await;
    for (method, params, code, says) in [
        ("tools/call", call("nothing"), -32602, "unknown tool"),
        ("tools/call", json!({ "name": "echo", "arguments": [1] }), -32602, "do not fit"),
        ("tools/call", json!({ "arguments": {} }), -32602, "name"),
        ("tools/list", json!({ "cursor": "!" }), -32602, "cursor"),
        ("resources/read", json!({ "uri": "test://none" }), -32602, "not found"),
        ("tools/call", call("fail"), -32603, "internal"),
        ("tools/call", call("break"), -32603, "unexpectedly"),
    ] {
        let (status, answer) = document(server.modern(method, params)).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!((status, &answer["error"]["code"]), (200, &json!(code)), "{method} {answer}");
        assert!(message.contains(says), "{answer}");
        assert!(!answer.to_string().contains("secret"), "{answer}");
    }
}

#[tokio::test]
async fn a_cursor_that_is_no_text_is_not_taken_for_none() {
    let server = Server::start().await;
    let (status, answer) = document(server.modern("tools/list", json!({ "cursor": 7 }))).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32602)));
}

#[tokio::test]
async fn the_caller_reaches_the_backend() {
    let server = Server::start().await;
    let (_, answer) = document(server.modern("tools/call", call("who"))).await;
    assert_eq!(text(&answer), "user:ann Modern");
}

#[tokio::test]
async fn there_is_nothing_to_get_or_delete() {
    let server = Server::start().await;
    let get = server.request(reqwest::Method::GET).header("mcp-protocol-version", "2026-07-28");
    assert_eq!(document(get).await.0, 405);
    let (status, _) = document(server.request(reqwest::Method::PUT)).await;
    assert_eq!(status, 405);
}
