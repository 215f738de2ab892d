//! `pilothouse serve` and clients of it that speak Streamable HTTP with sessions.

use std::{
    io::{BufRead, BufReader},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
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

pub(crate) struct Served {
    running: Running,
    url: String,
    client: Client,
    _home: tempfile::TempDir,
}

impl Served {
    /// Starts a server with its own data and one group to look at.
    pub(crate) async fn start(program: &Program) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let directory = home.path().to_str().context("the temporary directory is not UTF-8")?;
        let environment = [
            ("HOME", directory),
            ("PILOTHOUSE_LOG", "error"),
            ("PILOTHOUSE_AUTO_APPROVE", "all"),
            ("PILOTHOUSE_CALLS_PER_SECOND", "1000000"),
        ];
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", directory];
        let mut running = program.start(&arguments, &environment)?;
        let notes = running.child.stderr.take().context("no standard error")?;
        let url = read_url(BufReader::new(notes))?;
        let token = std::fs::read_to_string(home.path().join("admin.token"))?;
        let client = Client::builder().default_headers(headers(token.trim())?).build()?;
        let served = Self { running, url: format!("{url}/mcp"), client, _home: home };
        let session = served.open_session().await?;
        let group = json!({"resource_type": "tharsis.group", "body": {"name": "bench"}});
        served.call(&session, "infra_create", &group).await?;
        Ok(served)
    }

    pub(crate) async fn open_sessions(&self, count: usize) -> Result<Vec<String>> {
        try_join_all((0..count).map(|_| self.open_session())).await
    }

    pub(crate) fn resident_megabytes(&self) -> Result<f64> {
        self.running.resident_megabytes()
    }

    /// The server's CPU time for one call, while all `sessions` call at the same time.
    pub(crate) async fn cpu_per_call(&self, sessions: &[String], calls: usize) -> Result<Duration> {
        // Warm connections, caches and pools first.
        try_join_all(sessions.iter().map(|session| self.get(session, 20))).await?;
        let before = self.running.cpu()?;
        try_join_all(sessions.iter().map(|session| self.get(session, calls))).await?;
        let spent = self.running.cpu()?.saturating_sub(before);
        let count = u32::try_from(sessions.len() * calls)?;
        Ok(spent / count)
    }

    async fn get(&self, session: &str, calls: usize) -> Result<()> {
        let arguments = json!({"resource_type": "tharsis.group", "id": GROUP});
        for _ in 0..calls {
            self.call(session, "infra_get", &arguments).await?;
        }
        Ok(())
    }

    async fn open_session(&self) -> Result<String> {
        let message = request("initialize", &initialize());
        let response = self.client.post(&self.url).json(&message).send().await?;
        let response = response.error_for_status()?;
        let session = response.headers().get(SESSION).context("no session")?.to_str()?.to_owned();
        response.bytes().await?;
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        self.post(&session, &initialized).await?;
        Ok(session)
    }

    async fn call(&self, session: &str, tool: &str, arguments: &Value) -> Result<()> {
        let message = request("tools/call", &json!({"name": tool, "arguments": arguments}));
        let answer = self.post(session, &message).await?;
        ensure!(answer.contains("\"result\"") && !answer.contains("\"isError\":true"), "{answer}");
        Ok(())
    }

    async fn post(&self, session: &str, message: &Value) -> Result<String> {
        let post = self.client.post(&self.url).header(SESSION, session).json(message);
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
