//! Asking the user: three ways, one tool.

use serde_json::{Value, json};

use super::server::{Events, Server, call, document, text};

fn accept(ok: &Value) -> Value {
    json!({ "action": "accept", "content": { "ok": ok } })
}

fn can_elicit() -> Value {
    json!({ "elicitation": {} })
}

#[tokio::test]
async fn a_modern_client_is_asked_in_the_result_and_answers_in_the_retry() {
    let server = Server::start().await;
    let ask = server.modern_from("tools/call", call("confirm"), can_elicit());
    let (_, asked) = document(ask).await;
    let result = &asked["result"];
    assert_eq!(result["resultType"], "input_required");
    assert!(result["_meta"]["io.modelcontextprotocol/serverInfo"].is_object());
    let question = &result["inputRequests"]["confirm"];
    assert_eq!(question["method"], "elicitation/create");
    assert_eq!(question["params"]["message"], "Really?");
    let state = result["requestState"].as_str().unwrap();

    for (answer, expected) in [
        (accept(&json!(true)), "accepted true"),
        (json!({ "action": "decline" }), "declined"),
        (json!({ "action": "cancel" }), "cancelled"),
    ] {
        let (_, done) = document(retry(&server, call("confirm"), &answer, Some(state))).await;
        assert_eq!(text(&done), expected);
    }
}

fn retry(
    server: &Server,
    mut params: Value,
    answer: &Value,
    state: Option<&str>,
) -> reqwest::RequestBuilder {
    params["inputResponses"] = json!({ "confirm": answer });
    if let Some(state) = state {
        params["requestState"] = json!(state);
    }
    server.modern_from("tools/call", params, can_elicit())
}

#[tokio::test]
async fn an_answer_counts_only_for_the_question_that_was_asked() {
    let server = Server::start().await;
    let ask = server.modern_from("tools/call", call("confirm"), can_elicit());
    let state = document(ask).await.1["result"]["requestState"].as_str().unwrap().to_owned();
    let yes = accept(&json!(true));

    let tampered = format!("{state}-TAMPERED");
    let (_, refused) = document(retry(&server, call("confirm"), &yes, Some(&tampered))).await;
    assert_eq!(refused["error"]["code"], -32602);

    let other = json!({ "name": "confirm", "arguments": { "target": "production" } });
    let (_, refused) = document(retry(&server, other, &yes, Some(&state))).await;
    assert_eq!(refused["error"]["code"], -32602);

    let (_, again) = document(retry(&server, call("confirm"), &yes, None)).await;
    assert_eq!(again["result"]["resultType"], "input_required", "an answer to no question");

    for misfit in [json!(12345), accept(&json!("yes")), json!({ "action": "perhaps" })] {
        let (_, refused) = document(retry(&server, call("confirm"), &misfit, Some(&state))).await;
        assert_eq!(refused["error"]["code"], -32602, "{misfit}");
    }
}

#[tokio::test]
async fn a_legacy_client_is_asked_on_the_stream_of_its_request() {
    let server = Server::start().await;
    for (answer, expected) in [
        (json!({ "result": accept(&json!(false)) }), "accepted false"),
        (json!({ "result": { "action": "decline" } }), "declined"),
        (json!({ "error": { "code": -32601, "message": "no" } }), "unsupported"),
    ] {
        let session = server.initialize("2025-11-25", can_elicit()).await;
        let mut stream = session.call(9, "tools/call", call("confirm")).await;
        let question = stream.message().await.unwrap();
        assert_eq!(question["method"], "elicitation/create");
        let mut reply = json!({ "jsonrpc": "2.0", "id": question["id"] });
        reply.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        session.notify(reply).await;
        assert_eq!(text(&stream.message().await.unwrap()), expected);
    }
}

#[tokio::test]
async fn concurrent_questions_get_their_own_answers() {
    let server = Server::start().await;
    let session = server.initialize("2025-06-18", can_elicit()).await;
    let mut streams: Vec<Events> = Vec::new();
    for id in [1, 2] {
        streams.push(session.call(id, "tools/call", call("confirm")).await);
    }
    let mut questions = Vec::new();
    for stream in &mut streams {
        questions.push(stream.message().await.unwrap()["id"].clone());
    }
    assert_ne!(questions[0], questions[1]);
    for (question, ok) in questions.iter().zip([true, false]).rev() {
        session
            .notify(json!({ "jsonrpc": "2.0", "id": question, "result": accept(&json!(ok)) }))
            .await;
    }
    assert_eq!(text(&streams[0].message().await.unwrap()), "accepted true");
    assert_eq!(text(&streams[1].message().await.unwrap()), "accepted false");
}

#[tokio::test]
async fn clients_that_cannot_be_asked_are_not() {
    let server = Server::start().await;
    let (_, modern) = document(server.modern("tools/call", call("confirm"))).await;
    assert_eq!(text(&modern), "unsupported");

    for (version, capabilities) in [("2025-11-25", json!({})), ("2025-03-26", can_elicit())] {
        let session = server.initialize(version, capabilities).await;
        let answer = session.ask(1, "tools/call", call("confirm")).await;
        assert_eq!(text(&answer), "unsupported", "{version}");
    }

    let session = server.initialize("2025-11-25", can_elicit()).await;
    let body =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call("confirm") });
    let request =
        server.client.post(server.url()).header("mcp-session-id", &session.id).json(&body);
    let (_, no_stream) = document(request).await;
    assert_eq!(text(&no_stream), "unsupported");
}

#[tokio::test]
async fn a_question_is_taken_back_when_its_request_is_cancelled() {
    let server = Server::start().await;
    let session = server.initialize("2025-11-25", can_elicit()).await;
    let mut stream = session.call(3, "tools/call", call("confirm")).await;
    let question = stream.message().await.unwrap();
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 3 } });
    session.notify(cancel).await;
    let taken_back = stream.message().await.unwrap();
    assert_eq!(taken_back["method"], "notifications/cancelled");
    assert_eq!(taken_back["params"]["requestId"], question["id"]);
    assert_eq!(stream.message().await, None);
}
