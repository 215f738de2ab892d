//! A server on a port of its own, and the two kinds of client.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Extension;
use pilothouse_gateway::mcp::{
    Endpoint, Settings,
    http::{Access, router},
    serve::{ServeLimits, serve},
};
use pilothouse_model::{Caller, Principal};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::backend::TestBackend;

pub(crate) const BOTH: &str = "application/json, text/event-stream";

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) backend: Arc<TestBackend>,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) reports: mpsc::UnboundedReceiver<String>,
    pub(crate) client: Client,
    pub(crate) serving: JoinHandle<()>,
    pub(crate) shutdown: DropGuard,
}

/// Settings in which nothing takes long.
pub(crate) fn brisk() -> Settings {
    Settings { silence: Duration::from_millis(50), ..Settings::default() }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(brisk(), ServeLimits::default()).await
    }

    pub(crate) async fn with(settings: Settings, limits: ServeLimits) -> Self {
        let (backend, reports) = TestBackend::new();
        let backend = Arc::new(backend);
        let endpoint = Endpoint::new(Arc::clone(&backend) as _, settings);
        let router = Access::default().around(router("/mcp", Arc::clone(&endpoint)));
        let router = router.layer(Extension(Caller::new(Principal::local_user("ann"))));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = CancellationToken::new();
        let shutdown = token.clone().drop_guard();
        let serving = tokio::spawn(serve(listener, router, limits, token));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { address, backend, endpoint, reports, client, serving, shutdown }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    pub(crate) fn request(&self, method: Method) -> RequestBuilder {
        self.client.request(method, self.url()).header("accept", BOTH)
    }

    pub(crate) fn post(&self, body: &Value) -> RequestBuilder {
        self.request(Method::POST).json(body)
    }

    /// A complete modern request.
    pub(crate) fn modern(&self, method: &str, params: Value) -> RequestBuilder {
        self.modern_from(method, params, json!({}))
    }

    /// A modern request of a client that declares `capabilities`.
    pub(crate) fn modern_from(
        &self,
        method: &str,
        mut params: Value,
        capabilities: Value,
    ) -> RequestBuilder {
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
        let name = params.get("name").or(params.get("uri")).and_then(Value::as_str);
        let mut request = self
            .post(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        request
    }

    pub(crate) async fn initialize(&self, version: &str, capabilities: Value) -> Session<'_> {
        let params = json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "clientInfo": { "name": "test", "version": "1" },
        });
        let body = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let response = self.post(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let id = response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        let answer = response.json().await.unwrap();
        Session { server: self, id, answer }
    }

    pub(crate) async fn report(&mut self) -> String {
        self.reports.recv().await.unwrap()
    }
}

/// A legacy client.
pub(crate) struct Session<'a> {
    pub(crate) server: &'a Server,
    pub(crate) id: String,
    /// The answer to `initialize`.
    pub(crate) answer: Value,
}

impl Session<'_> {
    pub(crate) fn request(&self, method: Method) -> RequestBuilder {
        self.server.request(method).header("mcp-session-id", &self.id)
    }

    pub(crate) fn post(&self, body: &Value) -> RequestBuilder {
        self.request(Method::POST).json(body)
    }

    pub(crate) async fn send(&self, id: i64, method: &str, params: Value) -> Response {
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.post(&body).send().await.unwrap()
    }

    /// A request that is answered with a stream.
    pub(crate) async fn call(&self, id: i64, method: &str, params: Value) -> Events {
        Events::of(self.send(id, method, params).await)
    }

    /// A request that is answered at once.
    pub(crate) async fn ask(&self, id: i64, method: &str, params: Value) -> Value {
        let response = self.send(id, method, params).await;
        let kind = &response.headers()["content-type"];
        assert_eq!(
            (response.status(), kind.as_bytes()),
            (StatusCode::OK, &b"application/json"[..])
        );
        response.json().await.unwrap()
    }

    pub(crate) async fn notify(&self, message: Value) {
        let response = self.post(&message).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED, "{message}");
    }
}

/// The status and JSON body of a reply.
pub(crate) async fn document(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

/// The server-sent events of a reply.
pub(crate) struct Events {
    pub(crate) response: Response,
    buffer: String,
}

impl Events {
    pub(crate) fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { response, buffer: String::new() }
    }

    /// The next event with data or an id; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                if let Some(event) = event(&block) {
                    return Some(event);
                }
            }
            let chunk = self.response.chunk().await.ok()??;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next message, skipping events without one.
    pub(crate) async fn message(&mut self) -> Option<Value> {
        while let Some(event) = self.next().await {
            if !event.data.is_null() {
                return Some(event.data);
            }
        }
        None
    }

    pub(crate) async fn rest(mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while let Some(message) = self.message().await {
            all.push(message);
        }
        all
    }
}

/// All that a reply says, as a stream or at once.
pub(crate) async fn messages(response: Response) -> Vec<Value> {
    if response.headers()["content-type"] == "application/json" {
        return vec![response.json().await.unwrap()];
    }
    Events::of(response).rest().await
}

fn event(block: &str) -> Option<Event> {
    let field = |name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).map(str::to_owned)
    };
    let data = field("data:")?;
    Some(Event { id: field("id:"), data: serde_json::from_str(&data).unwrap_or(Value::Null) })
}

/// The text of a tool's answer.
pub(crate) fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"))
}

pub(crate) fn call(name: &str) -> Value {
    json!({ "name": name, "arguments": {} })
}
