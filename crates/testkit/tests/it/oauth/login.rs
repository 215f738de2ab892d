//! Signing in from the command line.

use std::time::Duration;

use pilothouse_app::login::{self, Callback, file};
use pilothouse_model::Timestamp;
use pilothouse_testkit::operate_with;
use serde_json::Value;
use url::Url;

use super::browser::Browser;

/// A person says yes at `url`; gives the address that the browser is sent to.
async fn allowed(browser: &Browser, url: &Url) -> Url {
    let page = browser.get(url.as_str()).await.text().await.unwrap();
    let form = [("request", url.query().unwrap()), ("answer", "allow")];
    let done = browser.submit("/oauth/authorize", &page, &form).await;
    done.headers()["location"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_person_signs_in_and_is_known_to_later_commands() {
    let browser = Browser::start().await;
    browser.set_up().await;
    let base: Url = browser.app.url("").parse().unwrap();
    let callback = Callback::open().await.unwrap();
    let attempt = login::begin(&base, "mcp:read", &callback.address).await.unwrap();
    let to = allowed(&browser, &attempt.url).await;
    let arrival = tokio::spawn(callback.arrival());
    let page = browser.http.get(to).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("close this page"), "{page}");
    let query = arrival.await.unwrap().unwrap();
    let now = Timestamp::now();
    let signed_in = attempt.finish(&query, now).await.unwrap();

    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("pilothouse/login.json");
    file::write(&path, &signed_in).unwrap();
    assert!(login::renewed(&signed_in, now).await.unwrap().is_none(), "it is good now");
    let late = now.after(Duration::from_hours(1));
    let renewed = login::renewed(&signed_in, late).await.unwrap().unwrap();
    assert_ne!(renewed.access_token, signed_in.access_token);
    file::write(&path, &renewed).unwrap();
    assert!(login::renewed(&signed_in, late).await.is_err(), "the old one was used");

    let who = login::whoami(&renewed).await;
    assert!(who.is_err(), "a refresh token that is used twice ends the sign-in");
    browser.app.stop().await;
}

#[tokio::test]
async fn whoami_says_who_and_what_they_may() {
    let browser = Browser::start().await;
    browser.set_up().await;
    let base: Url = browser.app.url("").parse().unwrap();
    let redirect = "http://127.0.0.1:9/callback";
    let attempt = login::begin(&base, "mcp:read", redirect).await.unwrap();
    let to = allowed(&browser, &attempt.url).await;
    assert!(to.as_str().starts_with(redirect), "{to}");
    let signed_in = attempt.finish(to.query().unwrap(), Timestamp::now()).await.unwrap();

    let (home, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let directory = home.path().display().to_string();
    let variables = [("XDG_CONFIG_HOME", directory.as_str())];
    let run = async |arguments: &'static [&'static str]| {
        let (data, directory) = (data.path().to_owned(), directory.clone());
        let run = move || operate_with(&data, &[("XDG_CONFIG_HOME", &directory)], arguments);
        tokio::task::spawn_blocking(run).await.unwrap()
    };
    assert_eq!(run(&["whoami"]).await.0, Some(1), "nobody yet: {variables:?}");
    file::write(&home.path().join("pilothouse/login.json"), &signed_in).unwrap();
    let (code, printed) = run(&["whoami", "--json"]).await;
    assert_eq!(code, Some(0));
    let who: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&who["sub"], &who["scope"]), (&"user:jo".into(), &"mcp:read".into()));
    assert_eq!(who["roles"][0]["role"], "owner");
    assert_eq!(run(&["logout"]).await.0, Some(0));
    assert_eq!(run(&["whoami"]).await.0, Some(1));
    browser.app.stop().await;
}

#[tokio::test]
async fn the_answer_to_another_sign_in_is_refused() {
    let browser = Browser::start().await;
    browser.set_up().await;
    let base: Url = browser.app.url("").parse().unwrap();
    let redirect = "http://127.0.0.1:9/callback";
    for (from, to) in [("state=", "state=x"), ("iss=", "iss=x"), ("code=", "error=x&none=")] {
        let attempt = login::begin(&base, "mcp:read", redirect).await.unwrap();
        let back = allowed(&browser, &attempt.url).await;
        let bent = back.query().unwrap().replace(from, to);
        assert!(attempt.finish(&bent, Timestamp::now()).await.is_err(), "{bent}");
    }
    let elsewhere: Url = "http://127.0.0.1:9".parse().unwrap();
    let refused = login::begin(&elsewhere, "mcp:read", redirect).await.err().unwrap();
    assert!(refused.hint.unwrap().contains("is it running"), "nobody listens there");
    browser.app.stop().await;
}
