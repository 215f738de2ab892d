//! `subscriptions/listen` on a service loop of `rmcp`: a transport that carries one request in, and
//! its notifications and its answer out.

use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage, ServerJsonRpcMessage},
    service::serve_directly_with_ct,
    transport::Transport,
};
use tokio_util::sync::CancellationToken;

use super::{Origin, Task};
use crate::mcp::{
    handler::Handler,
    voice::{Undeliverable, Voice},
};

pub(super) fn start(task: Task, request: ClientRequest, origin: Origin, handler: Handler) {
    let client = origin.client.as_deref().cloned();
    let mut request = ClientJsonRpcMessage::request(request, task.id.clone());
    request.insert_extension(origin);
    let wire = Wire {
        voice: task.voice.clone(),
        request: Some(request),
        answered: CancellationToken::new(),
    };
    let service = serve_directly_with_ct(handler, wire, client, task.cancel.clone());
    // Dropping the service would cancel it.
    tokio::spawn(async move {
        if let Err(error) = service.waiting().await {
            tracing::error!(%error, "a subscription's service loop failed");
        }
        drop(task);
    });
}

struct Wire {
    voice: Voice,
    request: Option<ClientJsonRpcMessage>,
    answered: CancellationToken,
}

impl Transport<RoleServer> for Wire {
    type Error = Undeliverable;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let ends = matches!(message, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_));
        let (voice, answered) = (self.voice.clone(), self.answered.clone());
        // Deliver before returning where possible: futures of several messages run concurrently.
        let delivery = voice.say_now(&message);
        async move {
            let result = match delivery {
                Ok(result) => result,
                Err(waiting) => voice.deliver(waiting).await,
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
        self.answered.cancelled().await;
        None
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
