//! One request from arrival to answer, served where the answer is waited for.
//!
//! `rmcp`'s service loop serves a connection, with channels and tasks that one request has no use
//! for. So its handler is called directly; only a subscription, whose notifications `rmcp` sends
//! itself, gets a loop.

mod peer;
mod subscription;

use std::{mem, panic::AssertUnwindSafe, pin::pin};

use futures::{FutureExt as _, future::BoxFuture};
use rmcp::{
    model::{ClientRequest, ErrorData, GetExtensions as _, GetMeta as _, RequestId},
    service::{RequestContext, Service as _},
};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{context::Origin, handler::Handler, in_progress::Slot, voice::Voice};

/// A request that is ready to be served.
pub(crate) struct Exchange {
    pub(crate) id: RequestId,
    pub(crate) request: ClientRequest,
    pub(crate) origin: Origin,
    /// Cancelled when the client gives up. Also cancels itself when the exchange is over.
    pub(crate) cancel: CancellationToken,
    /// Held until the exchange is over.
    pub(crate) slot: Slot,
}

impl Exchange {
    /// Serves the request. Its client gets the answer, unless `cancel` comes first.
    pub(crate) fn start(self, handler: Handler) -> Underway {
        let Self { id, request, origin, cancel, slot } = self;
        let task = Task { id, voice: origin.voice.clone(), cancel, _slot: slot };
        match request {
            request @ ClientRequest::SubscriptionsListenRequest(_) => {
                subscription::start(task, request, origin, handler);
                Underway(None)
            }
            request => Underway(Some(task.serve(request, origin, handler).boxed())),
        }
    }
}

/// A request that is being served: on the task of whoever waits for its answer, and from when nobody
/// does on a task of its own. Most are answered while their connection waits, and a task would cost
/// them two changes of thread.
#[must_use = "dropped, it goes on by itself"]
pub(crate) struct Underway(Option<BoxFuture<'static, ()>>);

impl Underway {
    /// Goes on with the request until `answer` is there.
    pub(crate) async fn until<T>(mut self, answer: impl Future<Output = T>) -> T {
        let mut answer = pin!(answer);
        if let Some(serving) = &mut self.0 {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = serving => self.0 = None,
            }
        }
        answer.await
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        // Without a runtime the program is at its end.
        if let (Some(serving), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(serving);
        }
    }
}

/// An exchange under way. Dropping it, for whatever reason, ends what the client sees of it.
struct Task {
    id: RequestId,
    voice: Voice,
    cancel: CancellationToken,
    _slot: Slot,
}

impl Task {
    async fn serve(self, mut request: ClientRequest, origin: Origin, handler: Handler) {
        let version = origin.client.as_deref().map(|client| &client.protocol_version);
        let mut context = RequestContext::new(self.id.clone(), peer::of(version));
        context.ct = self.cancel.child_token();
        context.meta = mem::take(request.get_meta_mut());
        context.extensions = mem::take(request.extensions_mut());
        context.extensions.insert(origin);

        // On the heap, since a task is moved several times before it runs and this is 10 kB.
        let mut served = Box::pin(handler.handle_request(request, context));
        let mut served = AssertUnwindSafe(&mut served).catch_unwind();
        let result = tokio::select! {
            result = &mut served => result,
            () = self.cancel.cancelled() => {
                // Nobody listens any more, but what has begun is brought to its end.
                self.voice.end();
                drop(served.await);
                return;
            }
        };
        let result = result.unwrap_or_else(|_| {
            tracing::error!(id = %self.id, "serving a request failed unexpectedly");
            Err(ErrorData::internal_error("serving the request failed unexpectedly", None))
        });
        self.voice.answer(result).await;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.voice.end();
        self.cancel.cancel();
    }
}
