//! Tokens that say who somebody is, and those that do not.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const ISSUER: &str = "https://id.example";

fn keys(pair: &Ed25519KeyPair) -> JwkSet {
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x});
    serde_json::from_value(json!({ "keys": [key] })).unwrap()
}

fn token(pair: &Ed25519KeyPair, kid: &str, change: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "sub": "7", "aud": "us", "exp": NOW.0 / 1000 + 60, "iat": NOW.0 / 1000,
        "nonce": "n", "email": "kim@example.com", "email_verified": true,
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let key = EncodingKey::from_ed_der(pair.to_pkcs8().unwrap().as_ref());
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

fn read(token: &str, keys: &JwkSet) -> Result<Vouched, Error> {
    verify(token, keys, Expected { issuer: ISSUER, client: "us", nonce: "n" }, NOW)
}

#[test]
fn a_token_is_about_this_sign_in_or_nothing() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let seconds = NOW.0 / 1000;
    for (change, problem) in [
        (json!({}), None),
        (json!({"aud": ["us"]}), None),
        (json!({"aud": ["us", "them"], "azp": "us"}), None),
        (json!({"exp": seconds - 30}), None),
        (json!({"iss": "https://evil.example"}), Some("issuer")),
        (json!({"aud": "them"}), Some("another client")),
        (json!({"aud": ["us", "them"]}), Some("another client")),
        (json!({"azp": "them"}), Some("another client")),
        (json!({"nonce": "other"}), Some("another sign-in")),
        (json!({"nonce": null}), Some("another sign-in")),
        (json!({"exp": seconds - 61}), Some("time")),
        (json!({"iat": seconds + 3600}), Some("time")),
        (json!({"sub": ""}), Some("subject")),
        (json!({"sub": "s".repeat(LONGEST_WORD + 1)}), Some("subject")),
    ] {
        let found = read(&token(&pair, "one", &change), &keys(&pair));
        let message = found.err().map(|error| error.message);
        match (problem, message) {
            (None, None) => {}
            (Some(part), Some(message)) => assert!(message.contains(part), "{change}: {message}"),
            (_, message) => panic!("{change}: {message:?}"),
        }
    }
}

#[test]
fn only_the_providers_keys_count() {
    let (pair, other) = (Ed25519KeyPair::generate().unwrap(), Ed25519KeyPair::generate().unwrap());
    let good = token(&pair, "one", &json!({}));
    assert!(read(&good, &keys(&pair)).is_ok());
    let (_, rest) = good.split_once('.').unwrap();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let shared = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &json!({"iss": ISSUER}),
        &EncodingKey::from_secret(pair.public_key().as_ref()),
    );
    for forged in [
        token(&other, "one", &json!({})),
        token(&pair, "unknown", &json!({})),
        format!("{none}.{rest}"),
        shared.unwrap(),
        "a.b.c".to_owned(),
        String::new(),
    ] {
        assert!(read(&forged, &keys(&pair)).is_err(), "{forged}");
    }
}

#[test]
fn an_address_counts_when_the_provider_verified_it() {
    let pair = Ed25519KeyPair::generate().unwrap();
    for (verified, expected) in
        [(json!(true), true), (json!("true"), true), (json!(false), false), (json!("no"), false)]
    {
        let token = token(&pair, "one", &json!({"email_verified": verified}));
        let found = read(&token, &keys(&pair)).unwrap();
        assert_eq!(found.email.is_some(), expected, "{verified}");
    }
}
