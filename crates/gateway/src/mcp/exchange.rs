//! One request from arrival to answer, on a service loop of its own.
//!
//! `rmcp` runs a handler against a transport. Here that transport carries exactly one request in,
//! whatever the handler says out, and the client's answers to the handler's questions back in.

use std::sync::Arc;

use rmcp::{
    RoleServer,
    model::{
        CancelledNotification, CancelledNotificationParam, ClientJsonRpcMessage,
        InitializeRequestParams, JsonRpcMessage, RequestId, ServerJsonRpcMessage,
    },
    service::serve_directly_with_ct,
    transport::Transport,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    context::Origin,
    handler::Handler,
    in_progress::Slot,
    outlet::{Gone, Outgoing, Outlet, Role},
    session::Session,
};

/// Answers of the client that may wait for the handler.
const ANSWERS: usize = 16;

/// A request that is ready to be served.
pub(crate) struct Exchange {
    pub(crate) id: RequestId,
    pub(crate) request: ClientJsonRpcMessage,
    pub(crate) origin: Origin,
    /// What a legacy client sent with `initialize`. A modern request carries its own.
    pub(crate) client: Option<InitializeRequestParams>,
    pub(crate) outlet: Outlet,
    /// Cancelled when the client gives up. Also cancels itself when the exchange is over.
    pub(crate) cancel: CancellationToken,
    /// Held until the exchange is over.
    pub(crate) slot: Slot,
}

impl Exchange {
    /// Serves the request on a task of its own. The outlet gets the answer, unless `cancel` comes
    /// first.
    pub(crate) fn start(self, handler: Handler) {
        let Self { id, mut request, origin, client, outlet, cancel, slot } = self;
        let (answer, answers) = mpsc::channel(ANSWERS);
        let session = origin.session.clone();
        request.insert_extension(origin);
        let wire = Wire {
            id,
            session,
            outlet,
            request: Some(request),
            answer,
            answers,
            asked: Vec::new(),
            cancel: cancel.clone(),
            answered: CancellationToken::new(),
        };
        let service = serve_directly_with_ct(handler, wire, client, cancel);
        // Dropping the service would cancel it.
        tokio::spawn(async move {
            if let Err(error) = service.waiting().await {
                tracing::error!(%error, "a request's service loop failed");
            }
            drop(slot);
        });
    }
}

/// The transport of one exchange.
struct Wire {
    id: RequestId,
    session: Option<Arc<Session>>,
    outlet: Outlet,
    request: Option<ClientJsonRpcMessage>,
    answer: mpsc::Sender<ClientJsonRpcMessage>,
    answers: mpsc::Receiver<ClientJsonRpcMessage>,
    /// Our requests to the client, under the ids that it knows.
    asked: Vec<RequestId>,
    cancel: CancellationToken,
    answered: CancellationToken,
}

impl Wire {
    /// What actually leaves for the client; `None` when nothing may.
    fn outgoing(
        &mut self,
        mut message: ServerJsonRpcMessage,
    ) -> Result<Option<Outgoing>, Undeliverable> {
        if self.cancel.is_cancelled() {
            return Ok(None);
        }
        if let JsonRpcMessage::Request(request) = &mut message {
            let session = self.session.as_ref().ok_or(Undeliverable::NoSession)?;
            request.id = session.ask(request.id.clone(), self.answer.clone());
            self.asked.push(request.id.clone());
        }
        let message = Outgoing::new(&message)?;
        if matches!(message.role, Role::Answer { .. })
            && let Some(session) = &self.session
        {
            session.end(&self.id);
        }
        Ok(Some(message))
    }
}

impl Transport<RoleServer> for Wire {
    type Error = Undeliverable;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let ends = matches!(message, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_));
        let outlet = self.outlet.clone();
        let answered = self.answered.clone();
        // Deliver before returning where possible: futures of several messages run concurrently.
        let delivery = match self.outgoing(message) {
            Ok(Some(message)) => {
                outlet.deliver_now(message).map(|result| result.map_err(Undeliverable::from))
            }
            Ok(None) => Ok(Ok(())),
            Err(error) => Ok(Err(error)),
        };
        async move {
            let result = match delivery {
                Ok(result) => result,
                Err(message) => outlet.deliver(message).await.map_err(Undeliverable::from),
            };
            if ends {
                answered.cancel();
            }
            result
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        if let Some(request) = self.request.take() {
            return Some(request);
        }
        tokio::select! {
            answer = self.answers.recv() => answer,
            () = self.answered.cancelled() => None,
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let Some(session) = &self.session else { return };
        if !self.answered.is_cancelled() {
            session.end(&self.id);
        }
        for id in self.asked.drain(..) {
            if session.withdraw(&id) {
                retract(&self.outlet, id);
            }
        }
        if let Outlet::Log(log) = &self.outlet {
            log.finish();
        }
    }
}

/// Tells the client that nobody waits for its answer any more.
fn retract(outlet: &Outlet, id: RequestId) {
    let reason = "the request that asked is over".to_owned();
    let param = CancelledNotificationParam::new(Some(id), Some(reason));
    let message = ServerJsonRpcMessage::notification(CancelledNotification::new(param).into());
    if let Ok(message) = Outgoing::new(&message)
        && outlet.deliver_now(message).is_err()
    {
        tracing::debug!("a question could not be taken back");
    }
}

/// Why a message did not reach the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undeliverable {
    #[error(transparent)]
    Gone(#[from] Gone),
    #[error("only a session can be asked")]
    NoSession,
    #[error(transparent)]
    Unserializable(#[from] serde_json::Error),
}
