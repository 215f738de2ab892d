//! A client that is known by the address of a document about it.

use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::browser::{Browser, CALLBACK, PASSWORD};

/// Serves a document on this machine; gives its address, which is the client's id.
async fn described(change: &Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let id = format!("http://{}/client.json", listener.local_addr().unwrap());
    let mut document = json!({
        "client_id": id,
        "client_name": "Editor",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    });
    for (name, value) in change.as_object().unwrap() {
        document[name] = value.clone();
    }
    let router = Router::new().route("/client.json", get(|| async { Json(document) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    id
}

#[tokio::test]
async fn a_client_that_describes_itself_signs_in_without_registering() {
    let browser = Browser::start_with(&[("PILOTHOUSE_CLIENT_DOCUMENTS", "loopback")]).await;
    browser.set_up().await;
    let client = described(&json!({})).await;
    let url = browser.authorize_url(&client, &[]);
    let page = browser.get(&url).await.text().await.unwrap();
    let shown = client.replace('/', "&#x2f;");
    assert!(page.contains("Editor") && page.contains(&shown), "{page}");
    assert!(page.contains("Any program on your machine"), "{page}");
    let code = browser.consent(&url).await;
    let (status, issued) = browser.exchange(&client, &code).await;
    assert_eq!(status, 200, "{issued}");
    assert_eq!(browser.read(issued["access_token"].as_str().unwrap()).await, 200);
    let (status, refreshed) = browser.refresh(&client, &issued["refresh_token"]).await;
    assert_eq!(status, 200, "{refreshed}");
    let other = browser.authorize_url(&client, &[("redirect_uri", "https://evil.example/")]);
    assert_eq!(browser.get(&other).await.status(), 400);
    let wrong = described(&json!({"client_id": client})).await;
    let refused = browser.get(&browser.authorize_url(&wrong, &[])).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("another client"));
    browser.app.stop().await;
}

#[tokio::test]
async fn nobody_is_asked_about_a_client_before_a_person_is_signed_in() {
    let browser = Browser::start_with(&[("PILOTHOUSE_CLIENT_DOCUMENTS", "loopback")]).await;
    browser.set_up().await;
    let page = browser.get(&browser.app.url("/console")).await.text().await.unwrap();
    browser.submit("/oauth/sign-out", &page, &[]).await;
    // A port that nothing listens on would show as a refusal.
    let gone = "http://127.0.0.1:1/client.json";
    let url = browser.authorize_url(gone, &[]);
    let answer = browser.get(&url).await;
    assert_eq!(answer.status(), 303);
    let sign_in = browser.app.url(answer.headers()["location"].to_str().unwrap());
    let page = browser.get(&sign_in).await.text().await.unwrap();
    let form = [("name", "jo"), ("password", PASSWORD)];
    assert_eq!(browser.submit("/oauth/sign-in", &page, &form).await.status(), 303);
    assert_eq!(browser.get(&url).await.status(), 400, "now it is asked, and cannot be reached");
    let form = [("grant_type", "refresh_token"), ("client_id", gone), ("refresh_token", "x")];
    assert_eq!(browser.token(&form).await.0, 401, "and never by the token endpoint");
    browser.app.stop().await;
}

#[tokio::test]
async fn documents_are_offered_as_configured_and_never_from_inside() {
    let client = described(&json!({})).await;
    for (setting, offered) in [("public", true), ("off", false)] {
        let browser = Browser::start_with(&[("PILOTHOUSE_CLIENT_DOCUMENTS", setting)]).await;
        browser.set_up().await;
        let at = browser.app.url("/.well-known/oauth-authorization-server");
        let server: Value = browser.http.get(at).send().await.unwrap().json().await.unwrap();
        assert_eq!(server["client_id_metadata_document_supported"], offered, "{setting}");
        for id in [&client, "https://127.0.0.1/c", "https://169.254.169.254/c", CALLBACK] {
            let answer = browser.get(&browser.authorize_url(id, &[])).await;
            assert_eq!(answer.status(), 400, "{setting}: {id}");
        }
        browser.app.stop().await;
    }
}
