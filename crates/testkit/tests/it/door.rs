//! The network door: no token, no answer; no forged host or origin either.

use pilothouse_testkit::TestApp;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[tokio::test]
async fn every_path_but_health_needs_the_token() {
    let app = TestApp::start(&[]).await;
    let http = reqwest::Client::builder().build().unwrap();
    for path in
        ["/mcp", "/mcp/tharsis", "/platforms/tharsis/v1/plans/x/diff", "/tfe/v2/ping", "/nothing"]
    {
        for token in [None, Some("wrong"), Some("plt_wrong")] {
            let mut request = http.post(app.url(path)).json(&json!({}));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 401, "{path} with {token:?}");
            let challenge = response.headers()["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
        }
    }
    for path in ["/health", "/ready"] {
        assert_eq!(http.get(app.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
    app.stop().await;
}

#[tokio::test]
async fn an_address_that_sends_too_much_waits_before_its_token_is_looked_at() {
    let variables = [
        ("PILOTHOUSE_REQUESTS_PER_MINUTE", "2"),
        ("PILOTHOUSE_BEHIND_PROXY", "true"),
        ("PILOTHOUSE_ALLOWED_HOSTS", "localhost"),
    ];
    let app = TestApp::start(&variables).await;
    let http = reqwest::Client::builder().build().unwrap();
    let ask = |path: &str, from: &str, token: &str| {
        let request = http.post(app.url(path)).header("x-forwarded-for", from);
        request.bearer_auth(token).json(&json!({})).send()
    };
    for token in ["wrong", app.token()] {
        let status = ask("/mcp", "192.0.2.1", token).await.unwrap().status();
        assert_ne!(status, 429, "{token}");
    }
    for (path, token) in [("/mcp", app.token()), ("/mcp/tharsis", "wrong"), ("/mcp/none", "")] {
        let answer = ask(path, "192.0.2.1", token).await.unwrap();
        assert_eq!(answer.status(), 429, "{path}");
        let seconds: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=30).contains(&seconds), "{seconds}");
        let message = answer.text().await.unwrap();
        assert!(message.contains("more than 2 requests a minute from 192.0.2.1"), "{message}");
        assert!(message.contains("PILOTHOUSE_REQUESTS_PER_MINUTE"), "{message}");
    }
    assert_ne!(ask("/mcp", "192.0.2.2", app.token()).await.unwrap().status(), 429);
    for path in ["/health", "/platforms/tharsis/v1/plans/x/diff"] {
        assert_ne!(ask(path, "192.0.2.1", app.token()).await.unwrap().status(), 429, "{path}");
    }
    app.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_says_why_and_a_slash_is_no_other() {
    let app = TestApp::start(&[]).await;
    let absent = app.rpc("/mcp/harness", "tools/list", json!({})).await;
    assert_eq!(absent.status, 404);
    let why = absent.body["error"]["message"].as_str().unwrap();
    assert!(why.contains("HARNESS_API_KEY"), "{why}");
    for path in ["/mcp", "/mcp/", "/mcp/tharsis/"] {
        assert_eq!(app.rpc(path, "tools/list", json!({})).await.status, 200, "{path}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_forged_host_or_origin_is_refused_everywhere() {
    let app = TestApp::start(&[]).await;
    let http = reqwest::Client::builder().build().unwrap();
    for path in ["/mcp", "/platforms/tharsis/v1/plans/x/diff", "/oauth/userinfo", "/health"] {
        for (name, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
            let request = http.get(app.url(path)).bearer_auth(app.token()).header(name, value);
            let status = request.send().await.unwrap().status();
            assert_eq!(status, 403, "{path} with {name} {value}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn pages_that_are_let_in_are_told_so_and_others_are_not() {
    let app = TestApp::start(&[("PILOTHOUSE_ALLOWED_ORIGINS", "https://ops.example")]).await;
    let http = reqwest::Client::builder().build().unwrap();
    let preflight = |origin: Option<&'static str>| {
        let asked = http
            .request(reqwest::Method::OPTIONS, app.url("/mcp"))
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, mcp-session-id");
        match origin {
            Some(origin) => asked.header("origin", origin).send(),
            None => asked.send(),
        }
    };
    let told = preflight(Some("https://ops.example")).await.unwrap();
    assert_eq!(told.status(), 204);
    for (name, expected) in [
        ("access-control-allow-origin", "https://ops.example"),
        ("access-control-allow-methods", "GET, POST, DELETE, OPTIONS"),
        ("access-control-allow-headers", "authorization, mcp-session-id"),
        ("vary", "origin"),
    ] {
        assert_eq!(told.headers()[name], expected, "{name}");
    }
    assert!(!told.headers().contains_key("access-control-allow-credentials"));
    let stranger = preflight(Some("https://evil.example")).await.unwrap();
    assert_eq!(stranger.status(), 403);
    assert!(!stranger.headers().contains_key("access-control-allow-origin"));
    assert_eq!(preflight(None).await.unwrap().status(), 204);

    let page = http.post(app.url("/mcp")).header("origin", "https://ops.example");
    let refused = page.json(&json!({})).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], "https://ops.example");
    let readable = refused.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(readable.contains("mcp-session-id") && readable.contains("www-authenticate"));
    app.stop().await;
}

/// Sends `requests` one after the other on one connection; gives the answers' heads until it ends
/// or as many answers came.
async fn answers(app: &TestApp, requests: &[String]) -> Vec<String> {
    let address = app.url("");
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let mut answers = Vec::new();
    for request in requests {
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap() == 1 {
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head
            .split_once("content-length: ")
            .map_or(0, |(_, rest)| rest.split("\r\n").next().unwrap().parse().unwrap());
        stream.read_exact(&mut vec![0; length]).await.unwrap();
        answers.push(head);
    }
    answers
}

#[tokio::test]
async fn a_refusal_leaves_the_connection_usable_or_says_that_it_does_not() {
    let app = TestApp::start(&[]).await;
    let host = app.url("").replace("http://", "");
    let request = |length: usize, body: &str| {
        format!("POST /mcp HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    let whole = request(2, "{}");
    let found = answers(&app, &[whole.clone(), whole]).await;
    assert!(found.iter().all(|head| head.starts_with("http/1.1 401")), "{found:?}");
    assert!(!found[0].contains("connection: close"), "{found:?}");
    let [never_ends] = &answers(&app, &[request(9, "{}")]).await[..] else { panic!("no answer") };
    assert!(never_ends.contains("connection: close"), "{never_ends}");
    app.stop().await;
}
