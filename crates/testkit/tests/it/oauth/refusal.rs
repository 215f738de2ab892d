//! What must not work.

use pilothouse_access::people;
use pilothouse_model::Timestamp;
use serde_json::{Value, json};

use super::browser::{Browser, CALLBACK, VERIFIER};

/// A browser that is signed in, a client, and what it was issued.
async fn issued() -> (Browser, String, Value) {
    let browser = Browser::start().await;
    browser.set_up().await;
    let client = browser.register().await;
    let code = browser.consent(&browser.authorize_url(&client, &[])).await;
    let (status, issued) = browser.exchange(&client, &code).await;
    assert_eq!(status, 200, "{issued}");
    (browser, client, issued)
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_family() {
    let (browser, client, issued) = issued().await;
    let (_, refreshed) = browser.refresh(&client, &issued["refresh_token"]).await;
    let token = refreshed["access_token"].as_str().unwrap();
    assert_eq!(browser.read(token).await, 200);
    let (status, error) = browser.refresh(&client, &issued["refresh_token"]).await;
    assert_eq!((status, &error["error"]), (400, &json!("invalid_grant")));
    assert_eq!(browser.read(token).await, 401);
    assert_eq!(browser.refresh(&client, &refreshed["refresh_token"]).await.0, 400);
    browser.app.stop().await;
}

#[tokio::test]
async fn a_replayed_code_ends_what_came_of_it() {
    let (browser, client, _) = issued().await;
    let code = browser.consent(&browser.authorize_url(&client, &[])).await;
    let (_, issued) = browser.exchange(&client, &code).await;
    let token = issued["access_token"].as_str().unwrap();
    assert_eq!(browser.read(token).await, 200);
    let (status, error) = browser.exchange(&client, &code).await;
    assert_eq!((status, &error["error"]), (400, &json!("invalid_grant")));
    assert_eq!(browser.read(token).await, 401);
    browser.app.stop().await;
}

#[tokio::test]
async fn a_code_is_good_for_its_client_verifier_and_address_only() {
    let (browser, client, _) = issued().await;
    let other = browser.register().await;
    for (client_id, redirect, verifier) in [
        (&client, CALLBACK, "x".repeat(43)),
        (&client, "http://127.0.0.1:5556/callback", VERIFIER.to_owned()),
        (&other, CALLBACK, VERIFIER.to_owned()),
    ] {
        let code = browser.consent(&browser.authorize_url(&client, &[])).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", &code),
            ("redirect_uri", redirect),
            ("code_verifier", &verifier),
        ];
        let (status, error) = browser.token(&form).await;
        assert_eq!(
            (status, &error["error"]),
            (400, &json!("invalid_grant")),
            "{redirect} {verifier}"
        );
        assert_eq!(browser.exchange(&client, &code).await.0, 400, "and it is used up");
    }
    browser.app.stop().await;
}

#[tokio::test]
async fn authorization_requests_are_checked() {
    let (browser, client, _) = issued().await;
    for (name, value, error) in [
        ("redirect_uri", "https://evil.example/", None),
        ("redirect_uri", "http://127.0.0.1:5555/callback/x", None),
        ("redirect_uri", "", None),
        ("client_id", "unknown", None),
        ("response_type", "token", Some("unsupported_response_type")),
        ("code_challenge", "", Some("invalid_request")),
        ("code_challenge_method", "plain", Some("invalid_request")),
        ("code_challenge_method", "", Some("invalid_request")),
        ("resource", "https://evil.example/mcp", Some("invalid_target")),
    ] {
        let answer = browser.get(&browser.authorize_url(&client, &[(name, value)])).await;
        match error {
            None => assert_eq!(answer.status(), 400, "{name}={value}: nobody is sent anywhere"),
            Some(error) => {
                let to = answer.headers()["location"].to_str().unwrap();
                assert!(to.starts_with(CALLBACK), "{to}");
                assert!(to.contains(&format!("error={error}")) && to.contains("iss="), "{to}");
            }
        }
    }
    let doubled = format!("{}&scope=x", browser.authorize_url(&client, &[]));
    assert_eq!(browser.get(&doubled).await.status(), 400);
    browser.app.stop().await;
}

#[tokio::test]
async fn consent_needs_the_form_of_this_browser() {
    let (browser, client, _) = issued().await;
    let url = browser.authorize_url(&client, &[]);
    let query = url.split_once('?').unwrap().1.to_owned();
    let form = [("request", query.as_str()), ("answer", "allow")];
    let forged = "<input name=\"csrf\" value=\"0000\">";
    for page in ["", forged] {
        assert_eq!(browser.submit("/oauth/authorize", page, &form).await.status(), 403, "{page}");
    }
    let page = browser.get(&url).await.text().await.unwrap();
    let denied = [("request", query.as_str()), ("answer", "deny")];
    let denied = browser.submit("/oauth/authorize", &page, &denied).await;
    let to = denied.headers()["location"].to_str().unwrap();
    assert!(to.contains("error=access_denied") && !to.contains("code="), "{to}");
    browser.app.stop().await;
}

#[tokio::test]
async fn a_token_opens_its_resource_only_and_never_from_a_query() {
    let (browser, client, issued) = issued().await;
    let token = issued["access_token"].as_str().unwrap();
    let app = &browser.app;
    let at = |path: &str| browser.http.post(app.url(path)).json(&json!({}));
    let elsewhere = at("/platforms/tharsis/v1/x").bearer_auth(token).send().await.unwrap();
    assert_eq!(elsewhere.status(), 401, "issued for /mcp");
    let query = at(&format!("/mcp?access_token={token}")).bearer_auth(token).send().await.unwrap();
    assert_eq!(query.status(), 401);
    for bent in [format!("{token}x"), token.replace('.', "_"), "a.b.c".to_owned()] {
        let refused = at("/mcp").bearer_auth(&bent).send().await.unwrap();
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    let revoked = browser
        .post("/oauth/revoke", &[("client_id", client.as_str()), ("token", token)])
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), 200);
    assert_eq!(browser.read(token).await, 401);
    browser.app.stop().await;
}

#[tokio::test]
async fn a_disabled_account_loses_its_tokens() {
    let (browser, client, issued) = issued().await;
    let store = &browser.app.running().product().store;
    people::set_disabled(store, "jo", true, Timestamp::now()).await.unwrap();
    assert_eq!(browser.refresh(&client, &issued["refresh_token"]).await.0, 400);
    let url = browser.authorize_url(&client, &[]);
    assert_eq!(browser.get(&url).await.status(), 303, "to the sign-in page");
    browser.app.stop().await;
}

#[tokio::test]
async fn guessing_passwords_gets_slower() {
    let (browser, ..) = issued().await;
    let page = browser.get(&browser.app.url("/console")).await.text().await.unwrap();
    browser.submit("/oauth/sign-out", &page, &[]).await;
    let page = browser.get(&browser.app.url("/oauth/sign-in")).await.text().await.unwrap();
    let attempt = async |name: &str, password: &str| {
        let form = [("name", name), ("password", password)];
        browser.submit("/oauth/sign-in", &page, &form).await.status().as_u16()
    };
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(attempt("jo", "wrong password").await);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(statuses.starts_with(&[401; 5]), "{statuses:?}");
    // One password, tried with one name after the other, from the same address.
    let mut statuses = Vec::new();
    for name in 0..12 {
        statuses.push(attempt(&format!("name{name}"), "correct horse").await);
    }
    assert!(statuses.starts_with(&[401]) && statuses.contains(&429), "{statuses:?}");
    browser.app.stop().await;
}

#[tokio::test]
async fn registration_and_client_credentials_are_bounded() {
    let browser = Browser::start().await;
    let register = async |metadata: Value| {
        let request = browser.http.post(browser.app.url("/oauth/register")).json(&metadata);
        request.send().await.unwrap().status().as_u16()
    };
    for metadata in [
        json!({}),
        json!({"redirect_uris": []}),
        json!({"redirect_uris": ["http://evil.example/"]}),
        json!({"redirect_uris": ["javascript:alert(1)"]}),
        json!({"redirect_uris": vec!["https://a.example/"; 11]}),
        json!({"redirect_uris": ["https://a.example/"], "token_endpoint_auth_method": "none2"}),
    ] {
        assert_eq!(register(metadata.clone()).await, 400, "{metadata}");
    }
    assert_eq!(register(json!({"x": "y".repeat(70_000)})).await, 413);

    let dynamic = browser.register().await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(register(json!({"redirect_uris": ["https://a.example/"]})).await);
    }
    assert!(statuses.starts_with(&[201]) && statuses.contains(&429), "{statuses:?}");
    let form = [("grant_type", "client_credentials"), ("client_id", dynamic.as_str())];
    let (status, error) = browser.token(&form).await;
    assert_eq!((status, &error["error"]), (400, &json!("unauthorized_client")));
    let unknown =
        [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "y")];
    assert_eq!(browser.token(&unknown).await.0, 401);
    browser.app.stop().await;
}
