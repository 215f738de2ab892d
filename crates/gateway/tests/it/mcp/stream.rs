//! Replies as streams: progress, logs, subscriptions, resumption; and as one document for those
//! who cannot read streams.

use pilothouse_gateway::mcp::Change;
use reqwest::Method;
use serde_json::{Value, json};

use super::server::{BOTH, Events, Server, call, document, text};

fn with_token() -> Value {
    json!({ "name": "progress", "arguments": {}, "_meta": { "progressToken": "p" } })
}

fn progress(messages: &[Value]) -> Vec<f64> {
    let params = messages.iter().filter(|message| message["method"] == "notifications/progress");
    params.map(|message| message["params"]["progress"].as_f64().unwrap()).collect()
}

#[tokio::test]
async fn progress_goes_to_those_who_sent_a_token_and_only_grows() {
    let server = Server::start().await;
    let session = server.initialize("2025-11-25", json!({})).await;
    let legacy = session.call(1, "tools/call", with_token()).await.rest().await;
    let modern = server.modern("tools/call", with_token()).send().await.unwrap();
    for messages in [legacy, Events::of(modern).rest().await] {
        assert_eq!(progress(&messages), [0.0, 1.0, 2.0]);
        assert_eq!(messages[0]["params"]["progressToken"], "p");
        assert_eq!(text(messages.last().unwrap()), "done", "the answer comes last");
    }
    let silent = session.ask(2, "tools/call", call("progress")).await;
    assert_eq!(text(&silent), "done");
}

#[tokio::test]
async fn a_modern_client_gets_logs_only_when_it_asks_in_the_request() {
    let server = Server::start().await;
    let (_, quiet) = document(server.modern("tools/call", call("log"))).await;
    assert_eq!(text(&quiet), "logged");
    let mut params = call("log");
    params["_meta"] = json!({ "io.modelcontextprotocol/logLevel": "error" });
    let messages =
        Events::of(server.modern("tools/call", params).send().await.unwrap()).rest().await;
    assert_eq!(messages.len(), 2);
    assert_eq!(
        messages[0]["params"],
        json!({ "level": "error", "logger": "tool", "data": "trouble" })
    );
}

#[tokio::test]
async fn a_client_that_only_reads_json_gets_json() {
    let server = Server::start().await;
    let session = server.initialize("2025-11-25", json!({})).await;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": with_token() });
    for accept in ["application/json", "*/*"] {
        for request in [session.post(&body), server.modern("tools/call", with_token())] {
            let mut request = request.build().unwrap();
            request.headers_mut().insert("accept", accept.parse().unwrap());
            let response = server.client.execute(request).await.unwrap();
            assert_eq!(response.headers()["content-type"], "application/json", "{accept}");
            assert_eq!(text(&response.json::<Value>().await.unwrap()), "done", "{accept}");
        }
    }
    let unknown = json!({ "jsonrpc": "2.0", "id": 1, "method": "unknown/method" });
    let mut unknown = session.post(&unknown).build().unwrap();
    unknown.headers_mut().insert("accept", "application/json".parse().unwrap());
    let refused = server.client.execute(unknown).await.unwrap();
    assert_eq!(refused.status(), 200, "a 404 would say that the session has ended");

    let html = server.client.post(server.url()).header("accept", "text/html").json(&body);
    assert_eq!(document(html).await.0, 406);
    let listen = server.modern("subscriptions/listen", json!({ "notifications": {} }));
    let mut listen = listen.build().unwrap();
    listen.headers_mut().insert("accept", "application/json".parse().unwrap());
    assert_eq!(server.client.execute(listen).await.unwrap().status(), 406);
}

#[tokio::test]
async fn a_silent_tool_gets_a_stream_to_be_waited_on() {
    let mut server = Server::start().await;
    let response = server.modern("tools/call", call("wait")).send().await.unwrap();
    let stream = Events::of(response);
    assert_eq!(server.report().await, "started");
    server.backend.go_on.notify_one();
    assert_eq!(text(&stream.rest().await[0]), "waited");
}

#[tokio::test]
async fn a_subscription_starts_with_its_terms_and_hears_nothing_else() {
    let server = Server::start().await;
    let wanted = json!({ "toolsListChanged": true, "promptsListChanged": true,
        "resourceSubscriptions": ["test://one", "test://hidden"] });
    let listen = server.modern("subscriptions/listen", json!({ "notifications": wanted }));
    let mut stream = Events::of(listen.send().await.unwrap());
    let terms = stream.message().await.unwrap();
    assert_eq!(terms["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(terms["params"]["notifications"]["toolsListChanged"], true);
    assert!(terms["params"]["notifications"].get("promptsListChanged").is_none(), "not offered");

    // The terms are sent just before the subscription listens.
    while !follows(&server) {
        tokio::task::yield_now().await;
    }
    for change in [
        Change::Resources,
        Change::Resource("test://hidden".into()),
        Change::Resource("test://one".into()),
        Change::Tools,
    ] {
        server.backend.change(change);
    }
    let heard = [stream.message().await.unwrap(), stream.message().await.unwrap()];
    let methods = heard.each_ref().map(|message| message["method"].as_str().unwrap());
    assert_eq!(methods, ["notifications/resources/updated", "notifications/tools/list_changed"]);
    for message in &heard {
        assert_eq!(
            message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"],
            json!(1),
            "{message}"
        );
    }

    server.endpoint.close();
    let end = stream.message().await.unwrap();
    assert_eq!(end["id"], 1, "the server's end is a result: {end}");
    assert_eq!(stream.message().await, None);
}

fn follows(server: &Server) -> bool {
    server.backend.followers() > 0
}

#[tokio::test]
async fn a_lost_stream_is_resumed_where_it_broke() {
    let mut server = Server::start().await;
    let session_id = {
        let session = server.initialize("2025-11-25", json!({})).await;
        let mut stream = session.call(1, "tools/call", call("hang_up")).await;
        let first = stream.next().await.unwrap();
        assert_eq!(first.data, Value::Null, "a first event to resume from");
        assert_eq!(stream.next().await, None, "the server hung up");
        (session.id.clone(), first.id.unwrap())
    };
    assert_eq!(server.report().await, "started");
    let (session, last) = session_id;
    let resume = |last: &str| {
        server
            .request(Method::GET)
            .header("accept", BOTH)
            .header("mcp-session-id", &session)
            .header("last-event-id", last)
    };
    let mut resumed = Events::of(resume(&last).send().await.unwrap());
    server.backend.go_on.notify_one();
    assert_eq!(text(&resumed.message().await.unwrap()), "waited");
    assert_eq!(resumed.next().await, None);

    // The answer can be fetched again, from before it or from after it.
    let again = Events::of(resume(&last).send().await.unwrap()).rest().await;
    assert_eq!(again.len(), 1);
    for unknown in ["99-0", "nonsense", "1-99"] {
        let nothing = Events::of(resume(unknown).send().await.unwrap()).rest().await;
        assert!(nothing.is_empty(), "{unknown}");
    }
}

#[tokio::test]
async fn older_clients_are_not_sent_empty_events() {
    let server = Server::start().await;
    for (version, empty) in [("2025-11-25", 1), ("2025-06-18", 0)] {
        let session = server.initialize(version, json!({})).await;
        let mut stream = session.call(1, "tools/call", with_token()).await;
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            events.push(event);
        }
        assert_eq!(events.iter().filter(|event| event.data.is_null()).count(), empty, "{version}");
        assert!(events.iter().all(|event| event.id.is_some()), "{version}");
    }
}
