//! Where people land after they signed in.

use pilothouse_access::people;
use pilothouse_model::Timestamp;
use pilothouse_testkit::operate;
use serde_json::json;

use super::browser::{Browser, PASSWORD};

#[tokio::test]
async fn the_console_tells_of_secrets_that_end_soon_to_those_who_may_see_them() {
    let browser = Browser::start_with(&[("PILOTHOUSE_AUTO_APPROVE", "all")]).await;
    let app = &browser.app;
    let group = json!({"resource_type": "tharsis.group", "body": {"name": "acme"}});
    app.ok("infra_create", group).await;
    for (account, days) in [("acme/soon", "2"), ("acme/later", "60")] {
        let made =
            operate(&app.data(), &["accounts", "service", "create", account, "--days", days]);
        assert_eq!(made.0, Some(0), "{}", made.1);
    }
    let console = app.url("/console");
    assert_eq!(browser.get(&console).await.headers()["location"], "/oauth/sign-in", "nobody yet");
    browser.set_up().await;
    let page = browser.get(&console).await.text().await.unwrap();
    assert!(page.contains("signed in as jo"), "{page}");
    assert!(page.contains("pilothouse accounts service rotate acme&#x2f;soon"), "{page}");
    assert!(!page.contains("acme&#x2f;later"), "{page}");

    browser.submit("/oauth/sign-out", &page, &[]).await;
    let store = &app.running().product().store;
    people::create(store, "kim", PASSWORD, false, Timestamp::now()).await.unwrap();
    let page = browser.get(&app.url("/oauth/sign-in")).await.text().await.unwrap();
    let form = [("name", "kim"), ("password", PASSWORD)];
    assert_eq!(browser.submit("/oauth/sign-in", &page, &form).await.status(), 303);
    let page = browser.get(&console).await.text().await.unwrap();
    assert!(page.contains("signed in as kim") && !page.contains("acme"), "{page}");
    let granted = operate(&app.data(), &["members", "grant", "user:kim", "viewer", "acme"]);
    assert_eq!(granted.0, Some(0));
    // Another process granted it, which counts in a moment.
    let patience = std::time::Duration::from_secs(30);
    let told = async {
        while !browser.get(&console).await.text().await.unwrap().contains("acme&#x2f;soon") {}
    };
    tokio::time::timeout(patience, told).await.unwrap();
    browser.app.stop().await;
}
