//! What works.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use pilothouse_testkit::operate;
use serde_json::{Value, json};

use super::browser::{Browser, CALLBACK, PASSWORD, VERIFIER};

#[tokio::test]
async fn a_client_finds_its_way_from_the_refusal_to_a_tool() {
    let browser = Browser::start().await;
    let app = &browser.app;
    let refused = browser.http.post(app.url("/mcp")).json(&json!({})).send().await.unwrap();
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let document = app.url("/.well-known/oauth-protected-resource/mcp");
    assert!(challenge.contains(&format!("resource_metadata=\"{document}\"")), "{challenge}");
    assert!(
        challenge.contains("scope=\"mcp:read\"") && !challenge.contains("error"),
        "{challenge}"
    );

    let get = async |url: String| -> Value {
        browser.http.get(url).send().await.unwrap().json().await.unwrap()
    };
    for path in ["", "/mcp/tharsis", "/mcp/harness"] {
        let at = format!("/.well-known/oauth-protected-resource{path}");
        let described = get(app.url(&at)).await;
        assert_eq!(described["resource"], app.url(path));
        let refused = browser.http.post(app.url(path)).json(&json!({})).send().await.unwrap();
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains(&format!("\"{}\"", app.url(&at))), "{path}: {challenge}");
    }
    let resource = get(document).await;
    assert_eq!(resource["resource"], app.url("/mcp"));
    let base = resource["authorization_servers"][0].as_str().unwrap().to_owned();
    let server = get(format!("{base}/.well-known/oauth-authorization-server")).await;
    assert_eq!(server["issuer"], base.as_str());
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(get(format!("{base}/.well-known/openid-configuration")).await, server);

    browser.set_up().await;
    let client = browser.register().await;
    let url = browser.authorize_url(&client, &[]);
    let page = browser.get(&url).await.text().await.unwrap();
    for shown in ["Claude &lt;b&gt;", "mcp:read", "jo", CALLBACK, "/mcp"] {
        let shown = shown.replace('/', "&#x2f;");
        assert!(page.contains(&shown), "{shown} in {page}");
    }
    let code = browser.consent(&url).await;
    let (status, issued) = browser.exchange(&client, &code).await;
    assert_eq!(status, 200, "{issued}");
    assert_eq!((&issued["token_type"], &issued["scope"]), (&json!("Bearer"), &json!("mcp:read")));
    let token = issued["access_token"].as_str().unwrap();
    assert_eq!(browser.read(token).await, 200);
    let keys = get(app.url("/oauth/jwks")).await;
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
    assert!(keys["keys"][0].get("d").is_none());

    let (status, refreshed) = browser.refresh(&client, &issued["refresh_token"]).await;
    assert_eq!(status, 200, "{refreshed}");
    assert_ne!(refreshed["refresh_token"], issued["refresh_token"]);
    assert_eq!(browser.read(refreshed["access_token"].as_str().unwrap()).await, 200);
    browser.app.stop().await;
}

#[tokio::test]
async fn a_write_with_a_reading_token_is_told_all_scopes_it_needs() {
    let browser = Browser::start().await;
    browser.set_up().await;
    let client = browser.register().await;
    let code = browser.consent(&browser.authorize_url(&client, &[])).await;
    let (_, issued) = browser.exchange(&client, &code).await;
    let token = issued["access_token"].as_str().unwrap();
    let group = json!({"resource_type": "tharsis.group", "body": {"name": "g"}});
    let (status, challenge) = browser.call(token, "infra_create", group.clone()).await;
    assert_eq!(status, 403);
    for part in
        ["error=\"insufficient_scope\"", "scope=\"mcp:read mcp:write\"", "resource_metadata="]
    {
        assert!(challenge.contains(part), "{challenge}");
    }
    let (status, told) = in_session(&browser, token, "infra_create", &group).await;
    assert_eq!((status, told.as_str()), (403, challenge.as_str()), "and in a session");
    let list = json!({"resource_type": "tharsis.group"});
    assert_eq!(in_session(&browser, token, "infra_list", &list).await.0, 200);
    let url = browser.authorize_url(&client, &[("scope", "mcp:read mcp:write")]);
    let code = browser.consent(&url).await;
    let (_, issued) = browser.exchange(&client, &code).await;
    let token = issued["access_token"].as_str().unwrap();
    assert_eq!(browser.call(token, "infra_create", group).await.0, 200);
    browser.app.stop().await;
}

/// The status and challenge of a tool call by a client of the legacy era.
async fn in_session(
    browser: &Browser,
    token: &str,
    tool: &str,
    arguments: &Value,
) -> (u16, String) {
    let post = async |session: Option<&str>, method: &str, params: Value| {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let request = browser.http.post(browser.app.url("/mcp")).bearer_auth(token).json(&message);
        let request = request.header("accept", "application/json, text/event-stream");
        match session {
            Some(id) => request.header("mcp-session-id", id).send().await.unwrap(),
            None => request.send().await.unwrap(),
        }
    };
    let client = json!({"name": "x", "version": "1"});
    let params = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
    let opened = post(None, "initialize", params).await;
    let session = opened.headers()["mcp-session-id"].to_str().unwrap();
    let params = json!({"name": tool, "arguments": arguments});
    let answer = post(Some(session), "tools/call", params).await;
    let challenge = answer.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), challenge.unwrap_or_default())
}

#[tokio::test]
async fn a_reading_token_writes_nowhere_and_a_missing_role_is_no_missing_scope() {
    let browser = Browser::start_with(&[("PILOTHOUSE_AUTO_APPROVE", "all")]).await;
    browser.set_up().await;
    let app = &browser.app;
    let group = json!({"resource_type": "tharsis.group", "body": {"name": "acme"}});
    app.ok("infra_create", group.clone()).await;
    let service = ["accounts", "service", "create", "acme/ci", "--json"];
    let made: Value = serde_json::from_str(&operate(&app.data(), &service).1).unwrap();
    let [id, secret] = ["client_id", "client_secret"].map(|name| made[name].as_str().unwrap());
    let rotate = format!("/platforms/tharsis/v1/serviceaccounts/{id}/rotate");
    let client = browser.register().await;
    let token = async |scope: &str| {
        // Good for everything that is served here, not only for MCP.
        let url = browser.authorize_url(&client, &[("scope", scope), ("resource", "")]);
        let code = browser.consent(&url).await;
        browser.exchange(&client, &code).await.1["access_token"].as_str().unwrap().to_owned()
    };
    let post = async |token: &str| {
        let answer = browser.http.post(app.url(&rotate)).bearer_auth(token).send().await.unwrap();
        let challenge = answer.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge.unwrap_or_default())
    };
    for (scope, needed) in [
        ("mcp:read", "mcp:read mcp:write"),
        ("tharsis:read", "tharsis:read tharsis:write"),
        ("harness:write", "mcp:read mcp:write harness:write"),
    ] {
        let token = token(scope).await;
        let needed = format!("scope=\"{needed}\", error=\"insufficient_scope\"");
        let (status, challenge) = post(&token).await;
        assert!(status == 403 && challenge.ends_with(&needed), "{scope}: {status} {challenge}");
        let (status, challenge) = browser.call(&token, "infra_create", group.clone()).await;
        assert!(status == 403 && challenge.ends_with(&needed), "{scope}: {status} {challenge}");
    }
    let (_, audit) = operate(&app.data(), &["audit", "--json"]);
    assert!(audit.contains("scope: tharsis.service_account.rotate needs a token"), "{audit}");
    assert_eq!(post(&token("tharsis:write").await).await.0, 200);

    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let (_, issued) = browser.token(&form).await;
    let (status, challenge) = post(issued["access_token"].as_str().unwrap()).await;
    assert_eq!((status, challenge.as_str()), (403, ""), "no other token would help");
    browser.app.stop().await;
}

#[tokio::test]
async fn people_sign_in_and_out() {
    let browser = Browser::start().await;
    browser.set_up().await;
    let (console, at) = (browser.app.url("/console"), browser.app.url("/oauth/sign-in"));
    assert_eq!(browser.get(&at).await.headers()["location"], "/console", "there is nothing to do");
    let page = browser.get(&console).await.text().await.unwrap();
    assert!(page.contains("signed in as jo"), "{page}");
    assert_eq!(browser.submit("/oauth/sign-out", &page, &[]).await.status(), 200);
    assert_eq!(browser.get(&console).await.headers()["location"], "/oauth/sign-in");
    let page = browser.get(&at).await.text().await.unwrap();
    assert!(page.contains("Password"), "{page}");

    let wrong = [("name", "jo"), ("password", "wrong password"), ("next", "https://evil.example")];
    assert_eq!(browser.submit("/oauth/sign-in", &page, &wrong).await.status(), 401);
    let right = [("name", "Jo"), ("password", PASSWORD), ("next", "https://evil.example")];
    let entered = browser.submit("/oauth/sign-in", &page, &right).await;
    assert_eq!(entered.headers()["location"], "/console", "never to another site");
    browser.app.stop().await;
}

#[tokio::test]
async fn people_sign_in_for_a_client_that_an_operator_made() {
    let browser = Browser::start().await;
    browser.set_up().await;
    let back = "https://console.example.com/callback";
    let create = ["clients", "create", "aws", "--redirect", back, "--json"];
    let made: Value = serde_json::from_str(&operate(&browser.app.data(), &create).1).unwrap();
    let [id, secret] = ["client_id", "client_secret"].map(|name| made[name].as_str().unwrap());
    let url = browser.authorize_url(id, &[("redirect_uri", back)]);
    for (with, expected) in [(secret, 200), ("pls_wrong", 401), ("", 401)] {
        let code = browser.consent(&url).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", id),
            ("client_secret", with),
            ("code", &code),
            ("redirect_uri", back),
            ("code_verifier", VERIFIER),
        ];
        let (status, issued) = browser.token(&form).await;
        assert_eq!(status, expected, "{with:?}: {issued}");
        if expected == 200 {
            assert_eq!(browser.read(issued["access_token"].as_str().unwrap()).await, 200);
            assert!(issued["refresh_token"].is_string(), "{issued}");
        }
    }
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    assert_eq!(browser.token(&form).await.1["error"], "unauthorized_client", "never by itself");
    let other = browser.authorize_url(id, &[("redirect_uri", CALLBACK)]);
    assert_eq!(browser.get(&other).await.status(), 400);
    browser.app.stop().await;
}

#[tokio::test]
async fn over_tls_a_browsers_cookie_is_for_this_host_alone() {
    let public = ("PILOTHOUSE_PUBLIC_URL", "https://ops.example.com");
    for (variables, expected) in [(&[public][..], "__Host-pilothouse="), (&[][..], "pilothouse=")] {
        let browser = Browser::start_with(variables).await;
        let page = browser.get(&browser.app.url("/oauth/sign-in")).await;
        let cookie = page.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with(expected) && cookie.contains("; Path=/;"), "{cookie}");
        assert_eq!(cookie.ends_with("; Secure"), !variables.is_empty(), "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");
        browser.app.stop().await;
    }
}

#[tokio::test]
async fn a_client_that_asks_learns_who_consented() {
    let browser = Browser::start().await;
    browser.set_up().await;
    let client = browser.register().await;
    let asked = [("scope", "openid mcp:read"), ("nonce", "n-1")];
    let code = browser.consent(&browser.authorize_url(&client, &asked)).await;
    let (status, issued) = browser.exchange(&client, &code).await;
    assert_eq!((status, &issued["scope"]), (200, &json!("openid mcp:read")), "{issued}");
    let token = issued["id_token"].as_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    for (name, expected) in [
        ("iss", browser.app.url("")),
        ("sub", "user:jo".to_owned()),
        ("aud", client.clone()),
        ("nonce", "n-1".to_owned()),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }
    assert_eq!(browser.read(token).await, 401, "it opens nothing");
    let code = browser.consent(&browser.authorize_url(&client, &[])).await;
    assert!(browser.exchange(&client, &code).await.1.get("id_token").is_none());
    let long = "n".repeat(513);
    let asked = [("scope", "openid"), ("nonce", long.as_str())];
    let answer = browser.get(&browser.authorize_url(&client, &asked)).await;
    assert!(answer.headers()["location"].to_str().unwrap().contains("invalid_request"));
    browser.app.stop().await;
}
