//! Servers on loopback sockets, for what no mock library does: answers that break or never end.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::Router;
use pilothouse_connectors::{
    Transport,
    transport::{Credential, RemoteConfig},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// A remote transport to this address, with a bearer token.
pub(crate) fn remote(address: SocketAddr) -> Transport {
    let credential = Credential::Bearer("instance-token".into());
    let url = format!("http://{address}");
    RemoteConfig::new(&url, credential, false).unwrap().into()
}

/// Serves a router over HTTP/1 and HTTP/2 until the test ends.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// Writes `answer` to every request, then closes the connection, or keeps it open for ever.
/// Counts the requests.
pub(crate) async fn raw(answer: &'static [u8], close: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_raw(stream, answer, close, Arc::clone(&counted)));
        }
    });
    (address, count)
}

async fn answer_raw(
    mut stream: TcpStream,
    answer: &'static [u8],
    close: bool,
    count: Arc<AtomicUsize>,
) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    count.fetch_add(1, Ordering::SeqCst);
    stream.write_all(answer).await.unwrap();
    if !close {
        std::future::pending::<()>().await;
    }
}

/// An address at which nothing listens.
pub(crate) async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
