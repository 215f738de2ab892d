//! `infra_wait` as clients of both eras see it over HTTP: progress while a run is under way, its
//! outcome at the end, and both ways to give up.

use std::time::Duration;

use pilothouse_model::audit::{AuditRecord, Outcome};
use pilothouse_store::AuditFilter;
use pilothouse_testkit::{FakeTerraform, TestApp};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// A run that is being planned for as long as the program pleases.
struct World {
    app: TestApp,
    program: FakeTerraform,
    run: String,
}

impl World {
    async fn start() -> Self {
        let program = FakeTerraform::new();
        let path = program.path();
        let variables = [("PILOTHOUSE_AUTO_APPROVE", "all"), ("PILOTHOUSE_TERRAFORM", &path)];
        let app = TestApp::start(&variables).await;
        let create = |kind: &str, body: Value| json!({ "resource_type": kind, "body": body });
        app.ok("infra_create", create("tharsis.group", json!({ "name": "acme" }))).await;
        let workspace = json!({ "name": "net", "group_id": "trn:group:acme" });
        app.ok("infra_create", create("tharsis.workspace", workspace)).await;
        let workspace_id = "trn:workspace:acme/net";
        let upload = json!({
            "resource_type": "tharsis.configuration_version", "action": "upload",
            "params": { "workspace_id": workspace_id, "files": { "main.tf": "" } },
        });
        let version = app.ok("infra_execute", upload).await;
        let configuration = &version["metadata"]["id"];
        let run =
            json!({ "workspace_id": workspace_id, "configuration_version_id": configuration });
        let run = app.ok("infra_create", create("tharsis.run", run)).await;
        let run = run["metadata"]["id"].as_str().unwrap().to_owned();
        Self { app, program, run }
    }

    fn post(&self, message: &Value) -> RequestBuilder {
        reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .post(self.app.url("/mcp"))
            .bearer_auth(self.app.token())
            .header("accept", "application/json, text/event-stream")
            .json(message)
    }

    fn wait(&self) -> Value {
        json!({
            "name": "infra_wait",
            "arguments": { "resource_type": "tharsis.run", "id": self.run },
            "_meta": { "progressToken": "p" },
        })
    }

    async fn wait_as_modern(&self) -> Response {
        let mut params = self.wait();
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
        let message =
            json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params });
        let request = self
            .post(&message)
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", "infra_wait");
        request.send().await.unwrap()
    }

    /// The id of a new session.
    async fn session(&self) -> String {
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
                             "clientInfo": { "name": "test", "version": "1" } });
        let message =
            json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let response = self.post(&message).send().await.unwrap();
        response.headers()["mcp-session-id"].to_str().unwrap().to_owned()
    }

    async fn wait_as_legacy(&self, session: &str) -> Response {
        let message =
            json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": self.wait() });
        self.post(&message).header("mcp-session-id", session).send().await.unwrap()
    }

    /// The record of the wait, once it has ended.
    async fn record(&self) -> AuditRecord {
        let filter = AuditFilter { tool: Some("infra_wait".into()), ..AuditFilter::default() };
        let written = async {
            loop {
                let store = &self.app.running().product().store;
                if let Some(row) = store.audit_list(&filter).await.unwrap().pop() {
                    return row;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, written).await.expect("the wait ends")
    }

    async fn assert_cancelled(self) {
        let record = self.record().await;
        assert_eq!(record.outcome, Outcome::Cancelled);
        let detail = record.detail.unwrap();
        assert!(detail.contains("cancelled"), "{detail}");
        self.app.stop().await;
    }
}

/// The messages of an event stream as they come.
struct Messages {
    response: Response,
    buffer: String,
}

impl Messages {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        Self { response, buffer: String::new() }
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                let data = block.lines().find_map(|line| line.strip_prefix("data:"));
                if let Some(message) = data.and_then(|data| serde_json::from_str(data).ok()) {
                    return Some(message);
                }
            }
            let chunk = self.response.chunk().await.ok()??;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next report of progress: how far, and the status that it shows.
    async fn progress(&mut self) -> (f64, String) {
        let message = self.next().await.expect("the stream goes on");
        assert_eq!(message["method"], "notifications/progress", "{message}");
        let params = &message["params"];
        assert_eq!((&params["progressToken"], &params["total"]), (&json!("p"), &json!(120.0)));
        let shown = params["message"].as_str().unwrap().to_owned();
        (params["progress"].as_f64().unwrap(), shown)
    }
}

async fn shows_progress_until_the_run_fails(world: World, response: Response) {
    let mut messages = Messages::of(response);
    let mut last = messages.progress().await;
    while last.1 != "planning" {
        let next = messages.progress().await;
        assert!(next.0 > last.0, "{next:?} after {last:?}");
        last = next;
    }
    world.program.fail().await;
    let answer = loop {
        let message = messages.next().await.expect("an answer comes last");
        if message["id"] == 7 {
            break message;
        }
    };
    let content = &answer["result"]["structuredContent"];
    assert_eq!((&content["outcome"], &content["status"]), (&json!("failed"), &json!("errored")));
    assert_eq!(messages.next().await, None);
    assert_eq!(world.record().await.outcome, Outcome::Done);
    world.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_client_sees_progress_and_then_the_outcome() {
    let world = World::start().await;
    let response = world.wait_as_modern().await;
    shows_progress_until_the_run_fails(world, response).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legacy_client_sees_progress_and_then_the_outcome() {
    let world = World::start().await;
    let session = world.session().await;
    let response = world.wait_as_legacy(&session).await;
    shows_progress_until_the_run_fails(world, response).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_client_gives_up_by_closing_the_stream() {
    let world = World::start().await;
    let mut messages = Messages::of(world.wait_as_modern().await);
    messages.progress().await;
    drop(messages);
    world.assert_cancelled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legacy_client_gives_up_by_saying_so() {
    let world = World::start().await;
    let session = world.session().await;
    let mut messages = Messages::of(world.wait_as_legacy(&session).await);
    messages.progress().await;
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
                         "params": { "requestId": 7 } });
    let response = world.post(&cancel).header("mcp-session-id", &session).send().await.unwrap();
    assert_eq!(response.status(), 202);
    world.assert_cancelled().await;
}
