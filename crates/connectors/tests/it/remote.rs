//! HTTP to a platform on the network. `plan.diagnostics` stands for a read, `run.discard` for a
//! write that must not be repeated.

use std::{sync::atomic::Ordering, time::Duration};

use flate2::{Compression, write::GzEncoder};
use pilothouse_connectors::{
    Limits, Options, Transport,
    transport::{Credential, RemoteConfig},
};
use pilothouse_model::{Error, Kind};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, header, method, path},
};

use crate::{
    fake::{args, caller, connector},
    socket,
};

const READ: &str = "plan.diagnostics";
const WRITE: &str = "run.discard";

fn transport(server: &MockServer) -> Transport {
    socket::remote(*server.address())
}

async fn call_with(transport: Transport, limits: Limits, operation: &str) -> Result<Value, Error> {
    let options = Options { limits, ..Options::default() };
    connector(transport, options).call(&caller(), operation, args(json!({"id": "P 1/x"}))).await
}

async fn call(server: &MockServer, operation: &str) -> Result<Value, Error> {
    call_with(transport(server), Limits::default(), operation).await
}

async fn answers(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    server
}

/// First these answers, once each, then 200.
async fn after(first: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    for response in first {
        Mock::given(any()).respond_with(response).up_to_n_times(1).mount(&server).await;
    }
    let done = ResponseTemplate::new(200).set_body_json(json!({"done": true}));
    Mock::given(any()).respond_with(done).mount(&server).await;
    server
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn a_request_carries_the_instances_credential_and_nothing_of_the_caller() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/plans/P%201%2Fx/diagnostics"))
        .and(header("authorization", "Bearer instance-token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"diagnostics": []})))
        .mount(&server)
        .await;
    assert_eq!(call(&server, READ).await.unwrap(), json!({"diagnostics": []}));
    let received = &server.received_requests().await.unwrap()[0];
    let headers = format!("{:?}", received.headers);
    assert!(!headers.contains("tester"), "{headers}");
}

#[tokio::test]
async fn a_credential_under_another_header_is_sent_there() {
    let server = answers(ResponseTemplate::new(200)).await;
    let name = http::HeaderName::from_static("x-api-key");
    let credential = Credential::Header { name, value: "k3y".into() };
    let config = RemoteConfig::new(&server.uri(), credential, false).unwrap();
    call_with(config.into(), Limits::default(), READ).await.unwrap();
    let received = &server.received_requests().await.unwrap()[0];
    assert_eq!(received.headers["x-api-key"], "k3y");
    assert!(!received.headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_read_is_repeated_while_the_platform_is_not_ready() {
    let server =
        after(vec![ResponseTemplate::new(503), ResponseTemplate::new(502), limited("0")]).await;
    assert_eq!(call(&server, READ).await.unwrap(), json!({"done": true}));
    assert_eq!(requests(&server).await, 4);
}

fn limited(retry_after: &str) -> ResponseTemplate {
    ResponseTemplate::new(429).insert_header("retry-after", retry_after)
}

#[tokio::test]
async fn a_write_is_repeated_only_when_it_was_turned_away() {
    let server = after(vec![limited("0")]).await;
    assert_eq!(call(&server, WRITE).await.unwrap(), json!({"done": true}));
    assert_eq!(requests(&server).await, 2);

    let server = after(vec![ResponseTemplate::new(503)]).await;
    let error = call(&server, WRITE).await.unwrap_err();
    assert_eq!((error.kind, requests(&server).await), (Kind::Unavailable, 1));
    assert!(error.hint.unwrap().contains("may have done it"));
}

#[tokio::test]
async fn a_long_wish_to_wait_is_passed_on_instead_of_granted() {
    let server = answers(limited("3600")).await;
    let error = call(&server, READ).await.unwrap_err();
    assert_eq!((error.kind, requests(&server).await), (Kind::Limited, 1));
    assert_eq!(error.hint.as_deref(), Some("the platform asks to wait 3600 s"));
}

#[tokio::test]
async fn an_error_keeps_status_and_message_but_no_page() {
    let html = "<html><head><title>Gate</title></head><body>internal-host-17</body></html>";
    let detail = ResponseTemplate::new(409).set_body_json(json!({"detail": "run is applied"}));
    let page = ResponseTemplate::new(500).set_body_raw(html, "text/html");
    let wrong = ResponseTemplate::new(200).set_body_raw(html, "text/html");
    for (response, kind, message) in [
        (detail, Kind::Conflict, "tharsis answered 409: run is applied"),
        (page, Kind::Upstream, "tharsis answered 500: a web page, \"Gate\""),
        (wrong, Kind::Upstream, "tharsis answered with a web page titled \"Gate\""),
    ] {
        let error = call(&answers(response).await, READ).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
    }
}

#[tokio::test]
async fn an_answer_cut_in_half_is_an_error_and_repeated_for_reads_only() {
    let half =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"a\"";
    for (operation, attempts) in [(READ, 4), (WRITE, 1)] {
        let (address, count) = socket::raw(half, true).await;
        let error = call_with(socket::remote(address), Limits::default(), operation).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, Kind::Unavailable);
        assert!(error.message.contains("broke before its answer was complete"), "{error}");
        assert_eq!(count.load(Ordering::SeqCst), attempts, "{operation}");
    }
}

#[tokio::test]
async fn the_timeout_covers_the_body() {
    let slow = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let (address, count) = socket::raw(slow, false).await;
    let limits = Limits { timeout: Duration::from_millis(300), ..Limits::default() };
    let error = call_with(socket::remote(address), limits, READ).await.unwrap_err();
    assert_eq!(error.message, "tharsis did not answer completely within 0.3 s");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_size_limit_counts_what_comes_out_of_compression() {
    let body = json!({"text": "x".repeat(10_000)}).to_string();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    std::io::Write::write_all(&mut gzip, body.as_bytes()).unwrap();
    let zipped = gzip.finish().unwrap();
    assert!(zipped.len() < 1000);
    let response = ResponseTemplate::new(200)
        .insert_header("content-encoding", "gzip")
        .set_body_raw(zipped, "application/json");
    let server = answers(response).await;
    assert_eq!(call(&server, READ).await.unwrap()["text"].as_str().unwrap().len(), 10_000);
    let limits = Limits { max_response_bytes: 1000, ..Limits::default() };
    let error = call_with(transport(&server), limits, READ).await.unwrap_err();
    assert_eq!(error.kind, Kind::Limited);
    assert_eq!(error.message, "the answer of tharsis exceeds 1000 bytes");
    let error = call_with(transport(&server), limits, WRITE).await.unwrap_err();
    assert!(!error.changed_nothing, "it was carried out before its answer was too long");
    assert!(error.hint.unwrap().contains("may have done it"));
}

#[tokio::test]
async fn a_redirect_never_leaves_the_platform() {
    let elsewhere =
        answers(ResponseTemplate::new(200).set_body_json(json!({"stolen": true}))).await;
    let away = ResponseTemplate::new(302).insert_header("location", elsewhere.uri().as_str());
    let error = call(&answers(away).await, READ).await.unwrap_err();
    assert!(error.message.contains("answered 302"), "{error}");
    assert_eq!(requests(&elsewhere).await, 0);

    let within = || ResponseTemplate::new(307).insert_header("location", "/elsewhere");
    let server = after(vec![within()]).await;
    assert_eq!(call(&server, READ).await.unwrap(), json!({"done": true}));
    assert_eq!(server.received_requests().await.unwrap()[1].url.path(), "/elsewhere");
    let server = after(vec![within()]).await;
    assert!(call(&server, WRITE).await.is_err(), "a write is not sent elsewhere");
    let error = call(&answers(within()).await, READ).await.unwrap_err();
    assert!(error.message.contains("redirects in a circle"), "{error}");
}

#[tokio::test]
async fn nobody_there_is_said_in_words_without_the_address() {
    let address = socket::nobody().await;
    let error = call_with(socket::remote(address), Limits::default(), WRITE).await.unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (Kind::Unavailable, "cannot connect to tharsis")
    );
}

#[tokio::test]
async fn connections_are_reused() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let peers = std::sync::Arc::clone(&seen);
    let handler = move |axum::extract::ConnectInfo(peer): axum::extract::ConnectInfo<
        std::net::SocketAddr,
    >| {
        peers.lock().unwrap().insert(peer);
        std::future::ready(axum::Json(json!({})))
    };
    let router = axum::Router::new().fallback(handler);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let connector = connector(socket::remote(address), Options::default());
    for _ in 0..5 {
        connector.call(&caller(), READ, args(json!({"id": "P"}))).await.unwrap();
    }
    assert_eq!(seen.lock().unwrap().len(), 1);
}
