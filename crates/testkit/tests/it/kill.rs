//! `kill -9` of the server at any moment loses no acknowledged write.

use std::{sync::Arc, time::Duration};

use pilothouse_testkit::Program;
use serde_json::{Value, json};
use tokio::sync::mpsc;

const AUTO: [(&str, &str); 1] = [("PILOTHOUSE_AUTO_APPROVE", "all")];
/// Clients that write at the same time, so that the kill meets writes in every stage.
const WRITERS: usize = 4;
const ACKNOWLEDGED_BEFORE_KILL: usize = 12;

/// Where a server is, and what it wants to be shown.
pub(crate) struct Address {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Address {
    pub(crate) fn of(program: &Program) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Self { http, url: program.url.clone(), token: program.token.clone() }
    }

    /// The result of a call that succeeded.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Option<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": tool, "arguments": arguments,
            "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                       "io.modelcontextprotocol/clientCapabilities": {} } } });
        let request = self
            .http
            .post(format!("{}/mcp", self.url))
            .bearer_auth(&self.token)
            .header("accept", "application/json")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", tool);
        let answer: Value = request.json(&body).send().await.ok()?.json().await.ok()?;
        let result = &answer["result"];
        (result["isError"] == false).then(|| result["structuredContent"].clone())
    }
}

/// Creates groups until the server is gone, and reports each that was acknowledged.
async fn write(address: Arc<Address>, writer: usize, acknowledged: mpsc::UnboundedSender<String>) {
    for number in 0_u32.. {
        let name = format!("g{writer}-{number}");
        let create = json!({ "resource_type": "tharsis.group", "body": { "name": name } });
        if address.call("infra_create", create).await.is_none() {
            return;
        }
        acknowledged.send(name).unwrap();
    }
}

#[tokio::test]
async fn an_acknowledged_write_survives() {
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::serve(data.path(), &AUTO);
    let address = Arc::new(Address::of(&program));
    let (sender, mut acknowledged) = mpsc::unbounded_channel();
    for writer in 0..WRITERS {
        tokio::spawn(write(Arc::clone(&address), writer, sender.clone()));
    }
    drop(sender);
    let mut names = Vec::new();
    while let Some(name) = acknowledged.recv().await {
        names.push(name);
        if names.len() == ACKNOWLEDGED_BEFORE_KILL {
            program.kill();
        }
    }
    assert!(names.len() >= ACKNOWLEDGED_BEFORE_KILL, "the server ended by itself: {names:?}");

    let again = Program::serve(data.path(), &AUTO);
    let address = Address::of(&again);
    for name in names {
        let get = json!({ "resource_type": "tharsis.group", "id": format!("trn:group:{name}") });
        let group = address.call("infra_get", get).await;
        assert!(group.is_some(), "{name} was acknowledged and is gone");
    }
}
