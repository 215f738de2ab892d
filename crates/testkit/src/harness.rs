//! A Harness on a port of its own: the practice server, with every request written down and
//! faults on demand.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{self, Next},
    response::Response,
};
use pilothouse_app::practice;
use tokio::{net::TcpListener, task::JoinHandle};

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// 429 with this `Retry-After`, in seconds.
    Limited(u64),
    /// 500 with Harness' own error.
    Broken,
    /// No answer for longer than any test waits.
    Silent,
    /// 502 with a proxy's page.
    Html,
    /// The body ends before its length.
    HalfBody,
    /// 200 with more than anybody reads.
    Huge,
    /// 400 with Harness' own error.
    Refused,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
    pub body: String,
}

#[derive(Default)]
struct Book {
    seen: Vec<Seen>,
    /// The path that a fault is for, and the faults that its next requests meet.
    faults: Vec<(String, VecDeque<Fault>)>,
}

/// The running server. Ends when dropped.
pub struct FakeHarness {
    pub url: String,
    book: Arc<Mutex<Book>>,
    server: JoinHandle<()>,
}

const MAX_BODY: usize = 1 << 20;

impl FakeHarness {
    pub async fn start() -> Self {
        let book = Arc::new(Mutex::new(Book::default()));
        let watch = middleware::from_fn_with_state(Arc::clone(&book), watch);
        let router = practice::router().layer(watch);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the fake Harness serves");
        });
        Self { url: format!("http://{address}"), book, server }
    }

    /// The variables that make the product use it, in the scene's project.
    pub fn variables(&self) -> Vec<(&str, &str)> {
        vec![
            ("HARNESS_API_KEY", practice::API_KEY),
            ("HARNESS_BASE_URL", &self.url),
            ("HARNESS_ORG", practice::ORG),
            ("HARNESS_PROJECT", practice::PROJECT),
            ("HARNESS_ALLOW_HTTP", "true"),
        ]
    }

    /// The next requests whose path starts with `path` meet these, in this order.
    pub fn fail(&self, path: &str, faults: impl IntoIterator<Item = Fault>) {
        self.book().faults.push((path.to_owned(), faults.into_iter().collect()));
    }

    /// What arrived since the start or the last call of this.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.book().seen)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }
}

impl Drop for FakeHarness {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn watch(State(book): State<Arc<Mutex<Book>>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let fault = note(&mut lock(&book), &parts, &body);
    match fault {
        None => next.run(Request::from_parts(parts, Body::from(body))).await,
        Some(fault) => fault.answer().await,
    }
}

/// Writes the request down and gives the fault that waits for it.
fn note(book: &mut Book, parts: &axum::http::request::Parts, body: &Bytes) -> Option<Fault> {
    book.seen.push(Seen {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: parts.headers.clone(),
        body: String::from_utf8_lossy(body).into_owned(),
    });
    let path = parts.uri.path();
    let waiting = |(prefix, faults): &&mut (String, VecDeque<Fault>)| {
        path.starts_with(prefix.as_str()) && !faults.is_empty()
    };
    book.faults.iter_mut().find(waiting)?.1.pop_front()
}

impl Fault {
    async fn answer(self) -> Response {
        let (status, media_type, body) = match self {
            Self::Limited(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "application/json",
                r#"{"status":"ERROR","code":"TOO_MANY_REQUESTS","message":"Slow down"}"#,
            ),
            Self::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "application/json",
                r#"{"status":"ERROR","code":"UNKNOWN_ERROR","message":"Oops, something went wrong"}"#,
            ),
            Self::Silent => std::future::pending().await,
            Self::Html => (
                StatusCode::BAD_GATEWAY,
                "text/html",
                "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>",
            ),
            Self::HalfBody => return half_body(),
            Self::Huge => return huge(),
            Self::Refused => (
                StatusCode::BAD_REQUEST,
                "application/json",
                r#"{"status":"ERROR","code":"INVALID_REQUEST","message":"Not like this"}"#,
            ),
        };
        let mut response = Response::builder().status(status).header("content-type", media_type);
        if let Self::Limited(seconds) = self {
            response = response.header("retry-after", seconds);
        }
        response.body(Body::from(body)).expect("the parts are valid")
    }
}

fn huge() -> Response {
    let text = format!(r#"{{"status":"SUCCESS","data":"{}"}}"#, "x".repeat(17 << 20));
    Response::builder()
        .header("content-type", "application/json")
        .body(Body::from(text))
        .expect("the parts are valid")
}

/// Half of an answer, and then the connection breaks.
fn half_body() -> Response {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut");
    let parts = [Ok(Bytes::from_static(br#"{"status":"SUCCESS","da"#)), Err(broken)];
    let body = Body::from_stream(futures::stream::iter(parts));
    Response::builder()
        .header("content-type", "application/json")
        .body(body)
        .expect("the parts are valid")
}
