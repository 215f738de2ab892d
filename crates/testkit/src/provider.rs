//! A provider that vouches for one person, as an `OpenID` provider and as GitHub, without asking
//! them anything. It checks what a good one checks, and lies on demand.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use url::{Url, form_urlencoded};

const CLIENT: &str = "pilothouse";
const SECRET: &str = "a secret & more";
const GITHUB_TOKEN: &str = "gho_fake";

/// The running provider. Ends when dropped.
pub struct FakeProvider {
    pub url: String,
    book: Arc<Mutex<Book>>,
    server: JoinHandle<()>,
}

struct Book {
    url: String,
    key: Ed25519KeyPair,
    /// Claims beside, or instead of, the true ones.
    claims: Value,
    login: String,
    /// What each code was asked for with.
    codes: HashMap<String, HashMap<String, String>>,
}

type Shared = State<Arc<Mutex<Book>>>;

impl FakeProvider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let url = format!("http://{address}");
        let book = Book {
            url: url.clone(),
            key: Ed25519KeyPair::generate().expect("a key"),
            claims: json!({}),
            login: "octo".to_owned(),
            codes: HashMap::new(),
        };
        let book = Arc::new(Mutex::new(book));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/login/oauth/authorize", get(authorize))
            .route("/login/oauth/access_token", post(github_token))
            .route("/user", get(user))
            .with_state(Arc::clone(&book));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the fake provider serves");
        });
        Self { url, book, server }
    }

    /// The variables that make the product trust it, for the people in `accounts`.
    pub fn variables<'a>(&'a self, accounts: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("PILOTHOUSE_OPENID_ISSUER", &self.url),
            ("PILOTHOUSE_OPENID_CLIENT_ID", CLIENT),
            ("PILOTHOUSE_OPENID_CLIENT_SECRET", SECRET),
            ("PILOTHOUSE_OPENID_LABEL", "Example"),
            ("PILOTHOUSE_GITHUB_SIGN_IN_URL", &self.url),
            ("PILOTHOUSE_GITHUB_SIGN_IN_API_URL", &self.url),
            ("PILOTHOUSE_GITHUB_SIGN_IN_CLIENT_ID", CLIENT),
            ("PILOTHOUSE_GITHUB_SIGN_IN_CLIENT_SECRET", SECRET),
            ("PILOTHOUSE_SIGN_IN_ACCOUNTS", accounts),
        ]
    }

    /// Says this in every `id_token` from now on.
    pub fn say(&self, claims: Value) {
        lock(&self.book).claims = claims;
    }
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pairs(text: &str) -> HashMap<String, String> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

async fn discovery(State(book): Shared) -> Json<Value> {
    let url = lock(&book).url.clone();
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"),
    }))
}

async fn keys(State(book): Shared) -> Json<Value> {
    let x = URL_SAFE_NO_PAD.encode(lock(&book).key.public_key().as_ref());
    Json(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x}]}))
}

async fn authorize(State(book): Shared, RawQuery(query): RawQuery) -> Response {
    let asked = pairs(&query.unwrap_or_default());
    let (Some(to), Some(state)) = (asked.get("redirect_uri"), asked.get("state")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if asked.get("client_id").map(String::as_str) != Some(CLIENT) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut book = lock(&book);
    let code = format!("code-{}", book.codes.len());
    let to = Url::parse_with_params(to, [("code", &code), ("state", state)]);
    book.codes.insert(code, asked);
    to.map_or(StatusCode::BAD_REQUEST.into_response(), |to| {
        Redirect::to(to.as_str()).into_response()
    })
}

/// What was asked for with the code of this form, which works once and for who began.
fn redeemed(book: &mut Book, form: &HashMap<String, String>) -> Option<HashMap<String, String>> {
    let asked = book.codes.insert(form.get("code")?.clone(), HashMap::new())?;
    let hashed = digest(&SHA256, form.get("code_verifier")?.as_bytes());
    let proven = asked.get("code_challenge")? == &URL_SAFE_NO_PAD.encode(hashed);
    (proven && asked.get("redirect_uri") == form.get("redirect_uri")).then_some(asked)
}

async fn token(State(book): Shared, headers: HeaderMap, body: String) -> Response {
    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{encoded}")));
    let proven = headers.get(header::AUTHORIZATION).is_some_and(|own| *own == *basic);
    let mut book = lock(&book);
    let Some(asked) = redeemed(&mut book, &pairs(&body)).filter(|_| proven) else {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
    };
    let now = jsonwebtoken::get_current_timestamp();
    let mut claims = json!({
        "iss": book.url, "sub": "7", "aud": CLIENT, "iat": now, "exp": now + 60,
        "nonce": asked.get("nonce"), "email": "kim@example.com", "email_verified": true,
    });
    for (name, value) in book.claims.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    let key = book.key.to_pkcs8().expect("a key can be written down");
    let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::EdDSA) };
    let key = EncodingKey::from_ed_der(key.as_ref());
    let token = jsonwebtoken::encode(&header, &claims, &key).expect("claims can be signed");
    Json(json!({"access_token": "unused", "token_type": "Bearer", "id_token": token}))
        .into_response()
}

async fn github_token(State(book): Shared, body: String) -> Json<Value> {
    let form = pairs(&body);
    let proven = form.get("client_secret").is_some_and(|secret| secret == SECRET);
    match redeemed(&mut lock(&book), &form).filter(|_| proven) {
        Some(_) => Json(json!({"access_token": GITHUB_TOKEN, "token_type": "bearer"})),
        None => Json(json!({"error": "bad_verification_code"})),
    }
}

async fn user(State(book): Shared, headers: HeaderMap) -> Response {
    let bearer = format!("Bearer {GITHUB_TOKEN}");
    if headers.get(header::AUTHORIZATION).is_none_or(|own| *own != *bearer) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({"id": 583_231, "login": lock(&book).login})).into_response()
}
