//! Changes that clients hear about: over `subscriptions/listen` in the modern era, on the
//! session's own stream in the legacy era.

use std::sync::Arc;

use rmcp::{
    model::{
        ErrorData, PromptListChangedNotification, ResourceListChangedNotification,
        ResourceUpdatedNotification, ResourceUpdatedNotificationParam, ServerJsonRpcMessage,
        ServerNotification, SubscriptionFilter, ToolListChangedNotification,
    },
    service::SubscriptionContext,
};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::{
    backend::{Backend, Offer},
    context::RequestContext,
    outlet::Outgoing,
    session::Session,
};

/// Resources one modern subscription may name.
const RESOURCES: usize = 100;

/// Something a client may want to fetch again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Tools,
    Prompts,
    Resources,
    /// The content behind one URI.
    Resource(Arc<str>),
}

impl Change {
    fn notification(&self) -> ServerNotification {
        match self {
            Self::Tools => ToolListChangedNotification::default().into(),
            Self::Prompts => PromptListChangedNotification::default().into(),
            Self::Resources => ResourceListChangedNotification::default().into(),
            Self::Resource(uri) => ResourceUpdatedNotification::new(
                ResourceUpdatedNotificationParam::new(uri.as_ref()),
            )
            .into(),
        }
    }

    fn is_accepted_by(&self, filter: &SubscriptionFilter) -> bool {
        match self {
            Self::Tools => filter.tools_list_changed == Some(true),
            Self::Prompts => filter.prompts_list_changed == Some(true),
            Self::Resources => filter.resources_list_changed == Some(true),
            Self::Resource(uri) => filter
                .resource_subscriptions
                .as_ref()
                .is_some_and(|uris| uris.iter().any(|accepted| accepted == uri.as_ref())),
        }
    }
}

/// The part of `requested` that a subscription can have; `None` when the endpoint has none.
pub(crate) fn accepted(
    backend: &dyn Backend,
    requested: &SubscriptionFilter,
) -> Option<SubscriptionFilter> {
    backend.changes()?;
    let mut accepted = requested.clone();
    if let Some(uris) = &mut accepted.resource_subscriptions {
        uris.truncate(RESOURCES);
    }
    Some(accepted)
}

/// Serves one modern subscription until the client or the server ends it.
pub(crate) async fn listen(
    backend: &dyn Backend,
    context: &RequestContext,
    subscription: &SubscriptionContext,
    closing: &CancellationToken,
) -> Result<(), ErrorData> {
    let Some(mut changes) = backend.changes() else { return Ok(()) };
    let mut filter = subscription.accepted().clone();
    if let Some(uris) = &mut filter.resource_subscriptions {
        let mut visible = Vec::with_capacity(uris.len());
        for uri in uris.drain(..) {
            if backend.follow_resource(context, &uri).await.is_ok() {
                visible.push(uri);
            }
        }
        *uris = visible;
    }
    loop {
        let change = tokio::select! {
            change = changes.recv() => change,
            () = subscription.cancelled() => return Ok(()),
            () = closing.cancelled() => return Ok(()),
        };
        match change {
            Ok(change) if change.is_accepted_by(&filter) => {
                if subscription.sink().send(change.notification()).await.is_err() {
                    return Ok(());
                }
            }
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "a subscription missed changes");
            }
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Tells legacy sessions what changed, for as long as `sessions` yields any.
pub(crate) async fn announce(
    offers_list_changes: bool,
    mut changes: broadcast::Receiver<Change>,
    sessions: impl Fn() -> Option<Vec<Arc<Session>>>,
) {
    loop {
        let change = match changes.recv().await {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let Some(sessions) = sessions() else { return };
        let message = ServerJsonRpcMessage::notification(change.notification());
        let Ok(message) = Outgoing::new(&message) else { continue };
        for session in sessions {
            let wanted = match &change {
                Change::Resource(uri) => session.is_subscribed(uri),
                _ => offers_list_changes,
            };
            if wanted
                && session.client().is_some()
                && session.standalone().deliver_now(message.clone()).is_err()
            {
                tracing::debug!(session = %session.id, "a change could not be announced");
            }
        }
    }
}

/// Whether an endpoint of this kind has anything to announce.
pub(crate) fn announces(backend: &dyn Backend) -> bool {
    let about = backend.about();
    about.offers(Offer::ListChanges) || about.offers(Offer::ResourceUpdates)
}
