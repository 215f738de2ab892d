//! One server-to-client stream of a legacy session: a bounded log of numbered events that a client
//! can read, lose the connection to, and resume.
//!
//! Knows nothing of HTTP; `http` turns entries into server-sent events.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::{Stream, stream};
use tokio::{sync::watch, time::Instant};

use crate::mcp::outlet::{Outgoing, Role};

/// Events kept per stream; older remarks give way first.
const EVENTS: usize = 256;
/// Bytes of event text kept per stream, unless a single message is larger.
const BYTES: usize = 1024 * 1024;
/// Connections that may wait on one stream. Only the newest is served; a client that opens more
/// is told so.
const READERS: usize = 8;

/// One event as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Counts from 1 within its stream.
    pub(crate) index: u64,
    pub(crate) text: Arc<str>,
    pub(crate) role: Role,
}

#[derive(Debug)]
pub(crate) struct EventLog {
    state: watch::Sender<State>,
    /// The highest index that any connection was given.
    delivered: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<Entry>,
    bytes: usize,
    last_index: u64,
    next_reader: u64,
    readers: Vec<u64>,
    /// Connections opened before this reader number are to end.
    hung_up_before: u64,
    finished: Option<Instant>,
}

impl EventLog {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: watch::Sender::default(), delivered: AtomicU64::new(0) })
    }

    /// Appends a message. An answer finishes the stream.
    pub(crate) fn push(&self, message: Outgoing) {
        self.state.send_modify(|state| {
            state.last_index += 1;
            state.bytes += message.text.len();
            let Outgoing { text, role } = message;
            let entry = Entry { index: state.last_index, text: text.into(), role };
            state.events.push_back(entry);
            if matches!(role, Role::Answer { .. }) {
                state.finished = Some(Instant::now());
            }
            state.make_room();
        });
    }

    /// Ends every connection once it has been given all events.
    pub(crate) fn finish(&self) {
        self.state.send_modify(|state| {
            state.finished.get_or_insert_with(Instant::now);
        });
    }

    /// Ends the connections of now; the client is expected to resume.
    pub(crate) fn hang_up(&self) {
        self.state.send_modify(|state| state.hung_up_before = state.next_reader);
    }

    pub(crate) fn finished_at(&self) -> Option<Instant> {
        self.state.borrow().finished
    }

    pub(crate) fn bytes(&self) -> usize {
        self.state.borrow().bytes
    }

    pub(crate) fn has_readers(&self) -> bool {
        !self.state.borrow().readers.is_empty()
    }

    /// The highest index that any connection was given.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Opens a connection that starts after event `after`. `None` when too many are open.
    pub(crate) fn read(
        self: &Arc<Self>,
        after: u64,
    ) -> Option<impl Stream<Item = Entry> + Send + use<>> {
        let mut number = None;
        self.state.send_modify(|state| {
            if state.readers.len() < READERS {
                state.readers.push(state.next_reader);
                number = Some(state.next_reader);
                state.next_reader += 1;
            }
        });
        let reader = Reader {
            log: Arc::clone(self),
            changes: self.state.subscribe(),
            number: number?,
            after,
        };
        Some(stream::unfold(reader, |mut reader| async move {
            let entry = reader.next().await?;
            Some((entry, reader))
        }))
    }
}

impl State {
    /// Drops the oldest remarks while the log is over its bounds, then the oldest of anything
    /// but the answer.
    fn make_room(&mut self) {
        while self.events.len() > EVENTS || (self.bytes > BYTES && self.events.len() > 1) {
            let oldest =
                self.events.iter().position(|entry| entry.role == Role::Remark).unwrap_or(0);
            if let Some(entry) = self.events.remove(oldest) {
                self.bytes -= entry.text.len();
            }
        }
    }

    fn step(&self, reader: u64, after: u64) -> Step {
        let newest = self.readers.last() == Some(&reader);
        let first = self.events.partition_point(|entry| entry.index <= after);
        match self.events.get(first) {
            Some(entry) if newest => Step::Give(entry.clone()),
            _ if reader < self.hung_up_before || self.finished.is_some() => Step::End,
            _ => Step::Wait,
        }
    }
}

enum Step {
    Give(Entry),
    End,
    Wait,
}

/// One connection. While a newer one is open it stays silent but alive, so that two connections
/// of one client do not keep replacing each other.
struct Reader {
    log: Arc<EventLog>,
    changes: watch::Receiver<State>,
    number: u64,
    after: u64,
}

impl Reader {
    async fn next(&mut self) -> Option<Entry> {
        loop {
            let step = self.changes.borrow_and_update().step(self.number, self.after);
            match step {
                Step::Give(entry) => {
                    self.after = entry.index;
                    self.log.delivered.fetch_max(entry.index, Ordering::Relaxed);
                    return Some(entry);
                }
                Step::End => return None,
                Step::Wait => self.changes.changed().await.ok()?,
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.log.state.send_modify(|state| state.readers.retain(|reader| *reader != self.number));
    }
}

#[cfg(test)]
mod tests;
