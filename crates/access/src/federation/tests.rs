//! An issuer in memory, its keys and everything that is not a token of it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use super::*;

const ISSUER: &str = "https://issuer.example/realm";
const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// Documents by address, and how often each was fetched.
#[derive(Default)]
struct Documents(Mutex<HashMap<String, (Vec<u8>, u32)>>);

#[async_trait]
impl Fetch for Documents {
    async fn get(&self, url: &Url, most: usize) -> Result<Vec<u8>, Error> {
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (body, fetched) = documents
            .get_mut(url.as_str())
            .ok_or_else(|| Error::unavailable(format!("{url}: nobody there")))?;
        *fetched += 1;
        if body.len() > most {
            return Err(Error::unauthenticated(format!("larger than {most}")));
        }
        Ok(body.clone())
    }
}

struct World {
    documents: Arc<Documents>,
    issuers: Issuers,
    key: Ed25519KeyPair,
}

const DISCOVERY: &str = "https://issuer.example/realm/.well-known/openid-configuration";
const KEYS: &str = "https://issuer.example/keys";

impl World {
    fn new() -> Self {
        let documents = Arc::new(Documents::default());
        let issuers = Issuers::new(Arc::clone(&documents) as Arc<dyn Fetch>);
        let world = Self { documents, issuers, key: Ed25519KeyPair::generate().unwrap() };
        world.publish(DISCOVERY, &json!({ "issuer": ISSUER, "jwks_uri": KEYS }));
        world.publish(KEYS, &json!({ "keys": [world.jwk("one")] }));
        world
    }

    fn publish(&self, url: &str, document: &Value) {
        let mut documents = self.documents.0.lock().unwrap();
        let entry = documents.entry(url.to_owned()).or_default();
        entry.0 = document.to_string().into_bytes();
    }

    fn fetched(&self, url: &str) -> u32 {
        self.documents.0.lock().unwrap()[url].1
    }

    fn jwk(&self, id: &str) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": x })
    }

    fn token(&self, id: &str, changes: &Value) -> String {
        let mut claims = json!({ "iss": ISSUER, "sub": "repo:acme", "exp": NOW.0 / 1000 + 300 });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(id.to_owned());
        let key = EncodingKey::from_ed_der(self.key.to_pkcs8().unwrap().as_ref());
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }

    async fn problem(&self, token: &str, now: Timestamp) -> String {
        self.issuers.verified(ISSUER, token, now).await.unwrap_err().message
    }
}

#[tokio::test]
async fn a_token_says_what_its_issuer_signed() {
    let world = World::new();
    let token = world.token("one", &json!({ "iss": format!("{ISSUER}/") }));
    assert_eq!(claimed_issuer(&token).unwrap(), format!("{ISSUER}/"));
    let claims = world.issuers.verified(ISSUER, &token, NOW).await.unwrap();
    assert_eq!(claims["sub"], "repo:acme");
    for (changes, problem) in [
        (json!({ "iss": "https://other.example" }), "another issuer"),
        (json!({ "exp": NOW.0 / 1000 - 61 }), "expired"),
        (json!({ "exp": null }), "never expires"),
        (json!({ "nbf": NOW.0 / 1000 + 61 }), "not good yet"),
    ] {
        let refused = world.problem(&world.token("one", &changes), NOW).await;
        assert!(refused.contains(problem), "{changes}: {refused}");
    }
    let other = World::new().token("one", &json!({}));
    assert!(world.problem(&other, NOW).await.contains("signature"));
    let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), "e30");
    assert!(world.problem(&none, NOW).await.contains("no JSON Web Token"));
    let shared = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &json!({}),
        &EncodingKey::from_secret(b"known to all"),
    );
    assert!(world.problem(&shared.unwrap(), NOW).await.contains("HS256"));
}

#[tokio::test]
async fn keys_are_remembered_and_a_new_one_is_found() {
    let world = World::new();
    for _ in 0..3 {
        world.issuers.verified(ISSUER, &world.token("one", &json!({})), NOW).await.unwrap();
    }
    assert_eq!((world.fetched(DISCOVERY), world.fetched(KEYS)), (1, 1));

    world.publish(KEYS, &json!({ "keys": [world.jwk("one"), world.jwk("two")] }));
    let two = world.token("two", &json!({}));
    let soon = Timestamp(NOW.0 + 1000);
    assert!(world.problem(&two, soon).await.contains("no key of that id"));
    assert_eq!(world.fetched(KEYS), 1, "made-up key ids do not make us ask");
    world.issuers.verified(ISSUER, &two, NOW.after(RETRY)).await.unwrap();

    world.publish(KEYS, &json!({ "keys": [] }));
    let later = NOW.after(FRESH);
    let one = world.token("one", &json!({ "exp": later.0 / 1000 + 3600 }));
    world.issuers.verified(ISSUER, &one, later).await.unwrap();
    assert!(world.problem(&one, NOW.after(RETRY + FRESH)).await.contains("no key of that id"));
}

#[tokio::test]
async fn what_an_issuer_sends_is_bounded_and_speaks_for_itself() {
    let token = |world: &World| world.token("one", &json!({}));
    let world = World::new();
    world.publish(DISCOVERY, &json!({ "issuer": "https://other.example", "jwks_uri": KEYS }));
    assert!(world.problem(&token(&world), NOW).await.contains("speaks for"));
    let world = World::new();
    world.publish(KEYS, &json!({ "keys": vec![world.jwk("one"); MAX_KEYS + 1] }));
    assert!(world.problem(&token(&world), NOW).await.contains("more than 100 keys"));
    let world = World::new();
    world.publish(KEYS, &json!({ "keys": [], "more": "x".repeat(MAX_DOCUMENT) }));
    assert!(world.problem(&token(&world), NOW).await.contains("larger than 65536"));
    let world = World::new();
    let long = world.token("one", &json!({ "more": "x".repeat(MAX_TOKEN) }));
    assert!(world.problem(&long, NOW).await.contains("no JSON Web Token"));
    assert_eq!(claimed_issuer(&long), None);
}
