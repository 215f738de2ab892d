//! Assertions that prove something, and those that do not.

use std::sync::Arc;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use pilothouse_model::Scopes;
use pilothouse_store::Store;
use serde_json::json;

use super::*;
use crate::{
    Bearers, Site, Vault, oauth::client::NewClient, signing::SigningKeys, vault::KeySource,
};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const SITE: &str = "https://ops.example.com";
const ENDPOINT: &str = "https://ops.example.com/oauth/token";

struct Signer {
    pair: Ed25519KeyPair,
}

impl Signer {
    fn new() -> Self {
        Self { pair: Ed25519KeyPair::generate().unwrap() }
    }

    fn public(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x})
    }

    fn sign(&self, claims: &Value) -> String {
        let key = EncodingKey::from_ed_der(self.pair.to_pkcs8().unwrap().as_ref());
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &key).unwrap()
    }
}

async fn oauth() -> OAuth {
    let store = Store::open("sqlite::memory:").await.unwrap();
    // Nothing is signed here, so there is no key to read.
    let vault = Vault::new(store.clone(), KeySource::Text(String::new().into()));
    let keys = SigningKeys::new(store.clone(), Arc::new(vault));
    let bearers = Bearers::new(store.clone(), Site::new(SITE, []), keys);
    OAuth { store, bearers: Arc::new(bearers), documents: None }
}

/// The id of a client with these keys.
async fn made(oauth: &OAuth, keys: JwkSet) -> String {
    let new =
        NewClient { name: "ci", scopes: Scopes::READ, jwks: Some(keys), ..NewClient::default() };
    oauth.create_client(new, NOW).await.unwrap().id
}

async fn proves(oauth: &OAuth, assertion: &str) -> bool {
    let pairs = [("client_assertion_type", TYPE), ("client_assertion", assertion)];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let parameters = Parameters::new(pairs).unwrap();
    oauth.authenticate(&parameters, None, ENDPOINT, NOW).await.is_ok()
}

#[tokio::test]
async fn an_assertion_is_good_for_us_and_once() {
    let (oauth, signer) = (oauth().await, Signer::new());
    let keys = public_keys(&signer.public().to_string()).unwrap();
    let client = made(&oauth, keys).await;
    assert!(oauth.store.client_get(&client, NOW).await.unwrap().unwrap().secret.is_none());
    let seconds = NOW.0 / 1000;
    let claims = |change: Value| {
        let mut claims = json!({"iss": client, "sub": client, "aud": SITE, "exp": seconds + 300,
                                "jti": change.to_string()});
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    for (change, expected) in [
        (json!({}), true),
        (json!({"aud": ENDPOINT}), true),
        (json!({"aud": format!("{SITE}/")}), true),
        (json!({"aud": ["https://other.example", SITE]}), true),
        (json!({"aud": "https://other.example"}), false),
        (json!({"exp": seconds}), false),
        (json!({"exp": seconds + 3600}), false),
        (json!({"iss": "other"}), false),
        (json!({"sub": "other", "iss": "other"}), false),
        (json!({"jti": null}), false),
    ] {
        let assertion = signer.sign(&claims(change.clone()));
        assert_eq!(proves(&oauth, &assertion).await, expected, "{change}");
        assert!(!proves(&oauth, &assertion).await, "a second time: {change}");
    }
    let claims = claims(json!({"jti": "last"}));
    assert!(!proves(&oauth, &Signer::new().sign(&claims)).await, "another key");
    let shared = signer.public()["x"].as_str().unwrap().to_owned();
    let key = EncodingKey::from_secret(shared.as_bytes());
    let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
    assert!(!proves(&oauth, &confused).await, "the public key as a shared secret");
    let unsigned = signer.sign(&claims);
    let (_, rest) = unsigned.split_once('.').unwrap();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let body = rest.split_once('.').unwrap().0;
    assert!(!proves(&oauth, &format!("{none}.{body}.")).await, "no signature");
}

/// A public key, and what signs claims with the other half.
type Pair = (Value, Box<dyn Fn(&Value) -> String>);

fn signed(algorithm: &str, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": algorithm, "kid": "one", "typ": "JWT" });
    let text = format!("{}.{}", part(&header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(text.as_bytes()));
    format!("{text}.{signature}")
}

fn curve() -> Pair {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let [x, y] = [1..33, 33..65].map(|at| URL_SAFE_NO_PAD.encode(&pair.public_key().as_ref()[at]));
    let public = json!({ "kty": "EC", "crv": "P-256", "kid": "one", "x": x, "y": y });
    let sign = move |claims: &Value| {
        let random = SystemRandom::new();
        signed("ES256", claims, |text| pair.sign(&random, text).unwrap().as_ref().to_vec())
    };
    (public, Box::new(sign))
}

fn rsa() -> Pair {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let n = number(pair.public_key().modulus().big_endian_without_leading_zero());
    let e = number(pair.public_key().exponent().big_endian_without_leading_zero());
    let public = json!({ "kty": "RSA", "kid": "one", "n": n, "e": e });
    let sign = move |claims: &Value| {
        signed("RS256", claims, |text| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).unwrap();
            signature
        })
    };
    (public, Box::new(sign))
}

#[tokio::test]
async fn the_usual_algorithms_are_accepted() {
    let oauth = oauth().await;
    for (name, pair) in [("ES256", curve as fn() -> Pair), ("RS256", rsa)] {
        let ((public, sign), (_, other)) = (pair(), pair());
        let keys = public_keys(&public.to_string()).unwrap();
        let client = made(&oauth, keys).await;
        let claims = json!({ "iss": client, "sub": client, "aud": SITE, "jti": name,
                             "exp": NOW.0 / 1000 + 300 });
        assert!(!proves(&oauth, &other(&claims)).await, "{name} with another key");
        assert!(!proves(&oauth, &Signer::new().sign(&claims)).await, "another kind of key");
        assert!(proves(&oauth, &sign(&claims)).await, "{name}");
    }
}

#[test]
fn only_public_keys_are_registered() {
    let key = Signer::new().public();
    let mut private = key.clone();
    private["d"] = json!("secret");
    for (text, expected) in [
        (key.to_string(), true),
        (json!({"keys": [key]}).to_string(), true),
        (json!({"keys": vec![&key; MOST_KEYS + 1]}).to_string(), false),
        (json!({"keys": []}).to_string(), false),
        (private.to_string(), false),
        (json!({"kty": "oct", "k": "c2VjcmV0"}).to_string(), false),
        (json!({"kty": "OKP", "crv": "Ed25519", "x": "!"}).to_string(), false),
        ("-----BEGIN PRIVATE KEY-----".to_owned(), false),
        (String::new(), false),
    ] {
        assert_eq!(public_keys(&text).is_ok(), expected, "{text}");
    }
}
