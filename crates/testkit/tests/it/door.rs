//! The network door: no token, no answer; no forged host or origin either.

use pilothouse_testkit::TestApp;
use serde_json::json;

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
