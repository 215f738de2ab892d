//! An `OpenID` Connect issuer on a loopback port: a discovery document, one key, and tokens that say
//! whatever a test wants.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::{Json, Router, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// Answers until it is dropped.
pub struct TestIssuer {
    /// As tokens name it.
    pub url: String,
    key: Ed25519KeyPair,
    server: JoinHandle<()>,
}

impl TestIssuer {
    /// Allowed for a product that was started with `PILOTHOUSE_PRIVATE_HOSTS=127.0.0.1`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let key = Ed25519KeyPair::generate().expect("a key");
        let x = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
        let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "only", "x": x }] });
        let discovery = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(async || Json(discovery)))
            .route("/keys", get(async || Json(keys)));
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("the issuer serves");
        });
        Self { url, key, server }
    }

    /// A token that lives five minutes and says `claims` beside.
    pub fn token(&self, claims: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
        let mut said = json!({ "iss": self.url, "iat": now, "exp": now + 300 });
        for (name, value) in claims.as_object().expect("claims are an object") {
            said[name] = value.clone();
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("only".to_owned());
        let document = self.key.to_pkcs8().expect("a key can be written");
        let key = EncodingKey::from_ed_der(document.as_ref());
        jsonwebtoken::encode(&header, &said, &key).expect("claims can be signed")
    }
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}
