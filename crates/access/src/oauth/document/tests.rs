//! Addresses and documents of clients.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use super::*;

const ID: &str = "https://client.example/oauth/client.json";
const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// Answers with this document and counts how often it was asked.
struct Shelf {
    document: Value,
    fresh: Option<Duration>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl Fetch for Shelf {
    async fn fetch(&self, _url: &Url, most: usize) -> Result<Fetched, Error> {
        assert_eq!(most, MOST_BYTES);
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(Fetched { body: self.document.to_string().into_bytes(), fresh: self.fresh })
    }
}

fn document(change: &Value) -> Value {
    let mut document = json!({
        "client_id": ID,
        "client_name": "Editor",
        "redirect_uris": ["http://127.0.0.1/callback", "https://client.example/callback"],
    });
    for (name, value) in change.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

#[test]
fn only_public_names_over_tls_describe_clients() {
    let long = format!("https://client.example/{}", "x".repeat(LONGEST_ADDRESS));
    for (id, public, developing) in [
        (ID, true, true),
        ("https://client.example:8443/c", true, true),
        ("https://client.example/c?v=1", true, true),
        ("http://127.0.0.1:5000/c", false, true),
        ("http://localhost:5000/c", false, true),
        ("http://[::1]:5000/c", false, true),
        ("http://client.example/c", false, false),
        ("http://10.0.0.1/c", false, false),
        ("https://client.example", false, false),
        ("https://client.example/", false, false),
        ("https://client.example/c#f", false, false),
        ("https://client.example/a/../c", false, false),
        ("https://client.example/a/./c", false, false),
        ("https://user@client.example/c", false, false),
        ("https://Client.example/c", false, false),
        ("https://client.example:443/c", false, false),
        ("https://127.0.0.1/c", false, false),
        ("https://1.1.1.1/c", false, false),
        ("https://2130706433/c", false, false),
        ("https://0177.0.0.1/c", false, false),
        ("https://0x7f.1/c", false, false),
        ("https://127.1/c", false, false),
        ("https://[::1]/c", false, false),
        ("https://[::ffff:127.0.0.1]/c", false, false),
        ("https://[64:ff9b::7f00:1]/c", false, false),
        ("https://localhost/c", false, false),
        ("https://a.localhost/c", false, false),
        ("https://metadata.google.internal/c", false, false),
        ("https://printer.local/c", false, false),
        ("https://intranet/c", false, false),
        ("https://client.example./c", false, false),
        ("ftp://client.example/c", false, false),
        (&long, false, false),
    ] {
        assert_eq!(address(id, Reach::Public).is_some(), public, "{id}");
        assert_eq!(address(id, Reach::Loopback).is_some(), developing, "{id}");
    }
}

#[test]
fn a_document_describes_its_own_client_without_secrets() {
    for (change, expected) in [
        (json!({}), true),
        (json!({"token_endpoint_auth_method": "none"}), true),
        (json!({"client_id": "https://other.example/c"}), false),
        (json!({"client_secret": "s"}), false),
        (json!({"token_endpoint_auth_method": "client_secret_basic"}), false),
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), false),
        (json!({"redirect_uris": []}), false),
        (json!({"redirect_uris": ["javascript:alert(1)"]}), false),
        (json!({"redirect_uris": ["http://evil.example/"]}), false),
        (json!({"redirect_uris": 1}), false),
    ] {
        let read = metadata(ID, document(&change).to_string().as_bytes());
        assert_eq!(read.is_ok(), expected, "{change}");
    }
    assert!(metadata(ID, b"<html>").is_err());
}

#[tokio::test]
async fn a_document_is_good_for_as_long_as_its_server_says_within_bounds() {
    for (fresh, good_for) in [
        (None, Duration::from_hours(1)),
        (Some(Duration::ZERO), SHORTEST),
        (Some(Duration::from_mins(10)), Duration::from_mins(10)),
        (Some(Duration::from_hours(1000)), LONGEST),
    ] {
        let asked = Arc::new(AtomicUsize::new(0));
        let shelf = Shelf { document: document(&json!({})), fresh, asked: Arc::clone(&asked) };
        let documents = Documents::new(Box::new(shelf), Reach::Public);
        let late = NOW.after(good_for);
        for (now, expected) in [(NOW, 1), (Timestamp(late.0 - 1), 1), (late, 2)] {
            let client = documents.client(ID, now).await.unwrap();
            assert_eq!((client.kind, client.id.as_str()), (ClientKind::Document, ID));
            assert_eq!(asked.load(Ordering::Relaxed), expected, "{fresh:?}");
        }
    }
}

#[tokio::test]
async fn a_document_that_does_not_work_is_not_remembered() {
    let asked = Arc::new(AtomicUsize::new(0));
    let wrong = document(&json!({"client_id": "https://other.example/c"}));
    let shelf = Shelf { document: wrong, fresh: None, asked: Arc::clone(&asked) };
    let documents = Documents::new(Box::new(shelf), Reach::Public);
    for expected in [1, 2] {
        let refusal = documents.client(ID, NOW).await.unwrap_err();
        assert!(refusal.description.contains("another client"), "{refusal}");
        assert_eq!(asked.load(Ordering::Relaxed), expected);
    }
    assert!(documents.client("https://127.0.0.1/c", NOW).await.is_err());
    assert_eq!(asked.load(Ordering::Relaxed), 2, "nobody is asked about an address like that");
}

#[tokio::test]
async fn published_keys_are_remembered_and_not_asked_for_all_the_time() {
    let url = "https://client.example/keys.json";
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x });
    let other = json!({ "kty": "OKP", "crv": "X25519", "kid": "two", "x": x });
    let asked = Arc::new(AtomicUsize::new(0));
    let shelf = |document: Value| Shelf {
        document,
        fresh: Some(Duration::ZERO),
        asked: Arc::clone(&asked),
    };
    let keys = json!({ "keys": [other, key] });
    let documents = Documents::new(Box::new(shelf(keys)), Reach::Public);
    for (wanted, at, questions) in [
        (Some("one"), NOW, 1),
        (None, NOW, 1),
        (Some("three"), NOW, 1),
        (Some("three"), NOW.after(RETRY), 2),
        (Some("one"), NOW.after(RETRY), 2),
        (Some("one"), NOW.after(RETRY + SHORTEST), 3),
    ] {
        let found = documents.keys(url, wanted, at).await.unwrap();
        assert_eq!(found.keys.len(), 1, "what nothing can be verified with is left out");
        assert_eq!(asked.load(Ordering::Relaxed), questions, "{wanted:?} {at:?}");
    }
    assert!(documents.keys("https://10.0.0.1/keys", None, NOW).await.is_err());
    assert_eq!(asked.load(Ordering::Relaxed), 3, "a private address is not asked");

    let documents = Documents::new(Box::new(shelf(json!({ "keys": [] }))), Reach::Public);
    for _ in 0..3 {
        assert!(documents.keys(url, None, NOW).await.is_err());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 4, "nor is a broken one asked again at once");
}

#[test]
fn a_description_says_where_its_keys_are_in_one_way() {
    let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "one",
                                  "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] });
    let uri = json!("https://client.example/keys.json");
    let signs = json!("private_key_jwt");
    for (jwks, jwks_uri, expected) in [
        (keys.clone(), Value::Null, true),
        (Value::Null, uri.clone(), true),
        (keys, uri, false),
        (Value::Null, Value::Null, false),
    ] {
        let change =
            json!({ "token_endpoint_auth_method": signs, "jwks": jwks, "jwks_uri": jwks_uri });
        let body = document(&change).to_string();
        assert_eq!(metadata(ID, body.as_bytes()).is_ok(), expected, "{body}");
    }
}
