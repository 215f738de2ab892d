//! POST, GET and DELETE of the legacy era: `initialize` opens a session, requests get resumable
//! streams unless their answer comes at once, and a lost connection does not cancel anything.

use std::{sync::Arc, time::Duration};

use axum::response::Response;
use futures::{Stream, StreamExt, stream};
use http::{HeaderName, StatusCode};
use pilothouse_model::{Caller, Scopes};
use rmcp::model::{ErrorData, ProtocolVersion, RequestId, ServerJsonRpcMessage};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    PROTOCOL_VERSION, SESSION_ID, Visit,
    accept::Accept,
    reply,
    sse::{self, Event},
};
use crate::mcp::{
    dispatch::{self, Dispatch, FIRST_MODERN},
    error::invalid_request,
    message::{Envelope, Kind},
    outlet::{Outgoing, Outlet, Role},
    session::{Entry, EventLog, Owner, STANDALONE, Session},
};

/// When a client should come back after a stream ended early.
const RETRY: Duration = Duration::from_secs(1);
/// A refusal for want of scopes comes within this, since nobody is asked for it, and must not come as
/// a stream.
const STEP_UP: Duration = Duration::from_secs(1);
/// Messages that may wait for a client that reads one document.
const PENDING: usize = 16;

pub(super) async fn post(visit: Visit, envelope: Envelope) -> Response {
    if envelope.method() == Some("initialize") {
        return initialize(visit, envelope).await;
    }
    let session = match session(&visit).await {
        Ok(session) => session,
        Err((status, error)) => return reply::refusal(status, envelope.id().cloned(), error),
    };
    match envelope.kind.clone() {
        Kind::Request { id, .. } => request(&visit, &session, id, envelope).await,
        Kind::Notification { .. } | Kind::Answer { .. } => match envelope.into_typed() {
            Ok(message) => {
                dispatch::note(&session, message);
                reply::empty(StatusCode::ACCEPTED)
            }
            Err(malformed) => reply::malformed(malformed),
        },
    }
}

async fn initialize(visit: Visit, envelope: Envelope) -> Response {
    let id = envelope.id().cloned();
    let (client, answer) = match dispatch::initialize(&visit.endpoint, envelope) {
        Ok(negotiated) => negotiated,
        Err(malformed) => return reply::malformed(malformed),
    };
    let session = match visit.endpoint.sessions().open(Owner::of(&visit.caller), client).await {
        Ok(session) => session,
        Err(full) => {
            let error = crate::mcp::error::limited(full.to_string());
            return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, id, error);
        }
    };
    visit.endpoint.announce_changes();
    let message = ServerJsonRpcMessage::response(answer.into(), id.unwrap_or(RequestId::Number(0)));
    let response = match Outgoing::new(&message) {
        Ok(message) => reply::json(StatusCode::OK, message.text),
        Err(error) => {
            let error = ErrorData::internal_error(error.to_string(), None);
            return reply::refusal(StatusCode::INTERNAL_SERVER_ERROR, None, error);
        }
    };
    reply::with_header(response, HeaderName::from_static(SESSION_ID), &session.id)
}

async fn request(
    visit: &Visit,
    session: &Arc<Session>,
    id: RequestId,
    envelope: Envelope,
) -> Response {
    let fail = |id, error: ErrorData| {
        reply::refusal(reply::status(error.code.0, StatusCode::BAD_REQUEST), Some(id), error)
    };
    let request = match envelope.into_typed() {
        Ok(request) => request,
        Err(malformed) => return reply::malformed(malformed),
    };
    let dispatch = Dispatch {
        endpoint: &visit.endpoint,
        caller: visit.caller.clone(),
        session: Some(session),
        answer_only: visit.accept != Accept::Stream,
        http: Some(Arc::clone(&visit.head)),
    };
    let client = session.client();
    let cancel = CancellationToken::new();
    if visit.accept == Accept::Stream {
        let (number, log) = session.open_stream();
        let outlet = Outlet::Log(Arc::clone(&log));
        let underway = match dispatch.start(id.clone(), request, client, outlet, cancel) {
            Ok(underway) => underway,
            Err(error) => {
                log.finish();
                return fail(id, error);
            }
        };
        return underway.until(answer_or_stream(visit, session, number, &log)).await;
    }
    let (sender, messages) = mpsc::channel(PENDING);
    match dispatch.start(id.clone(), request, client, Outlet::Channel(sender), cancel) {
        Ok(underway) => underway.until(reply::document(messages, |_| status(&visit.caller))).await,
        Err(error) => fail(id, error),
    }
}

/// GET: the session's own stream, or one that was lost.
pub(super) async fn get(visit: Visit) -> Response {
    if visit.header(PROTOCOL_VERSION).is_some_and(|version| version >= FIRST_MODERN) {
        let error = invalid_request("this revision of the protocol has no GET");
        return reply::refusal(StatusCode::METHOD_NOT_ALLOWED, None, error);
    }
    if visit.accept != Accept::Stream {
        let error = invalid_request("Accept must name text/event-stream");
        return reply::refusal(StatusCode::NOT_ACCEPTABLE, None, error);
    }
    let session = match session(&visit).await {
        Ok(session) => session,
        Err((status, error)) => return reply::refusal(status, None, error),
    };
    let Some(last_event) = visit.header("last-event-id") else {
        return match session.stream(STANDALONE) {
            Some(log) => read(&visit, &session, STANDALONE, &log, log.delivered()),
            None => nothing(&visit),
        };
    };
    let position = event_position(last_event)
        .and_then(|(stream, index)| Some((stream, index, session.stream(stream)?)));
    match position {
        Some((stream, index, log)) => read(&visit, &session, stream, &log, index),
        None => nothing(&visit),
    }
}

/// DELETE: the client is done with its session.
pub(super) async fn delete(visit: Visit) -> Response {
    let owner = Owner::of(&visit.caller);
    match visit.header(SESSION_ID) {
        Some(id) if visit.endpoint.sessions().close(id, &owner).await => {
            reply::empty(StatusCode::NO_CONTENT)
        }
        Some(_) => reply::refusal(StatusCode::NOT_FOUND, None, unknown_session()),
        None => reply::refusal(StatusCode::BAD_REQUEST, None, missing_session()),
    }
}

/// The session that the request names, if it is the caller's.
pub(super) async fn session(visit: &Visit) -> Result<Arc<Session>, (StatusCode, ErrorData)> {
    if let Some(version) = visit.header(PROTOCOL_VERSION)
        && !ProtocolVersion::KNOWN_VERSIONS.iter().any(|known| known.as_str() == version)
    {
        let error = invalid_request(format!("MCP-Protocol-Version {version:?} is not supported"));
        return Err((StatusCode::BAD_REQUEST, error));
    }
    let id = visit.header(SESSION_ID).ok_or((StatusCode::BAD_REQUEST, missing_session()))?;
    let owner = Owner::of(&visit.caller);
    let found = visit.endpoint.sessions().find(id, &owner).await;
    found.ok_or((StatusCode::NOT_FOUND, unknown_session()))
}

fn missing_session() -> ErrorData {
    invalid_request("send Mcp-Session-Id from the answer to initialize, or a 2026-07-28 request")
}

fn unknown_session() -> ErrorData {
    invalid_request("this session does not exist or has ended; initialize again")
}

/// A stream that ends at once: an error would make some clients retry the same event for ever.
fn nothing(visit: &Visit) -> Response {
    sse::reply(stream::empty(), visit.endpoint.settings().keep_alive)
}

/// The answer as one document if it is the first thing said, and soon; else a stream. Most calls
/// are answered before a client could have lost its connection, and a stream costs more.
async fn answer_or_stream(
    visit: &Visit,
    session: &Session,
    number: u64,
    log: &Arc<EventLog>,
) -> Response {
    let Some(entries) = log.read(0) else { return crowded() };
    let mut entries = Box::pin(entries.fuse());
    let first = tokio::time::timeout(silence(visit), entries.next()).await.ok().flatten();
    match first {
        Some(Entry { text, role: Role::Answer { .. }, .. }) => {
            session.forget_stream(number);
            reply::json(status(&visit.caller), text.to_string())
        }
        first => events(visit, session, number, 0, stream::iter(first).chain(entries)),
    }
}

/// How long a client waits for the first thing said before it gets a stream.
fn silence(visit: &Visit) -> Duration {
    let silence = visit.endpoint.settings().legacy_silence;
    if visit.caller.scopes == Scopes::ALL { silence } else { silence.max(STEP_UP) }
}

/// A session's clients take a 404 for the end of the session, so errors are answers too. But who was
/// stopped for want of scopes learns from the status that another token would help.
fn status(caller: &Caller) -> StatusCode {
    caller.missing.get().map_or(StatusCode::OK, |_| StatusCode::FORBIDDEN)
}

/// Serves a stream from after event `after`.
fn read(
    visit: &Visit,
    session: &Session,
    number: u64,
    log: &Arc<EventLog>,
    after: u64,
) -> Response {
    match log.read(after) {
        Some(entries) => events(visit, session, number, after, entries),
        None => crowded(),
    }
}

fn crowded() -> Response {
    let error = invalid_request("too many connections read this stream");
    reply::refusal(StatusCode::CONFLICT, None, error)
}

/// `entries`, which come after event `after`, as events.
fn events(
    visit: &Visit,
    session: &Session,
    number: u64,
    after: u64,
    entries: impl Stream<Item = Entry> + Send + 'static,
) -> Response {
    let priming = session.primes_streams().then(|| {
        let start = Entry { index: after, text: "".into(), role: Role::Message };
        Event { retry: Some(RETRY), ..event(number, &start) }
    });
    let events = stream::iter(priming).chain(entries.map(move |entry| event(number, &entry)));
    sse::reply(events, visit.endpoint.settings().keep_alive)
}

fn event(stream: u64, entry: &Entry) -> Event {
    Event { id: Some(format!("{stream}-{}", entry.index)), ..Event::of(entry.text.to_string()) }
}

/// Undoes the id that [`event`] writes.
fn event_position(id: &str) -> Option<(u64, u64)> {
    let (stream, index) = id.split_once('-')?;
    Some((stream.parse().ok()?, index.parse().ok()?))
}
