//! Where the messages of one exchange go: a channel that someone is reading, or a log that a
//! client may read later. Messages are serialized once, here.

use std::sync::Arc;

use rmcp::model::{JsonRpcMessage, ServerJsonRpcMessage, ServerNotification};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::session::EventLog;

/// A message on its way to the client.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// The JSON text, on one line.
    pub(crate) text: String,
    pub(crate) role: Role,
}

/// What a message means to the stream it travels on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The answer: nothing follows it. `code` is the JSON-RPC error's, if it is one.
    Answer { code: Option<i32> },
    /// A request of ours, or a notification that must arrive.
    Message,
    /// Progress or a log line: dropped when the client does not keep up.
    Remark,
}

impl Outgoing {
    pub(crate) fn new(message: &ServerJsonRpcMessage) -> Result<Self, serde_json::Error> {
        Ok(Self { text: serde_json::to_string(message)?, role: role(message) })
    }
}

fn role(message: &ServerJsonRpcMessage) -> Role {
    match message {
        JsonRpcMessage::Response(_) => Role::Answer { code: None },
        JsonRpcMessage::Error(error) => Role::Answer { code: Some(error.error.code.0) },
        JsonRpcMessage::Notification(notification) => match notification.notification {
            ServerNotification::ProgressNotification(_)
            | ServerNotification::LoggingMessageNotification(_) => Role::Remark,
            _ => Role::Message,
        },
        JsonRpcMessage::Request(_) => Role::Message,
    }
}

/// The client can no longer be reached this way.
#[derive(Debug, thiserror::Error)]
#[error("the client is gone")]
pub(crate) struct Gone;

#[derive(Clone, Debug)]
pub(crate) enum Outlet {
    Channel(mpsc::Sender<Outgoing>),
    Log(Arc<EventLog>),
}

impl Outlet {
    /// Delivers without waiting where that is possible, so that messages keep their order.
    /// `Err` holds a message for which the channel has no room yet.
    pub(crate) fn deliver_now(&self, message: Outgoing) -> Result<Result<(), Gone>, Outgoing> {
        match self {
            Self::Log(log) => {
                log.push(message);
                Ok(Ok(()))
            }
            Self::Channel(sender) => match sender.try_send(message) {
                Ok(()) => Ok(Ok(())),
                Err(TrySendError::Closed(_)) => Ok(Err(Gone)),
                Err(TrySendError::Full(message)) if message.role == Role::Remark => Ok(Ok(())),
                Err(TrySendError::Full(message)) => Err(message),
            },
        }
    }

    pub(crate) async fn deliver(&self, message: Outgoing) -> Result<(), Gone> {
        match self.deliver_now(message) {
            Ok(result) => result,
            Err(message) => match self {
                Self::Channel(sender) => sender.send(message).await.map_err(|_| Gone),
                Self::Log(_) => Ok(()),
            },
        }
    }
}
