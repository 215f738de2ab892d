//! Where the browser comes back to: a port of this machine, for one answer.

use axum::{Router, extract::RawQuery, response::Html, routing::get};
use pilothouse_model::Error;
use tokio::{net::TcpListener, sync::mpsc};

const PATH: &str = "/callback";
const PAGE: &str = "<!doctype html><meta charset=\"utf-8\"><title>Pilothouse</title>\
    <p>Done. You can close this page and go back to the terminal.</p>";

/// A port that waits for the browser.
pub struct Callback {
    listener: TcpListener,
    /// What the browser is to be sent to.
    pub address: String,
}

impl Callback {
    pub async fn open() -> Result<Self, Error> {
        let failed = |error| Error::unavailable(format!("no port on this machine: {error}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self { listener, address: format!("http://127.0.0.1:{port}{PATH}") })
    }

    /// The query with which the browser comes.
    pub async fn arrival(self) -> Result<String, Error> {
        let (arrived, mut arrival) = mpsc::channel(1);
        let page = move |RawQuery(query): RawQuery| {
            let arrived = arrived.clone();
            async move {
                // A second one comes too late and changes nothing.
                let _ = arrived.try_send(query.unwrap_or_default());
                ([("cache-control", "no-store"), ("referrer-policy", "no-referrer")], Html(PAGE))
            }
        };
        let router = Router::new().route(PATH, get(page));
        let served = axum::serve(self.listener, router);
        let query = tokio::select! {
            query = arrival.recv() => query,
            ended = served.into_future() => return Err(match ended {
                Ok(()) => Error::unavailable("nobody listens any more"),
                Err(error) => Error::unavailable(error.to_string()),
            }),
        };
        query.ok_or_else(|| Error::unavailable("nobody listens any more"))
    }
}
