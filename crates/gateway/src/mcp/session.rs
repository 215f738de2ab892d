//! What is remembered of a client of the legacy era between its requests: who it is, what it
//! declared, its streams, and the requests in progress in both directions. On stdio, the whole
//! connection is one session.
//!
//! A session owns no task and no channel; it is bound to the principal that opened it.

mod event_log;
mod store;
mod table;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pilothouse_model::Caller;
use rmcp::model::{
    ClientJsonRpcMessage, InitializeRequestParams, JsonRpcMessage, ProtocolVersion, RequestId,
};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

pub(crate) use event_log::{Entry, EventLog};
pub use store::{SavedSession, SessionStore};
pub use table::SessionLimits;
pub(crate) use table::Sessions;

use super::{context::LogLevel, outlet::Outlet};

/// How long a finished stream can still be resumed.
const RESUMABLE: Duration = Duration::from_mins(1);
/// Finished streams kept per session, and their bytes together.
const FINISHED_STREAMS: usize = 16;
const FINISHED_BYTES: usize = 512 * 1024;
/// Resources one session may subscribe to.
const SUBSCRIPTIONS: usize = 100;
/// The log level before the client sets one.
const DEFAULT_LEVEL: LogLevel = LogLevel::Info;

/// The stream that belongs to no request: what `GET` without `Last-Event-ID` opens.
pub(crate) const STANDALONE: u64 = 0;

/// Whom a session belongs to. A caller who is not exactly this sees no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) principal: String,
    pub(crate) space: Option<Arc<str>>,
}

impl Owner {
    pub(crate) fn of(caller: &Caller) -> Self {
        Self { principal: caller.principal.id.clone(), space: caller.space.clone() }
    }
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: Arc<str>,
    pub(crate) owner: Owner,
    /// Where notifications go that belong to no request.
    standalone: Outlet,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What the client sent with `initialize`, at the negotiated version. Absent on stdio until
    /// the client initializes.
    client: Option<Arc<InitializeRequestParams>>,
    last_used: Instant,
    log_level: LogLevel,
    subscriptions: BTreeSet<String>,
    in_progress: HashMap<RequestId, CancellationToken>,
    asked: HashMap<i64, Asked>,
    last_asked: i64,
    streams: HashMap<u64, Arc<EventLog>>,
    /// Stream numbers in the order in which they were opened.
    stream_order: VecDeque<u64>,
    last_stream: u64,
}

/// A request of ours that waits for the client's answer.
#[derive(Debug)]
struct Asked(oneshot::Sender<ClientJsonRpcMessage>);

/// Why a request could not be taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// A request of the same id is still in progress.
    Duplicate,
    TooMany,
}

impl Session {
    pub(crate) fn new(id: Arc<str>, owner: Owner, standalone: Outlet) -> Self {
        let streams = match &standalone {
            Outlet::Log(log) => HashMap::from([(STANDALONE, Arc::clone(log))]),
            Outlet::Channel(_) => HashMap::new(),
        };
        let state = State {
            client: None,
            last_used: Instant::now(),
            log_level: DEFAULT_LEVEL,
            subscriptions: BTreeSet::new(),
            in_progress: HashMap::new(),
            asked: HashMap::new(),
            last_asked: 0,
            streams,
            stream_order: VecDeque::new(),
            last_stream: STANDALONE,
        };
        Self { id, owner, standalone, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change below leaves the state consistent, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn standalone(&self) -> &Outlet {
        &self.standalone
    }

    // ----- the client -----

    pub(crate) fn client(&self) -> Option<Arc<InitializeRequestParams>> {
        self.state().client.clone()
    }

    pub(crate) fn set_client(&self, client: InitializeRequestParams) {
        self.state().client = Some(Arc::new(client));
    }

    /// Whether streams start with an empty event that carries an id (2025-11-25; older clients
    /// take it for a message).
    pub(crate) fn primes_streams(&self) -> bool {
        self.client().is_some_and(|client| client.protocol_version >= ProtocolVersion::V_2025_11_25)
    }

    /// Whether the client may send several messages in one array (2025-03-26 only).
    pub(crate) fn may_batch(&self) -> bool {
        self.client().is_some_and(|client| client.protocol_version == ProtocolVersion::V_2025_03_26)
    }

    pub(crate) fn log_level(&self) -> LogLevel {
        self.state().log_level
    }

    pub(crate) fn set_log_level(&self, level: LogLevel) {
        self.state().log_level = level;
    }

    /// `false` when the session already has as many as it may.
    pub(crate) fn subscribe(&self, uri: &str) -> bool {
        let mut state = self.state();
        if state.subscriptions.len() >= SUBSCRIPTIONS && !state.subscriptions.contains(uri) {
            return false;
        }
        state.subscriptions.insert(uri.to_owned());
        true
    }

    pub(crate) fn unsubscribe(&self, uri: &str) {
        self.state().subscriptions.remove(uri);
    }

    pub(crate) fn is_subscribed(&self, uri: &str) -> bool {
        self.state().subscriptions.contains(uri)
    }

    // ----- requests in progress -----

    pub(crate) fn begin(
        &self,
        id: RequestId,
        cancel: CancellationToken,
        max_in_progress: usize,
    ) -> Result<(), Busy> {
        let mut state = self.state();
        if state.in_progress.contains_key(&id) {
            return Err(Busy::Duplicate);
        }
        if state.in_progress.len() >= max_in_progress {
            return Err(Busy::TooMany);
        }
        state.last_used = Instant::now();
        state.in_progress.insert(id, cancel);
        Ok(())
    }

    pub(crate) fn end(&self, id: &RequestId) {
        let mut state = self.state();
        state.in_progress.remove(id);
        state.last_used = Instant::now();
    }

    /// The client gave up on a request of its own.
    pub(crate) fn cancel(&self, id: &RequestId) {
        if let Some(cancel) = self.state().in_progress.remove(id) {
            cancel.cancel();
        }
    }

    pub(crate) fn cancel_all(&self) {
        for (_, cancel) in self.state().in_progress.drain() {
            cancel.cancel();
        }
    }

    // ----- requests of ours -----

    /// Registers a request to the client and returns the id to send it under.
    pub(crate) fn ask(&self, answer: oneshot::Sender<ClientJsonRpcMessage>) -> RequestId {
        let mut state = self.state();
        state.last_asked += 1;
        let number = state.last_asked;
        state.asked.insert(number, Asked(answer));
        RequestId::Number(number)
    }

    /// Forgets a question whose exchange is over. `true` when it had no answer yet.
    pub(crate) fn withdraw(&self, id: &RequestId) -> bool {
        asked_number(id).is_some_and(|number| self.state().asked.remove(&number).is_some())
    }

    /// Routes the client's answer to the exchange that asked. An answer to nothing is ignored.
    pub(crate) fn answer(&self, message: ClientJsonRpcMessage) {
        let id = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
        };
        let asked = id.and_then(asked_number).and_then(|number| self.state().asked.remove(&number));
        if asked.is_some_and(|Asked(answer)| answer.send(message).is_err()) {
            tracing::debug!(session = %self.id, "an answer arrived for a request that is over");
        }
    }

    // ----- streams (HTTP) -----

    /// Opens the stream of one request.
    pub(crate) fn open_stream(&self) -> (u64, Arc<EventLog>) {
        let log = EventLog::new();
        let mut state = self.state();
        state.last_stream += 1;
        let number = state.last_stream;
        state.streams.insert(number, Arc::clone(&log));
        state.stream_order.push_back(number);
        state.drop_old_streams(Instant::now());
        (number, log)
    }

    /// Drops a stream of which the client was told nothing.
    pub(crate) fn forget_stream(&self, number: u64) {
        let mut state = self.state();
        state.streams.remove(&number);
        state.stream_order.retain(|kept| *kept != number);
    }

    pub(crate) fn stream(&self, number: u64) -> Option<Arc<EventLog>> {
        self.state().streams.get(&number).cloned()
    }

    // ----- age -----

    pub(crate) fn touch(&self) {
        self.state().last_used = Instant::now();
    }

    pub(crate) fn last_used(&self) -> Instant {
        self.state().last_used
    }

    /// Nothing in progress and nobody listening.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.state();
        state.in_progress.is_empty() && !state.streams.values().any(|log| log.has_readers())
    }

    pub(crate) fn drop_old_streams(&self, now: Instant) {
        self.state().drop_old_streams(now);
    }

    /// Ends everything: requests are cancelled and streams close.
    pub(crate) fn close(&self) {
        self.cancel_all();
        for log in self.state().streams.values() {
            log.finish();
        }
    }

    pub(crate) fn saved(&self) -> Option<SavedSession> {
        let state = self.state();
        Some(SavedSession {
            principal: self.owner.principal.clone(),
            space: self.owner.space.as_deref().map(str::to_owned),
            initialize: serde_json::to_value(state.client.as_deref()?).ok()?,
            log_level: state.log_level,
            subscriptions: state.subscriptions.iter().cloned().collect(),
        })
    }

    fn restore(&self, saved: SavedSession) -> Result<(), serde_json::Error> {
        let client = serde_json::from_value(saved.initialize)?;
        let mut state = self.state();
        state.client = Some(Arc::new(client));
        state.log_level = saved.log_level;
        state.subscriptions = saved.subscriptions.into_iter().take(SUBSCRIPTIONS).collect();
        Ok(())
    }
}

impl State {
    /// Drops finished streams that are too old, too many or too large to keep for a resumption.
    fn drop_old_streams(&mut self, now: Instant) {
        let finished: Vec<_> = self
            .stream_order
            .iter()
            .filter_map(|number| {
                let log = self.streams.get(number)?;
                Some((*number, log.finished_at()?, log.bytes()))
            })
            .collect();
        let mut bytes: usize = finished.iter().map(|(.., bytes)| bytes).sum();
        let mut excess = finished.len().saturating_sub(FINISHED_STREAMS);
        for (number, at, size) in finished {
            if excess == 0
                && bytes <= FINISHED_BYTES
                && now.saturating_duration_since(at) < RESUMABLE
            {
                continue;
            }
            excess = excess.saturating_sub(1);
            bytes -= size;
            self.streams.remove(&number);
            self.stream_order.retain(|kept| *kept != number);
        }
    }
}

/// The number behind an id of ours. Some clients answer a numeric id as a string.
fn asked_number(id: &RequestId) -> Option<i64> {
    match id {
        RequestId::Number(number) => Some(*number),
        RequestId::String(text) => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests;
