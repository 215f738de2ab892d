//! One message per line, both eras on one connection.

use std::sync::Arc;

use pilothouse_gateway::mcp::{Endpoint, Limits, Settings, stdio};
use pilothouse_model::{Caller, Principal};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    backend::TestBackend,
    server::{brisk, call, text},
};

struct Pipe {
    input: DuplexStream,
    output: Lines<BufReader<DuplexStream>>,
    backend: Arc<TestBackend>,
    reports: mpsc::UnboundedReceiver<String>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Pipe {
    fn open() -> Self {
        let (backend, reports) = TestBackend::new();
        let backend = Arc::new(backend);
        let limits = Limits { message_bytes: 2000, ..Limits::default() };
        let endpoint = Endpoint::new(Arc::clone(&backend) as _, Settings { limits, ..brisk() });
        let (input, server_input) = tokio::io::duplex(64 * 1024);
        let (server_output, output) = tokio::io::duplex(64 * 1024);
        let owner = Caller::new(Principal::local_user("ann"));
        let serving = tokio::spawn(stdio::serve(
            endpoint,
            owner,
            server_input,
            server_output,
            CancellationToken::new(),
        ));
        Self { input, output: BufReader::new(output).lines(), backend, reports, serving }
    }

    async fn write(&mut self, line: &str) {
        self.input.write_all(line.as_bytes()).await.unwrap();
        self.input.write_all(b"\n").await.unwrap();
    }

    async fn send(&mut self, message: &Value) {
        self.write(&message.to_string()).await;
    }

    async fn receive(&mut self) -> Value {
        serde_json::from_str(&self.output.next_line().await.unwrap().unwrap()).unwrap()
    }

    async fn ask(&mut self, id: i64, method: &str, params: Value) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        self.receive().await
    }

    async fn initialize(&mut self, version: &str, capabilities: Value) -> Value {
        let info = json!({ "name": "test", "version": "1" });
        let params =
            json!({ "protocolVersion": version, "capabilities": capabilities, "clientInfo": info });
        self.ask(0, "initialize", params).await
    }
}

fn modern(mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": {} });
    params
}

#[tokio::test]
async fn both_eras_share_one_connection() {
    let mut pipe = Pipe::open();
    let discovered = pipe.ask(1, "server/discover", modern(json!({}))).await;
    assert_eq!(discovered["result"]["instructions"], "Be careful.");
    let answer = pipe.ask(2, "tools/call", modern(call("who"))).await;
    assert_eq!(text(&answer), "user:ann Modern");

    let initialized = pipe.initialize("2025-06-18", json!({})).await;
    assert_eq!(initialized["result"]["protocolVersion"], "2025-06-18");
    pipe.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
    let answer = pipe.ask(3, "tools/call", call("who")).await;
    assert_eq!(text(&answer), "user:ann Legacy");
    let answer = pipe.ask(4, "tools/call", modern(call("who"))).await;
    assert_eq!(text(&answer), "user:ann Modern");
}

#[tokio::test]
async fn garbage_gets_an_error_and_the_connection_goes_on() {
    let mut pipe = Pipe::open();
    for (line, code) in [
        ("nonsense".to_owned(), -32700),
        ("{\"jsonrpc\":".to_owned(), -32700),
        ("{}".to_owned(), -32600),
        ("[]".to_owned(), -32600),
        ("\u{feff}{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}".to_owned(), -32600),
        (format!("{}{}", "[".repeat(100), "]".repeat(100)), -32600),
        ("x".repeat(5000), 413),
        (json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string(), -32602),
        (
            json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {} }).to_string(),
            -32602,
        ),
    ] {
        pipe.write(&line).await;
        assert_eq!(pipe.receive().await["error"]["code"], code, "{line:.30}");
    }
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    pipe.write(&format!(r#"{{"jsonrpc":"2.0","method":"tools/call","params":{deep},"id":7}}"#))
        .await;
    let refused = pipe.receive().await;
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(7), &json!(-32600)));
    pipe.send(&json!({ "jsonrpc": "2.0", "method": "notifications/surprise" })).await;
    pipe.send(&json!({ "jsonrpc": "2.0", "id": 9, "result": {} })).await;
    assert_eq!(pipe.ask(1, "ping", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn a_legacy_client_is_asked_and_a_modern_one_gets_the_question() {
    let mut pipe = Pipe::open();
    pipe.initialize("2025-11-25", json!({ "elicitation": {} })).await;
    let question = pipe.ask(1, "tools/call", call("confirm")).await;
    assert_eq!(question["method"], "elicitation/create");
    let answer = json!({ "action": "accept", "content": { "ok": true } });
    pipe.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": answer })).await;
    assert_eq!(text(&pipe.receive().await), "accepted true");

    let question = pipe.ask(2, "tools/call", modern(call("confirm"))).await;
    let mut retry = modern(call("confirm"));
    retry["requestState"] = question["result"]["requestState"].clone();
    retry["inputResponses"] = json!({ "confirm": answer });
    assert_eq!(text(&pipe.ask(3, "tools/call", retry).await), "accepted true");
}

#[tokio::test]
async fn either_era_cancels_by_saying_so() {
    let mut pipe = Pipe::open();
    pipe.initialize("2025-11-25", json!({})).await;
    for (id, params) in [(1, call("wait")), (2, modern(call("wait")))] {
        pipe.send(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }))
            .await;
        assert_eq!(pipe.reports.recv().await.unwrap(), "started");
        let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
        pipe.send(&cancelled).await;
        assert_eq!(pipe.reports.recv().await.unwrap(), "cancelled");
        assert_eq!(pipe.ask(9, "ping", json!({})).await["id"], 9, "and gets no answer");
    }
}

#[tokio::test]
async fn batches_are_for_the_revision_that_has_them() {
    let mut pipe = Pipe::open();
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "ping" },
        { "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call("echo") },
    ]);
    for (version, accepted) in [("2025-03-26", true), ("2025-11-25", false)] {
        pipe.initialize(version, json!({})).await;
        pipe.send(&batch).await;
        let answer = pipe.receive().await;
        assert_eq!(answer.as_array().map(Vec::len), accepted.then_some(2), "{version} {answer}");
    }
}

#[tokio::test]
async fn the_end_of_input_ends_the_server_after_its_answers() {
    let Pipe { mut input, mut output, backend, mut reports, serving } = Pipe::open();
    let initialize = modern(json!({ "name": "wait", "arguments": {} }));
    let request =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": initialize });
    input.write_all(request.to_string().as_bytes()).await.unwrap();
    drop(input);
    assert_eq!(reports.recv().await.unwrap(), "started", "a last line needs no end");
    backend.go_on.notify_one();
    let answer: Value = serde_json::from_str(&output.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(text(&answer), "waited");
    assert_eq!(output.next_line().await.unwrap(), None);
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_stops_reading_ends_the_server() {
    let Pipe { mut input, output, serving, .. } = Pipe::open();
    drop(output);
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    input.write_all(format!("{ping}\n").as_bytes()).await.unwrap();
    assert!(serving.await.unwrap().is_err(), "the output is broken");
}
