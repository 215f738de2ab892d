//! Connections: what a client can hold without saying anything, HTTP/2, shutdown.

use std::time::Duration;

use pilothouse_gateway::mcp::serve::ServeLimits;
use reqwest::Client;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::server::{Events, Server, brisk, call, document, text};

#[tokio::test]
async fn a_client_that_never_asks_is_dropped() {
    let limits = ServeLimits { first_request: Duration::from_millis(50), ..ServeLimits::default() };
    let server = Server::with(brisk(), limits).await;
    for beginning in ["", "P", "POST /mcp HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut silent = TcpStream::connect(server.address).await.unwrap();
        silent.write_all(beginning.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // Ends because the server closes; a server that waits would hang the test.
        silent.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty(), "{beginning:?}");
    }
}

#[tokio::test]
async fn oversized_headers_are_refused() {
    let limits = ServeLimits { header_bytes: 8192, ..ServeLimits::default() };
    let server = Server::with(brisk(), limits).await;
    let request = server.modern("server/discover", json!({})).header("x-large", "x".repeat(10_000));
    assert_eq!(document(request).await.0, 431);
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let server = Server::start().await;
    let mut request = server.modern("server/discover", json!({}));
    for number in 0..ServeLimits::default().headers {
        request = request.header(format!("x-{number}"), "1");
    }
    assert_eq!(document(request).await.0, 431);
}

#[tokio::test]
async fn connections_are_bounded_and_the_rest_wait() {
    let limits = ServeLimits { connections: 1, ..ServeLimits::default() };
    let server = Server::with(brisk(), limits).await;
    let first = TcpStream::connect(server.address).await.unwrap();
    let waiting = tokio::spawn(document(server.modern("server/discover", json!({}))));
    drop(first);
    assert_eq!(waiting.await.unwrap().0, 200);
}

#[tokio::test]
async fn http_2_is_spoken_on_the_same_port() {
    let server = Server::start().await;
    let client = Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let mut request = server.modern("tools/call", call("who")).build().unwrap();
    *request.version_mut() = reqwest::Version::HTTP_2;
    let response = client.execute(request).await.unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(text(&response.json().await.unwrap()), "user:ann Modern");
}

#[tokio::test]
async fn a_shutdown_lets_requests_finish_and_ends_streams() {
    let mut server = Server::start().await;
    let session = server.initialize("2025-11-25", json!({})).await;
    let own = Events::of(session.request(reqwest::Method::GET).send().await.unwrap());
    let waiting = tokio::spawn(document(server.modern("tools/call", call("wait"))));
    assert_eq!(server.report().await, "started");

    let Server { shutdown, serving, endpoint, backend, .. } = server;
    drop(shutdown);
    endpoint.close();
    assert!(own.rest().await.is_empty(), "the session's stream ends");
    backend.go_on.notify_one();
    assert_eq!(waiting.await.unwrap().0, 200);
    serving.await.unwrap();
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let limits = ServeLimits { drain: Duration::from_millis(50), ..ServeLimits::default() };
    let mut server = Server::with(brisk(), limits).await;
    let waiting = tokio::spawn(server.modern("tools/call", call("wait")).send());
    assert_eq!(server.report().await, "started");
    drop(server.shutdown);
    server.serving.await.unwrap();
    drop(waiting);
}
