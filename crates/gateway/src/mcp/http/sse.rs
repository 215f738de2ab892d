//! Server-sent events: the text of a stream, with signs of life while nothing happens.

use std::{convert::Infallible, time::Duration};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::{HeaderValue, header};

/// A comment, which clients skip.
const SIGN_OF_LIFE: &str = ":\n\n";

/// One event. The data must not contain a line end, which JSON text never does.
pub(super) struct Event {
    pub(super) id: Option<String>,
    /// When to come back if the stream ends.
    pub(super) retry: Option<Duration>,
    pub(super) data: String,
}

impl Event {
    pub(super) fn of(data: String) -> Self {
        Self { id: None, retry: None, data }
    }

    fn text(self) -> String {
        let Self { id, retry, data } = self;
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        let retry = retry.map(|wait| format!("retry: {}\n", wait.as_millis())).unwrap_or_default();
        // A data line even when it is empty: without one, clients ignore the event's id.
        format!("{id}{retry}data: {data}\n\n")
    }
}

/// A reply that proxies do not cache, transform or hold back.
pub(super) fn reply(
    events: impl Stream<Item = Event> + Send + 'static,
    keep_alive: Duration,
) -> Response {
    let mut response = Response::new(Body::from_stream(text(events, keep_alive)));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn text(
    events: impl Stream<Item = Event> + Send + 'static,
    keep_alive: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::unfold(Box::pin(events), move |mut events| async move {
        let text = match tokio::time::timeout(keep_alive, events.next()).await {
            Ok(event) => event?.text(),
            Err(_) => SIGN_OF_LIFE.to_owned(),
        };
        Some((Ok(text.into()), events))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn events_are_written_and_silence_is_filled() {
        let pause = Duration::from_secs(10);
        let first = Event { id: Some("1-0".into()), retry: Some(pause), data: String::new() };
        let events = stream::iter([first]).chain(stream::once(async move {
            tokio::time::sleep(2 * pause + pause / 2).await;
            Event::of("{}".to_owned())
        }));
        let all: Vec<_> = text(events, pause).map(|text| text.unwrap()).collect().await;
        assert_eq!(all, ["id: 1-0\nretry: 10000\ndata: \n\n", ":\n\n", ":\n\n", "data: {}\n\n"]);
    }
}
