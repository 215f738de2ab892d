//! Accepting connections: HTTP/1.1 and HTTP/2 without TLS on one port, for MCP, gRPC and whatever
//! else the router serves.
//!
//! Bounds what a client can hold without sending a request: connections, header bytes, the time
//! until the headers are there. Bodies are bounded by whoever reads them.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Bounds on connections.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Open connections. More wait in the operating system's queue.
    pub connections: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// Bytes of one request's headers; not less than 8192.
    pub header_bytes: u32,
    /// Headers of one HTTP/1.1 request; those of HTTP/2 are bounded by their bytes.
    pub headers: usize,
    /// Time from connecting to the first complete headers.
    pub first_request: Duration,
    /// Time between two requests on one HTTP/1.1 connection.
    pub idle: Duration,
    /// How long requests in progress may take after a shutdown began.
    pub drain: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 2048,
            streams: 128,
            header_bytes: 32 * 1024,
            headers: 100,
            first_request: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            drain: Duration::from_secs(10),
        }
    }
}

/// The least that the HTTP/1.1 parser works with.
const SMALLEST_BUFFER: usize = 8192;

/// After a failure to accept, for instance for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until `shutdown`, then lets requests in progress finish within the drain time.
/// Each request carries its peer as `ConnectInfo<SocketAddr>`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServeLimits,
    shutdown: CancellationToken,
) {
    let builder = Arc::new(builder(&limits));
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = shutdown.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        let (Ok(place), Ok((stream, peer))) = (place, accepted) else {
            tracing::warn!("a connection could not be accepted");
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let connection = Connection {
            router: router.clone(),
            builder: Arc::clone(&builder),
            peer,
            first_request: limits.first_request,
        };
        connection.spawn(stream, graceful.watcher(), place);
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in progress at the end of the drain time");
    }
}

fn builder(limits: &ServeLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_headers(limits.headers)
        .max_buf_size((limits.header_bytes as usize).max(SMALLEST_BUFFER));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.header_bytes)
        .max_concurrent_streams(limits.streams)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

struct Connection {
    router: Router,
    builder: Arc<Builder<TokioExecutor>>,
    peer: SocketAddr,
    first_request: Duration,
}

impl Connection {
    fn spawn(
        self,
        stream: TcpStream,
        watcher: hyper_util::server::graceful::Watcher,
        place: OwnedSemaphorePermit,
    ) {
        // Without it every small event of a stream waits for the acknowledgement of the last.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let Self { router, builder, peer, first_request } = self;
        let arrived = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&arrived);
        let service = service_fn(move |mut request: Request<Incoming>| {
            mark.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request.map(Body::new))
        });
        tokio::spawn(async move {
            let _place = place;
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            let served = tokio::select! {
                served = watcher.watch(connection) => served,
                () = never_asked(&arrived, first_request) => return,
            };
            if let Err(error) = served {
                tracing::debug!(%peer, %error, "a connection ended badly");
            }
        });
    }
}

/// Resolves if no request has arrived in time.
async fn never_asked(arrived: &AtomicBool, patience: Duration) {
    tokio::time::sleep(patience).await;
    if arrived.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}
