//! Everything that must not open a door, in one table, over HTTP.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pilothouse_access::{Bearers, Site, Vault, people, signing::SigningKeys, vault::KeySource};
use pilothouse_model::Timestamp;
use serde_json::{Value, json};

use super::browser::{Browser, CALLBACK, CHALLENGE, VERIFIER};

/// What is said of an address that is not even looked at.
const NO_HOST_NAME: &str = "with a host name and a path";

/// One attempt and how it must end.
struct Row {
    name: &'static str,
    status: u16,
    /// Part of the answer: its challenge, its error, where it leads.
    says: &'static str,
    got: (u16, String),
}

fn row(name: &'static str, status: u16, says: &'static str, got: (u16, String)) -> Row {
    Row { name, status, says, got }
}

/// A browser of somebody who is signed in, a client, what it was issued, and the product's keys.
struct World {
    browser: Browser,
    client: String,
    issued: Value,
    keys: Bearers,
}

impl World {
    async fn start() -> Self {
        let browser = Browser::start().await;
        browser.set_up().await;
        let client = browser.register().await;
        let (store, data) = (browser.app.running().product().store.clone(), browser.app.data());
        let vault = Arc::new(Vault::new(store.clone(), KeySource::in_directory(&data)));
        let keys = SigningKeys::new(store.clone(), vault);
        let keys = Bearers::new(store, Site::new("http://unused", []), keys);
        let mut world = Self { browser, client, issued: Value::Null, keys };
        world.issued = world.grant().await;
        world
    }

    /// Another grant to the client.
    async fn grant(&self) -> Value {
        let code = self.code().await;
        self.browser.exchange(&self.client, &code).await.1
    }

    async fn code(&self) -> String {
        self.browser.consent(&self.browser.authorize_url(&self.client, &[])).await
    }

    fn token(&self) -> &str {
        self.issued["access_token"].as_str().unwrap()
    }

    /// The client's true claims with this changed.
    fn claims(&self, change: &Value) -> Value {
        let claims = self.token().split('.').nth(1).unwrap();
        let mut claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    /// Signed with the product's own key.
    async fn signed(&self, kind: &str, change: &Value) -> String {
        self.keys.sign(kind, &self.claims(change), Timestamp::now()).await.unwrap()
    }

    /// A read with this token.
    async fn present(&self, token: &str) -> (u16, String) {
        self.browser.call(token, "infra_describe", json!({})).await
    }

    /// A request for tokens.
    async fn ask(&self, form: &[(&str, &str)]) -> (u16, String) {
        let (status, answer) = self.browser.token(form).await;
        (status, answer.to_string())
    }

    async fn exchange(&self, client: &str, redirect: &str, verifier: &str) -> (u16, String) {
        let code = self.code().await;
        self.ask(&[
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", &code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ])
        .await
    }

    /// A page, and where it leads.
    async fn page(&self, url: &str) -> (u16, String) {
        let answer = self.browser.get(url).await;
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to.unwrap_or(answer.text().await.unwrap()))
    }

    /// The page for a client that is described at this address.
    async fn described(&self, id: &str) -> (u16, String) {
        self.page(&self.browser.authorize_url(id, &[])).await
    }

    /// A request with a header that lies.
    async fn forged(&self, name: &str, value: &str) -> (u16, String) {
        let request = self.browser.http.get(self.browser.app.url("/oauth/authorize"));
        let answer = request.header(name, value).send().await.unwrap();
        (answer.status().as_u16(), String::new())
    }
}

#[tokio::test]
async fn nothing_but_the_right_thing_opens_anything() {
    let world = World::start().await;
    let mut rows = tokens(&world).await;
    rows.extend(flows(&world).await);
    for Row { name, status, says, got: (got, text) } in &rows {
        assert_eq!(got, status, "{name}: {text}");
        assert!(text.contains(says), "{name}: {text}");
    }
    assert_eq!(rows.len(), 37, "rows are added, not taken away");
    world.browser.app.stop().await;
}

/// Access tokens that are not good.
async fn tokens(world: &World) -> Vec<Row> {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = part(world.claims(&json!({})));
    let good = world.token();
    let (front, _) = good.rsplit_once('.').unwrap();
    let none = format!("{}.{claims}.", part(json!({"alg": "none", "typ": "at+jwt"})));
    let header = Header { typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::HS256) };
    let public = world.keys.keys().published(Timestamp::now()).await.unwrap();
    let public = public["keys"][0]["x"].as_str().unwrap().to_owned();
    let shared = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(public).unwrap());
    let shared = jsonwebtoken::encode(&header, &world.claims(&json!({})), &shared).unwrap();
    let kid = part(json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "unknown"}));
    let (_, body_and_signature) = good.split_once('.').unwrap();
    let expired = world.signed("at+jwt", &json!({"exp": 1})).await;
    let elsewhere = world.browser.app.url("/mcp/tharsis");
    let narrow = world.signed("at+jwt", &json!({"aud": elsewhere})).await;
    let audience = world.signed("at+jwt", &json!({"aud": "https://other.example/mcp"})).await;
    let issuer = world.signed("at+jwt", &json!({"iss": "https://other.example"})).await;
    let grant = world.signed("at+jwt", &json!({"grant": "unknown"})).await;
    let identity = world.signed("JWT", &json!({})).await;
    let unsure = "error=\"invalid_token\"";
    let group = json!({"resource_type": "tharsis.group", "body": {"name": "g"}});
    let url = world.browser.app.url(&format!("/mcp?access_token={good}"));
    let query = world.browser.http.post(url).json(&json!({})).send().await.unwrap();
    vec![
        row("the right one", 200, "", world.present(good).await),
        row("expired", 401, "expired", world.present(&expired).await),
        row("of another surface", 401, "another resource", world.present(&narrow).await),
        row("wrong audience", 401, "another resource", world.present(&audience).await),
        row("wrong issuer", 401, unsure, world.present(&issuer).await),
        row("unknown grant", 401, "revoked", world.present(&grant).await),
        row("an id_token", 401, unsure, world.present(&identity).await),
        row("alg none", 401, unsure, world.present(&none).await),
        row("the public key as a secret", 401, unsure, world.present(&shared).await),
        row(
            "unknown kid",
            401,
            unsure,
            world.present(&format!("{kid}.{body_and_signature}")).await,
        ),
        row("no signature", 401, unsure, world.present(&format!("{front}.")).await),
        row("in a query string", 401, "", (query.status().as_u16(), String::new())),
        row(
            "missing scope",
            403,
            "scope=\"mcp:read mcp:write\"",
            world.browser.call(good, "infra_create", group).await,
        ),
    ]
}

/// Ways to a token that must lead nowhere.
async fn flows(world: &World) -> Vec<Row> {
    let (browser, client) = (&world.browser, world.client.as_str());
    let other = browser.register().await;
    let wrong = "x".repeat(43);
    let bad = "invalid_grant";
    let url = |change: &[(&str, &str)]| browser.authorize_url(client, change);
    let mut rows = vec![
        row("wrong verifier", 400, bad, world.exchange(client, CALLBACK, &wrong).await),
        row(
            "the challenge as verifier",
            400,
            bad,
            world.exchange(client, CALLBACK, CHALLENGE).await,
        ),
        row(
            "another redirect at the exchange",
            400,
            bad,
            world.exchange(client, "http://127.0.0.1:5556/callback", VERIFIER).await,
        ),
        row("another client's code", 400, bad, world.exchange(&other, CALLBACK, VERIFIER).await),
        row(
            "redirect mismatch",
            400,
            "not one that the client registered",
            world.page(&url(&[("redirect_uri", "https://evil.example/")])).await,
        ),
        row("no PKCE", 303, "invalid_request", world.page(&url(&[("code_challenge", "")])).await),
        row(
            "plain PKCE",
            303,
            "invalid_request",
            world.page(&url(&[("code_challenge_method", "plain")])).await,
        ),
        row(
            "another server's resource",
            303,
            "invalid_target",
            world.page(&url(&[("resource", "https://evil.example/mcp")])).await,
        ),
        // A person who said yes to one client is asked about each other, and about the same again.
        row(
            "confused deputy",
            200,
            "Allow access?",
            world.page(&browser.authorize_url(&other, &[])).await,
        ),
        row("consent is not kept", 200, "Allow access?", world.page(&url(&[])).await),
        // Nobody is sent to an address of this network by way of a client's description.
        row("SSRF, loopback", 400, NO_HOST_NAME, world.described("https://127.0.0.1/c").await),
        row(
            "SSRF, metadata",
            400,
            NO_HOST_NAME,
            world.described("https://169.254.169.254/c").await,
        ),
        row("SSRF, mapped", 400, NO_HOST_NAME, world.described("https://[::ffff:7f00:1]/c").await),
        row("SSRF, NAT64", 400, NO_HOST_NAME, world.described("https://[64:ff9b::7f00:1]/c").await),
        row("SSRF, a number", 400, NO_HOST_NAME, world.described("https://2130706433/c").await),
        row("SSRF, own name", 400, NO_HOST_NAME, world.described("https://localhost/c").await),
        row("forged Host", 403, "", world.forged("host", "evil.example").await),
        row("forged Origin", 403, "", world.forged("origin", "https://evil.example").await),
    ];
    let code = world.code().await;
    let (_, first) = browser.exchange(client, &code).await;
    let (status, again) = browser.exchange(client, &code).await;
    rows.push(row("replayed code", 400, bad, (status, again.to_string())));
    let token = first["access_token"].as_str().unwrap();
    rows.push(row("what the replayed code gave", 401, "revoked", world.present(token).await));

    let family = world.grant().await;
    let (_, second) = browser.refresh(client, &family["refresh_token"]).await;
    let (status, again) = browser.refresh(client, &family["refresh_token"]).await;
    rows.push(row("reused refresh token", 400, bad, (status, again.to_string())));
    let token = second["access_token"].as_str().unwrap();
    rows.push(row("its family", 401, "revoked", world.present(token).await));

    let granted = world.grant().await;
    let token = granted["access_token"].as_str().unwrap();
    browser.post("/oauth/revoke", &[("client_id", client), ("token", token)]).send().await.unwrap();
    rows.push(row("revoked", 401, "revoked", world.present(token).await));
    // What was not asked about lately is asked about now.
    let unused = world.grant().await;
    let store = &browser.app.running().product().store;
    people::set_disabled(store, "jo", true, Timestamp::now()).await.unwrap();
    let token = unused["access_token"].as_str().unwrap();
    rows.push(row("disabled account", 401, "invalid_token", world.present(token).await));
    rows
}

#[tokio::test]
async fn guessing_secrets_gets_slower() {
    let browser = Browser::start().await;
    browser.set_up().await;
    let mut answers = Vec::new();
    for guess in 0..13 {
        let secret = format!("pls_{guess}");
        let form =
            [("grant_type", "client_credentials"), ("client_id", "ci"), ("client_secret", &secret)];
        let answer = browser.post("/oauth/token", &form).send().await.unwrap();
        answers.push((answer.status().as_u16(), answer.headers().contains_key("retry-after")));
    }
    assert_eq!(answers[..10], [(401, false); 10]);
    assert!(answers[10..].contains(&(429, true)), "{answers:?}");
    let other = [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "y")];
    assert_eq!(browser.token(&other).await.0, 401, "another client is not held up");

    let mut statuses = Vec::new();
    for guess in 0..13 {
        statuses.push(browser.read(&format!("plk_{guess}")).await);
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert!(statuses[10..].contains(&429), "{statuses:?}");
    // Each with a name of its own, so that the attempts of one are not held against another.
    let rest = "/platforms/tharsis/v1/serviceaccounts";
    for (path, name, grant) in [
        (format!("{rest}/token"), "trn:service_account:acme/one", "client_credentials"),
        (format!("{rest}/oauth/token"), "trn:service_account:acme/two", "client_credentials"),
        ("/oauth/revoke".to_owned(), "three", ""),
        ("/oauth/introspect".to_owned(), "four", ""),
        ("/oauth/token".to_owned(), &browser.register().await, "refresh_token"),
    ] {
        let mut statuses = Vec::new();
        for guess in 0..13 {
            let guess = format!("pls_{guess}");
            let form = [
                ("grant_type", grant),
                ("client_id", name),
                if grant == "refresh_token" {
                    ("refresh_token", guess.as_str())
                } else {
                    ("client_secret", guess.as_str())
                },
                ("token", "x"),
            ];
            let answer = browser.post(&path, &form).send().await.unwrap();
            statuses.push(answer.status().as_u16());
        }
        assert!(!statuses[..10].contains(&429), "{path}: {statuses:?}");
        assert!(statuses[10..].contains(&429), "{path}: {statuses:?}");
    }
    let mut statuses = Vec::new();
    for guess in 0..13 {
        let url = browser.app.url(&format!("/oauth/setup?secret={guess}"));
        statuses.push(browser.get(&url).await.status().as_u16());
    }
    assert_eq!(statuses[..10], [403; 10]);
    assert!(statuses[10..].contains(&429), "{statuses:?}");
    let operator = browser.app.token();
    assert_eq!(browser.read(operator).await, 200, "who has the right one is let in");
    browser.app.stop().await;
}
