//! What the server says to the client of one request: remarks and questions while it works, and
//! the answer at the end.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rmcp::model::{
    CancelledNotification, CancelledNotificationParam, ClientResult, ErrorData, JsonRpcMessage,
    RequestId, ServerJsonRpcMessage, ServerNotification, ServerRequest, ServerResult,
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{
    outlet::{Gone, Outgoing, Outlet, Role},
    session::Session,
};

/// Cheap to clone; falls silent when the request is over or given up.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    /// Of the request.
    id: RequestId,
    session: Option<Arc<Session>>,
    cancel: CancellationToken,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// None when nothing may be said any more.
    outlet: Option<Outlet>,
    /// The session counts the request.
    is_counted: bool,
    /// Our requests to the client, under the ids that it knows.
    asked: Vec<RequestId>,
}

/// Why a message did not reach the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undeliverable {
    #[error(transparent)]
    Gone(#[from] Gone),
    #[error(transparent)]
    Unserializable(#[from] serde_json::Error),
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error(transparent)]
    Undeliverable(#[from] Undeliverable),
    #[error("only a session can be asked")]
    NoSession,
    #[error("the client did not answer in time")]
    Late,
    #[error("the request that asked was cancelled")]
    Cancelled,
    #[error("the client answered with an error: {}", .0.message)]
    Refused(ErrorData),
}

impl Voice {
    /// `cancel` silences it.
    pub(crate) fn new(
        id: RequestId,
        outlet: Outlet,
        session: Option<Arc<Session>>,
        cancel: CancellationToken,
    ) -> Self {
        let state = State { outlet: Some(outlet), is_counted: true, asked: Vec::new() };
        Self { id, session, cancel, state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outlet(&self) -> Option<Outlet> {
        if self.cancel.is_cancelled() { None } else { self.state().outlet.clone() }
    }

    /// Says something that needs no answer.
    pub(crate) async fn tell(
        &self,
        notification: impl Into<ServerNotification>,
    ) -> Result<(), Undeliverable> {
        self.say(&ServerJsonRpcMessage::notification(notification.into())).await
    }

    /// Asks the client, which has `patience` for its answer.
    pub(crate) async fn ask(
        &self,
        request: ServerRequest,
        patience: Duration,
    ) -> Result<ClientResult, Unanswered> {
        let session = self.session.as_ref().ok_or(Unanswered::NoSession)?;
        let (answer, answered) = oneshot::channel();
        let id = session.ask(answer);
        self.state().asked.push(id.clone());
        self.say(&ServerJsonRpcMessage::request(request, id.clone())).await?;
        let answer = tokio::select! {
            answer = answered => answer.map_err(|_| Unanswered::Cancelled)?,
            () = self.cancel.cancelled() => return Err(Unanswered::Cancelled),
            () = tokio::time::sleep(patience) => {
                self.withdraw(session, id);
                return Err(Unanswered::Late);
            }
        };
        match answer {
            JsonRpcMessage::Response(response) => Ok(response.result),
            JsonRpcMessage::Error(error) => Err(Unanswered::Refused(error.error)),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => {
                Err(Unanswered::Cancelled)
            }
        }
    }

    /// Answers the request.
    pub(crate) async fn answer(&self, result: Result<ServerResult, ErrorData>) {
        let id = self.id.clone();
        let message = match result {
            Ok(result) => ServerJsonRpcMessage::response(result, id),
            Err(error) => ServerJsonRpcMessage::error(error, Some(id)),
        };
        if let Err(error) = self.say(&message).await {
            tracing::debug!(id = %self.id, %error, "an answer had no reader");
        }
    }

    async fn say(&self, message: &ServerJsonRpcMessage) -> Result<(), Undeliverable> {
        match self.say_now(message) {
            Ok(result) => result,
            Err(waiting) => self.deliver(waiting).await,
        }
    }

    /// Delivers without waiting where that is possible; `Err` holds what has to wait. What nobody
    /// listens to any more counts as delivered.
    pub(crate) fn say_now(
        &self,
        message: &ServerJsonRpcMessage,
    ) -> Result<Result<(), Undeliverable>, Outgoing> {
        let Some(outlet) = self.outlet() else { return Ok(Ok(())) };
        match Outgoing::new(message) {
            Ok(message) => {
                // The client may use the id again as soon as it has the answer.
                if matches!(message.role, Role::Answer { .. }) {
                    self.uncount();
                }
                outlet.deliver_now(message).map(|result| result.map_err(Into::into))
            }
            Err(error) => Ok(Err(error.into())),
        }
    }

    pub(crate) async fn deliver(&self, message: Outgoing) -> Result<(), Undeliverable> {
        let Some(outlet) = self.outlet() else { return Ok(()) };
        Ok(outlet.deliver(message).await?)
    }

    /// The request is over: open questions are taken back, and nothing more is said.
    pub(crate) fn end(&self) {
        self.uncount();
        let (outlet, asked) = {
            let mut state = self.state();
            (state.outlet.take(), mem::take(&mut state.asked))
        };
        let Some(outlet) = outlet else { return };
        for question in asked {
            if self.session.as_ref().is_some_and(|session| session.withdraw(&question)) {
                retract(&outlet, question);
            }
        }
        if let Outlet::Log(log) = &outlet {
            log.finish();
        }
    }

    /// The session takes another request in its place. It has done so with one that was cancelled.
    fn uncount(&self) {
        let was_counted = mem::take(&mut self.state().is_counted);
        if let Some(session) = &self.session
            && was_counted
            && !self.cancel.is_cancelled()
        {
            session.end(&self.id);
        }
    }

    fn withdraw(&self, session: &Session, question: RequestId) {
        if session.withdraw(&question)
            && let Some(outlet) = self.outlet()
        {
            retract(&outlet, question);
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

#[cfg(test)]
mod tests {
    use pilothouse_model::{Caller, Principal};
    use rmcp::model::PingRequest;

    use super::*;
    use crate::mcp::session::{EventLog, Owner};

    #[tokio::test(start_paused = true)]
    async fn a_question_without_an_answer_in_time_is_taken_back() {
        let owner = Owner::of(&Caller::new(Principal::local_user("ann")));
        let outlet = Outlet::Log(EventLog::new());
        let session = Arc::new(Session::new("s".into(), owner, outlet));
        let (outlet, mut messages) = tokio::sync::mpsc::channel(4);
        let cancel = CancellationToken::new();
        let outlet = Outlet::Channel(outlet);
        let voice = Voice::new(RequestId::Number(7), outlet, Some(session.clone()), cancel);

        let question = ServerRequest::PingRequest(PingRequest::default());
        let answer = voice.ask(question, Duration::from_mins(1)).await;
        assert!(matches!(answer, Err(Unanswered::Late)), "{answer:?}");
        assert!(messages.recv().await.unwrap().text.contains("ping"));
        assert!(messages.recv().await.unwrap().text.contains("notifications/cancelled"));
        assert!(!session.withdraw(&RequestId::Number(1)), "nobody waits for it");
    }
}
