//! People who sign in by way of a provider.

use pilothouse_testkit::FakeProvider;
use serde_json::json;

use super::browser::{Browser, PASSWORD};

/// Follows a sign-in to the provider and back; gives the address of ours to come back to.
async fn to_provider(browser: &Browser, provider: &str, next: &str) -> String {
    let query =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let at = browser.app.url(&format!("/oauth/external/{provider}?{query}"));
    let left = browser.get(&at).await;
    assert_eq!(left.status(), 303, "{}", left.text().await.unwrap());
    let there = left.headers()["location"].to_str().unwrap().to_owned();
    let back = browser.http.get(there).send().await.unwrap();
    back.headers()["location"].to_str().unwrap().to_owned()
}

/// Who the browser is signed in as, if anybody.
async fn signed_in(browser: &Browser) -> Option<String> {
    let page = browser.get(&browser.app.url("/console")).await.text().await.unwrap();
    let (_, rest) = page.split_once("signed in as ")?;
    Some(rest.split('<').next().unwrap().trim_end_matches('.').to_owned())
}

#[tokio::test]
async fn a_person_comes_back_from_a_provider_to_what_they_wanted() {
    let provider = FakeProvider::start().await;
    let browser = Browser::start_with(&provider.variables("@example.com, login:octo")).await;
    let page = browser.get(&browser.app.url("/oauth/sign-in")).await.text().await.unwrap();
    assert!(page.contains("Example") && page.contains("GitHub"), "{page}");
    let client = browser.register().await;
    let wanted = browser.authorize_url(&client, &[]);
    let wanted = wanted.strip_prefix(&browser.app.url("")).unwrap();
    for (name, expected) in [("openid", "kim@example.com"), ("github", "octo@127.0.0.1")] {
        let back = to_provider(&browser, name, wanted).await;
        let entered = browser.get(&back).await;
        assert_eq!(entered.status(), 303, "{}", entered.text().await.unwrap());
        assert_eq!(entered.headers()["location"], wanted, "{name}");
        assert_eq!(signed_in(&browser).await.as_deref(), Some(expected));
        assert_eq!(browser.get(&back).await.status(), 400, "a way back works once");
    }
    let code = browser.consent(&browser.app.url(wanted)).await;
    let (status, issued) = browser.exchange(&client, &code).await;
    assert_eq!(status, 200, "{issued}");
    let store = &browser.app.running().product().store;
    let names: Vec<_> =
        store.account_list().await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["kim@example.com", "octo@127.0.0.1"]);
    browser.app.stop().await;
}

#[tokio::test]
async fn who_is_not_admitted_gets_no_account() {
    let provider = FakeProvider::start().await;
    let browser = Browser::start_with(&provider.variables("@elsewhere.example")).await;
    for name in ["openid", "github"] {
        let back = to_provider(&browser, name, "").await;
        let refused = browser.get(&back).await;
        assert_eq!(refused.status(), 400);
        assert!(refused.text().await.unwrap().contains("you have no account here"));
    }
    assert!(browser.app.running().product().store.account_list().await.unwrap().is_empty());
    assert_eq!(signed_in(&browser).await, None);
    browser.app.stop().await;
}

#[tokio::test]
async fn what_does_not_fit_this_sign_in_is_refused() {
    let provider = FakeProvider::start().await;
    let browser = Browser::start_with(&provider.variables("*")).await;
    for claims in [
        json!({"nonce": "of another"}),
        json!({"aud": "another"}),
        json!({"iss": "https://evil.example"}),
        json!({"exp": 1}),
        json!({"sub": ""}),
    ] {
        provider.say(claims.clone());
        let back = to_provider(&browser, "openid", "").await;
        assert_eq!(browser.get(&back).await.status(), 400, "{claims}");
    }
    provider.say(json!({}));
    let back = to_provider(&browser, "openid", "").await;
    for bent in [
        back.replace("state=", "state=x"),
        back.replace("code=", "none="),
        back.replace("external/openid", "external/github"),
        back.replace("external/openid", "external/other"),
    ] {
        assert_eq!(browser.get(&bent).await.status(), 400, "{bent}");
    }
    // The state is another browser's: somebody wants this one to be signed in as them.
    let back = to_provider(&browser, "openid", "").await;
    let stranger = browser.http.get(&back).send().await.unwrap();
    assert_eq!(stranger.status(), 400);
    assert_eq!(signed_in(&browser).await, None);
    browser.app.stop().await;
}

#[tokio::test]
async fn a_provider_decides_about_its_own_people_only() {
    let provider = FakeProvider::start().await;
    let browser = Browser::start_with(&provider.variables("*")).await;
    browser.set_up().await;
    let page = browser.get(&browser.app.url("/console")).await.text().await.unwrap();
    browser.submit("/oauth/sign-out", &page, &[]).await;
    let store = browser.app.running().product().store.clone();
    let now = pilothouse_model::Timestamp::now();
    let kim = "kim@example.com";
    pilothouse_access::people::create(&store, kim, PASSWORD, false, now).await.unwrap();
    let back = to_provider(&browser, "openid", "https://evil.example").await;
    let refused = browser.get(&back).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("taken"), "the account of another kim");
    provider.say(json!({"email": "al@example.com", "sub": "8"}));
    let back = to_provider(&browser, "openid", "https://evil.example").await;
    let entered = browser.get(&back).await;
    assert_eq!(entered.headers()["location"], "/console", "never to another site");
    browser.app.stop().await;
}
