//! The product, started in this process on a free port with its data in a temporary directory.

use std::{path::PathBuf, time::Duration};

use pilothouse_app::{
    config::{Arguments, Config, Flag},
    environment::Environment,
    place::{Places, System},
    serve::{self, Running},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A running product and an MCP client of the modern era that speaks plain JSON.
pub struct TestApp {
    running: Running,
    token: String,
    http: reqwest::Client,
    data: TempDir,
}

/// The answer to one request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl TestApp {
    /// Starts with the given environment variables and no others.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        Self::start_in(data, variables).await
    }

    async fn start_in(data: TempDir, variables: &[(&str, &str)]) -> Self {
        let config = config(&data, variables);
        let running = serve::start(config).await.expect("the product starts");
        let token = running.token().expect("the token can be read");
        let http = reqwest::Client::builder()
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client without options");
        Self { running, token, http, data }
    }

    pub fn running(&self) -> &Running {
        &self.running
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// Speaks with another credential from now on.
    pub fn sign_in(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url)
    }

    pub fn data(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// A JSON-RPC request to the endpoint at `path`, by a client that cannot show questions.
    pub async fn rpc(&self, path: &str, method: &str, params: Value) -> Answer {
        self.send(path, method, params, json!({})).await
    }

    /// A tool call that must not be a protocol error; gives the `result`.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.call_on("/mcp", tool, arguments).await
    }

    pub async fn call_on(&self, path: &str, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = self.rpc(path, "tools/call", params).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        assert!(answer.body.get("error").is_none(), "{:#}", answer.body);
        answer.body["result"].clone()
    }

    /// A tool call that must succeed; gives its structured content.
    pub async fn ok(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_ne!(result["isError"], true, "{result:#}");
        result["structuredContent"].clone()
    }

    /// A tool call that must fail; gives the message that people and models read.
    pub async fn refused(&self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result:#}");
        result["content"][0]["text"].as_str().expect("an error has a text").to_owned()
    }

    /// As [`TestApp::rpc`], by a client with these capabilities.
    pub async fn send(
        &self,
        path: &str,
        method: &str,
        params: Value,
        capabilities: Value,
    ) -> Answer {
        self.send_as(&self.token, path, method, params, capabilities).await
    }

    /// As [`TestApp::rpc`], with another credential for this request.
    pub async fn rpc_as(&self, token: &str, path: &str, method: &str, params: Value) -> Answer {
        self.send_as(token, path, method, params, json!({})).await
    }

    async fn send_as(
        &self,
        token: &str,
        path: &str,
        method: &str,
        params: Value,
        capabilities: Value,
    ) -> Answer {
        let mut params = params;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        });
        let name = params.get("name").or_else(|| params.get("uri"));
        let name = name.and_then(Value::as_str).map(str::to_owned);
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut request = self
            .http
            .post(self.url(path))
            .bearer_auth(token)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        let response = request.json(&message).send().await.expect("the product answers");
        let status = response.status().as_u16();
        let stream = response
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let text = response.text().await.expect("the answer ends");
        let json = if stream { last_event(&text) } else { text };
        let body = serde_json::from_str(&json).unwrap_or(Value::String(json));
        Answer { status, body }
    }

    /// Stops it in an orderly way.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// Configuration in `data` with these variables only.
fn config(data: &TempDir, variables: &[(&str, &str)]) -> Config {
    let environment: Environment = variables.iter().copied().collect();
    let places = Places { system: System::current(), environment: &environment };
    let flags = vec![Flag::data(data.path()), Flag::listen("127.0.0.1:0")];
    let arguments = Arguments { file: None, flags };
    match Config::load(&arguments, &places) {
        Ok(config) => config,
        Err(problems) => panic!("{problems}"),
    }
}

/// The data of the last event that carries any: the response comes after all notifications.
fn last_event(stream: &str) -> String {
    let mut data = stream.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    data.rfind(|data| !data.is_empty()).unwrap_or_default().to_owned()
}
