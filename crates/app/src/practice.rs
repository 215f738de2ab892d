//! A Harness to practise on: an HTTP server in this process that answers like the real one, from
//! memory, for the types people touch most. The tour operates it, and tests do.
//!
//! It knows Harness' wire and nothing of MCP, connectors or the registry: what it says must be what
//! Harness says, not what we expect.

mod collection;
mod connector;
mod delegate;
mod execution;
mod flag;
mod gitops;
mod log;
mod pipeline;
mod refusal;
mod request;
mod run;
mod scene;
mod state;
mod template;

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State as Shared,
    http::{Request, Response, StatusCode, header::CONTENT_TYPE},
};
use pilothouse_model::Error;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use self::{refusal::Refusal, request::Ask, state::State};

/// The only account it has.
pub const ACCOUNT: &str = "practice";
/// A token that it takes.
pub const API_KEY: &str = "pat.practice.tour.not-a-secret";
/// Where the scene plays.
pub const ORG: &str = "default";
pub const PROJECT: &str = "shop";

/// Largest request body it reads.
const MAX_BODY: usize = 1 << 20;

/// The server's routes over a new copy of the scene: a shop whose last deployment failed.
pub fn router() -> Router {
    let state = Arc::new(Mutex::new(scene::shop()));
    Router::new().fallback(serve).with_state(state)
}

/// The server on a free port of this machine, until it is dropped.
pub struct Server {
    pub url: String,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start() -> Result<Self, Error> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(Error::internal)?;
        let address = listener.local_addr().map_err(Error::internal)?;
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router()).await {
                tracing::error!(%error, "the practice server ended");
            }
        });
        Ok(Self { url: format!("http://{address}"), task })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(Shared(state): Shared<Arc<Mutex<State>>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return Refusal::new(413, "INVALID_REQUEST", "The request is too large").into_response();
    };
    let ask = Ask::new(&parts, &body);
    if let Some(text) = log::download(&mut lock(&state), &ask) {
        return respond(StatusCode::OK, "text/plain", text);
    }
    let answer = ask.admitted().and_then(|()| answer(&mut lock(&state), &ask));
    match answer {
        Ok(value) => respond(StatusCode::OK, "application/json", value.to_string()),
        Err(refusal) => refusal.into_response(),
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first part that knows the path answers.
fn answer(state: &mut State, ask: &Ask) -> Result<Value, Refusal> {
    let parts = [
        execution::answer,
        run::answer,
        pipeline::answer,
        template::answer,
        log::answer,
        delegate::answer,
        gitops::answer,
        flag::answer,
        connector::answer,
        collection::answer,
    ];
    parts
        .into_iter()
        .find_map(|part| part(state, ask))
        .unwrap_or_else(|| Err(Refusal::no_route(&ask.method, &ask.path)))
}

fn respond(status: StatusCode, media_type: &str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if let Ok(value) = media_type.parse() {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

/// Harness' usual envelope.
fn success(data: Value) -> Value {
    let mut answer = json!({ "status": "SUCCESS", "metaData": null, "correlationId": "practice" });
    answer["data"] = data;
    answer
}

/// One page of `items` in the envelope.
fn page(ask: &Ask, items: Vec<Value>) -> Value {
    let size = ask.number(&["size", "pageSize"]).unwrap_or(20).clamp(1, 100);
    let index = ask.number(&["page", "pageIndex"]).unwrap_or(0);
    let total = items.len();
    let content: Vec<Value> = items.into_iter().skip(index * size).take(size).collect();
    success(json!({
        "totalPages": total.div_ceil(size), "totalItems": total, "totalElements": total,
        "pageItemCount": content.len(), "pageSize": size, "pageIndex": index,
        "content": content, "empty": content.is_empty(),
    }))
}

#[cfg(test)]
mod tests;
