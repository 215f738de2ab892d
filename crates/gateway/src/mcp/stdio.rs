//! MCP over standard input and output: one message per line, both eras on one connection.
//!
//! The operating-system user who started the process is the caller. A line that is not a message
//! gets an error, not a crash; end of input ends the server once its answers are written.

mod line;

use std::{io, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesOrdered};
use pilothouse_model::Caller;
use rmcp::model::{ErrorData, JsonRpcError, RequestId, ServerJsonRpcMessage};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufWriter},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

use super::{
    backend::Offer,
    batch::{self, NOT_HERE},
    change,
    context::Era,
    dispatch::{self, Dispatch},
    endpoint::Endpoint,
    error::{Refusal, invalid_request, too_large},
    message::{Envelope, Incoming, Kind, Malformed, id_at_an_edge, parse},
    outlet::{Outgoing, Outlet, Role},
    session::{Owner, Session},
};
use line::{Line, Lines};

/// Messages that may wait for a client that does not read.
const PENDING: usize = 64;
/// How long requests in progress may take after the input ended.
const DRAIN: Duration = Duration::from_secs(5);

/// Serves this process's standard streams until the input ends or `shutdown`.
pub async fn run(
    endpoint: Arc<Endpoint>,
    owner: Caller,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let (input, output) = rmcp::transport::stdio_pipes();
    serve(endpoint, owner, input, output, shutdown).await
}

/// Serves any pair of byte streams, as [`run`] does.
pub async fn serve(
    endpoint: Arc<Endpoint>,
    owner: Caller,
    input: impl AsyncRead + Unpin + Send,
    output: impl AsyncWrite + Unpin + Send + 'static,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let (sender, messages) = mpsc::channel(PENDING);
    let mut writer = tokio::spawn(write(output, messages));
    let standalone = Outlet::Channel(sender.clone());
    let session = Arc::new(Session::new("stdio".into(), Owner::of(&owner), standalone));
    announce_changes(&endpoint, &session);
    let connection = Connection { endpoint, owner, session, output: sender };
    let ended = connection.read(input, shutdown).await;

    // Requests in progress hold the session, and with it the writer, until they are answered.
    connection.endpoint.close();
    let session = Arc::downgrade(&connection.session);
    drop(connection);
    if let Ok(written) = tokio::time::timeout(DRAIN, &mut writer).await {
        return ended.and(written.map_err(io::Error::other).flatten());
    }
    tracing::warn!("requests were still in progress when the input ended");
    if let Some(session) = session.upgrade() {
        session.cancel_all();
    }
    writer.abort();
    ended
}

/// One client on the other side of the streams.
struct Connection {
    endpoint: Arc<Endpoint>,
    owner: Caller,
    session: Arc<Session>,
    output: mpsc::Sender<Outgoing>,
}

impl Connection {
    async fn read(
        &self,
        input: impl AsyncRead + Unpin + Send,
        shutdown: CancellationToken,
    ) -> io::Result<()> {
        let max = self.endpoint.settings().limits.message_bytes;
        let mut lines = Lines::new(input, max);
        loop {
            let line = tokio::select! {
                line = lines.next() => line?,
                () = shutdown.cancelled() => return Ok(()),
                () = self.output.closed() => return Ok(()),
            };
            match line {
                Line::Text(line) => self.take(&line).await,
                Line::TooLong { first, last } => {
                    let id = id_at_an_edge(&first, &last);
                    self.refuse(Malformed::new(id, too_large(max))).await;
                }
                Line::End => return Ok(()),
            }
        }
    }

    async fn take(&self, line: &[u8]) {
        let taken = match parse(line, &self.endpoint.settings().limits) {
            Ok(Incoming::One(envelope)) => self.take_one(envelope).await,
            Ok(Incoming::Batch(messages)) => self.take_batch(messages),
            Err(malformed) => Err(malformed),
        };
        if let Err(malformed) = taken {
            self.refuse(malformed).await;
        }
    }

    async fn take_one(&self, envelope: Envelope) -> Result<(), Malformed> {
        let Kind::Request { id, method } = envelope.kind.clone() else {
            dispatch::note(&self.session, envelope.into_typed()?);
            return Ok(());
        };
        let fail = |error| Malformed::new(Some(id.clone()), error);
        let client = match dispatch::era(&envelope, None) {
            Era::Modern => None,
            Era::Legacy if method == "initialize" => return self.initialize(id, envelope).await,
            Era::Legacy => self.session.client(),
        };
        if client.is_none() && dispatch::era(&envelope, None) == Era::Legacy && method != "ping" {
            let problem = "initialize first, or say in _meta which protocol version this is";
            return Err(fail(Refusal::InvalidParams(problem.to_owned()).into_data()));
        }
        let request = envelope.into_typed()?;
        let dispatch = Dispatch {
            endpoint: &self.endpoint,
            caller: self.owner.next_call(),
            session: Some(&self.session),
            answer_only: false,
            http: None,
        };
        let outlet = Outlet::Channel(self.output.clone());
        let cancel = CancellationToken::new();
        dispatch.start(id.clone(), request, client, outlet, cancel).map(drop).map_err(fail)
    }

    async fn initialize(&self, id: RequestId, envelope: Envelope) -> Result<(), Malformed> {
        let (client, answer) = dispatch::initialize(&self.endpoint, envelope)?;
        self.session.set_client(client);
        let message = ServerJsonRpcMessage::response(answer.into(), id.clone());
        let message = Outgoing::new(&message).map_err(|error| {
            Malformed::new(Some(id), ErrorData::internal_error(error.to_string(), None))
        })?;
        self.send(message).await;
        Ok(())
    }

    /// Answers come back together, once all are there.
    fn take_batch(&self, messages: Vec<Value>) -> Result<(), Malformed> {
        if !self.session.may_batch() {
            return Err(Malformed::new(None, invalid_request(NOT_HERE)));
        }
        let answers: FuturesOrdered<_> = messages
            .into_iter()
            .filter_map(|message| {
                let caller = self.owner.next_call();
                batch::take(&self.endpoint, &self.session, caller, None, message)
            })
            .collect();
        if answers.is_empty() {
            return Ok(());
        }
        let output = self.output.clone();
        tokio::spawn(async move {
            let answers: Vec<String> = answers.collect().await;
            let text = format!("[{}]", answers.join(","));
            if output.send(Outgoing { text, role: Role::Message }).await.is_err() {
                tracing::debug!("the answers of a batch had no reader");
            }
        });
        Ok(())
    }

    async fn refuse(&self, Malformed { id, error }: Malformed) {
        let role = Role::Answer { code: Some(error.code.0) };
        // The error's data was built from JSON, so it can be written as JSON.
        let text = serde_json::to_string(&JsonRpcError::new(id, *error)).unwrap_or_default();
        self.send(Outgoing { text, role }).await;
    }

    async fn send(&self, message: Outgoing) {
        if self.output.send(message).await.is_err() {
            tracing::debug!("the output is closed");
        }
    }
}

async fn write(
    output: impl AsyncWrite + Unpin,
    mut messages: mpsc::Receiver<Outgoing>,
) -> io::Result<()> {
    let mut output = BufWriter::new(output);
    while let Some(message) = messages.recv().await {
        output.write_all(message.text.as_bytes()).await?;
        output.write_all(b"\n").await?;
        if messages.is_empty() {
            output.flush().await?;
        }
    }
    output.flush().await
}

fn announce_changes(endpoint: &Arc<Endpoint>, session: &Arc<Session>) {
    let backend = endpoint.backend();
    if !change::announces(backend) {
        return;
    }
    let Some(changes) = backend.changes() else { return };
    let list_changes = backend.about().offers(Offer::ListChanges);
    let session = Arc::downgrade(session);
    tokio::spawn(async move {
        let sessions = || session.upgrade().map(|session| vec![session]);
        change::announce(list_changes, changes, sessions).await;
    });
}
