//! A platform in this process: its router as a service, and the caller as a typed extension that
//! no network request can set.

use std::{convert::Infallible, fmt};

use bytes::Bytes;
use pilothouse_model::Caller;
use tonic::body::Body;
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

/// Cheap to clone; each request goes to its own clone of the service.
#[derive(Clone)]
pub struct Embedded {
    service: BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Infallible>,
}

impl Embedded {
    /// `service` is usually an `axum::Router`.
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let service = service.map_response(|response: http::Response<B>| response.map(Body::new));
        Self { service: BoxCloneSyncService::new(service) }
    }

    /// The service as a gRPC client sees it.
    pub(super) fn service(
        &self,
    ) -> BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Infallible> {
        self.service.clone()
    }

    /// Sends one HTTP request in the caller's name.
    pub(super) async fn send(
        &self,
        caller: &Caller,
        mut request: http::Request<Body>,
    ) -> http::Response<Body> {
        request.extensions_mut().insert(caller.clone());
        match self.service().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}
