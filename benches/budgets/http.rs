//! `pilothouse serve` and clients of it that speak Streamable HTTP with sessions.

use std::{
    io::{BufRead, BufReader},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
use pilothouse_app::practice;
use reqwest::{Client, header};
use serde_json::{Value, json};

use crate::process::{Program, Running};

const SESSION: &str = "mcp-session-id";
const GROUP: &str = "trn:group:bench";

/// What a client of the 2025-11-25 version says first.
pub(crate) fn initialize() -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "budgets", "version": "1"},
    })
}

/// A call that is made again and again.
pub(crate) struct Probe {
    /// Of the endpoint.
    pub path: &'static str,
    pub tool: &'static str,
    pub arguments: Value,
}

/// A group of the embedded platform.
pub(crate) fn group() -> Probe {
    let arguments = json!({"resource_type": "tharsis.group", "id": GROUP});
    Probe { path: "/mcp", tool: "infra_get", arguments }
}

/// A pipeline of Harness, over the network.
pub(crate) fn pipeline() -> Probe {
    let arguments = json!({"resource_type": "pipeline", "resource_id": "deploy_shop"});
    Probe { path: "/mcp/harness", tool: "harness_get", arguments }
}

/// A session of one endpoint.
pub(crate) struct Session {
    id: String,
    url: String,
}

pub(crate) struct Served {
    running: Running,
    /// Of the server, without a path.
    url: String,
    client: Client,
    _home: tempfile::TempDir,
    _harness: practice::Server,
}

impl Served {
    /// Starts a server with its own data and one group to look at.
    pub(crate) async fn start(program: &Program) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let directory = home.path().to_str().context("the temporary directory is not UTF-8")?;
        let harness = practice::Server::start().await?;
        let environment = [
            ("HARNESS_API_KEY", practice::API_KEY),
            ("HARNESS_BASE_URL", &harness.url),
            ("HARNESS_ALLOW_HTTP", "true"),
            ("HARNESS_ORG", practice::ORG),
            ("HARNESS_PROJECT", practice::PROJECT),
            ("HARNESS_RATE_LIMIT_RPS", "1000000"),
            ("HOME", directory),
            // Quiet, but for the line with the address.
            ("PILOTHOUSE_LOG", "error,pilothouse_app::notice=info"),
            ("PILOTHOUSE_AUTO_APPROVE", "all"),
            ("PILOTHOUSE_CALLS_PER_SECOND", "1000000"),
            ("PILOTHOUSE_REQUESTS_PER_MINUTE", "1000000000"),
        ];
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", directory];
        let mut running = program.start(&arguments, &environment)?;
        let notes = running.child.stderr.take().context("no standard error")?;
        let url = read_url(BufReader::new(notes))?;
        let token = std::fs::read_to_string(home.path().join("admin.token"))?;
        let client = Client::builder().default_headers(headers(token.trim())?).build()?;
        let served = Self { running, url, client, _home: home, _harness: harness };
        let session = served.open_session("/mcp").await?;
        let group = json!({"resource_type": "tharsis.group", "body": {"name": "bench"}});
        served.call(&session, "infra_create", &group).await?;
        Ok(served)
    }

    pub(crate) async fn open_sessions(&self, path: &str, count: usize) -> Result<Vec<Session>> {
        try_join_all((0..count).map(|_| self.open_session(path))).await
    }

    pub(crate) fn resident_megabytes(&self) -> Result<f64> {
        self.running.resident_megabytes()
    }

    /// The server's CPU time for one call, while all `sessions` call at the same time.
    pub(crate) async fn cpu_per_call(
        &self,
        probe: &Probe,
        sessions: &[Session],
        calls: usize,
    ) -> Result<Duration> {
        // Warm connections, caches and pools first.
        try_join_all(sessions.iter().map(|session| self.get(probe, session, 20))).await?;
        let before = self.running.cpu()?;
        try_join_all(sessions.iter().map(|session| self.get(probe, session, calls))).await?;
        let spent = self.running.cpu()?.saturating_sub(before);
        let count = u32::try_from(sessions.len() * calls)?;
        Ok(spent / count)
    }

    async fn get(&self, probe: &Probe, session: &Session, calls: usize) -> Result<()> {
        for _ in 0..calls {
            self.call(session, probe.tool, &probe.arguments).await?;
        }
        Ok(())
    }

    async fn open_session(&self, path: &str) -> Result<Session> {
        let url = format!("{}{path}", self.url);
        let message = request("initialize", &initialize());
        let response = self.client.post(&url).json(&message).send().await?;
        let response = response.error_for_status()?;
        let id = response.headers().get(SESSION).context("no session")?.to_str()?.to_owned();
        response.bytes().await?;
        let session = Session { id, url };
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        self.post(&session, &initialized).await?;
        Ok(session)
    }

    async fn call(&self, session: &Session, tool: &str, arguments: &Value) -> Result<()> {
        let message = request("tools/call", &json!({"name": tool, "arguments": arguments}));
        let answer = self.post(session, &message).await?;
        ensure!(answer.contains("\"result\"") && !answer.contains("\"isError\":true"), "{answer}");
        Ok(())
    }

    async fn post(&self, session: &Session, message: &Value) -> Result<String> {
        let post = self.client.post(&session.url).header(SESSION, &session.id).json(message);
        Ok(post.send().await?.error_for_status()?.text().await?)
    }
}

fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

fn headers(token: &str) -> Result<header::HeaderMap> {
    let accept = header::HeaderValue::from_static("application/json, text/event-stream");
    let bearer = header::HeaderValue::try_from(format!("Bearer {token}"))?;
    Ok([(header::ACCEPT, accept), (header::AUTHORIZATION, bearer)].into_iter().collect())
}

/// The address that `serve` prints when it is ready.
fn read_url(output: impl BufRead) -> Result<String> {
    for line in output.lines() {
        if let Some((_, rest)) = line?.split_once("http://127.0.0.1:") {
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return Ok(format!("http://127.0.0.1:{port}"));
        }
    }
    bail!("serve ended without printing its address")
}
