//! Our tools over a Harness that writes down what it is asked and answers everything the same.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::Request,
    http::{StatusCode, header::CONTENT_TYPE},
};
use pilothouse_access::{AutoApprove, Policy};
use pilothouse_connectors::{Connector, Connectors, harness::HarnessConfig};
use pilothouse_gateway::{
    Answer as Said, Conversation, DropIn, Gateway, Limits, Question, Reply, Surface, call,
};
use pilothouse_model::{Caller, Error, Principal, Timestamp};
use pilothouse_registry::Catalog;
use pilothouse_store::Store;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::normal::{self, Sent};

/// When the calls were recorded: 2026-01-15T12:00:00Z.
const CLOCK: Timestamp = Timestamp(1_768_478_400_000);
const RATE: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

type Book = Arc<Mutex<Vec<Sent>>>;

/// What the server says to everything: status, media type and body.
pub(crate) type Answer = (u16, &'static str, String);

pub(crate) struct Recorder {
    gateway: Gateway,
    surface: Surface,
    book: Book,
    answer: Arc<Mutex<Answer>>,
}

impl Recorder {
    /// As the calls were recorded: with this account, organization and project.
    pub(crate) async fn start() -> Self {
        Self::start_in(Some("cfg_org"), Some("cfg_project")).await
    }

    pub(crate) async fn start_in(org: Option<&str>, project: Option<&str>) -> Self {
        let book = Book::default();
        let empty = json!({"status": "SUCCESS", "data": {}}).to_string();
        let answer = Arc::new(Mutex::new((200, "application/json", empty)));
        let config = HarnessConfig {
            account_id: Some("ACCT".into()),
            base_url: server(None, &book, &answer).await,
            fme_base_url: server(Some("fme"), &book, &answer).await,
            org_id: org.map(str::to_owned),
            project_id: project.map(str::to_owned),
            rate: RATE,
            ..HarnessConfig::new("key".into())
        };
        let catalog = Catalog::embedded().platform("harness").unwrap();
        let connector = config.connect(catalog, Connector::DEFAULT_INSTANCE).unwrap();
        let mut connectors = Connectors::default();
        connectors.add(connector.timed_by(|| CLOCK)).unwrap();
        let store = Store::open("sqlite::memory:").await.unwrap();
        let gateway = Gateway::new(connectors, store, Limits::new(RATE));
        let policy = Policy { auto_approve: AutoApprove::All, ..Policy::default() };
        let toolsets = Catalog::embedded().toolsets("harness");
        let drop_in =
            DropIn { platform: "harness", instance: None, toolsets: &toolsets, tools: &[] };
        let surface = Surface::drop_in(&gateway, &drop_in, policy).unwrap();
        Self { gateway, surface, book, answer }
    }

    /// What the tool answers, or the text of its error.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Result<Value, String> {
        let Value::Object(arguments) = arguments else { panic!("{arguments}") };
        let client = Client(Caller::new(Principal::local_user("tester")));
        let reply = call(&self.gateway, &self.surface, &client, tool, arguments).await;
        let Reply::Result(result) = reply else { panic!("{tool}: {reply:?}") };
        let mut result = serde_json::to_value(result).unwrap();
        if result["isError"] == true {
            return Err(result["content"][0]["text"].as_str().unwrap().to_owned());
        }
        Ok(result["structuredContent"].take())
    }

    /// The server says this from now on.
    pub(crate) fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// What went out since the last call of this.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.book.lock().unwrap())
    }
}

async fn server(host: Option<&'static str>, book: &Book, answer: &Arc<Mutex<Answer>>) -> String {
    let (book, answer) = (Arc::clone(book), Arc::clone(answer));
    let router = Router::new().fallback(move |request: Request| {
        let (book, answer) = (Arc::clone(&book), Arc::clone(&answer));
        async move {
            let (parts, body) = request.into_parts();
            let body: Bytes = to_bytes(body, 1 << 20).await.unwrap();
            let mut sent = normal::sent(&parts, &body);
            sent.host = host.map(str::to_owned);
            book.lock().unwrap().push(sent);
            let (status, media_type, body) = answer.lock().unwrap().clone();
            (StatusCode::from_u16(status).unwrap(), [(CONTENT_TYPE, media_type)], body)
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

/// Waits for every answer and shows no questions.
struct Client(Caller);

#[async_trait]
impl Conversation for Client {
    fn caller(&self) -> &Caller {
        &self.0
    }

    async fn cancelled(&self) {
        std::future::pending::<()>().await;
    }

    async fn progress(&self, _: f64, _: Option<f64>, _: &str) {}

    async fn confirm(&self, _: &Question) -> Result<Said, Error> {
        Ok(Said::Unsupported)
    }
}
