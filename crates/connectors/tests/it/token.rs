//! An installation that is reached with client credentials.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, http::StatusCode, routing::post};
use pilothouse_connectors::{
    Connector, Options,
    transport::{ClientCredentials, Credential, RemoteConfig},
};
use pilothouse_model::Error;
use serde_json::{Value, json};
use tonic::Status;

use crate::{
    fake::{args, caller, connector, router},
    socket,
};

const NEW: &str = "/v1/serviceaccounts/oauth/token";
const OLD: &str = "/v1/serviceaccounts/token";

/// A platform that issues `token-1`, `token-2`, … and takes those that `accepts` says.
struct Platform {
    issued: Arc<AtomicUsize>,
    forms: Arc<Mutex<Vec<String>>>,
    connector: Connector,
}

async fn platform(path: &str, expires_in: u64, accepts: fn(&str) -> bool) -> Platform {
    let (issued, forms) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (count, seen) = (Arc::clone(&issued), Arc::clone(&forms));
    let issue = move |form: String| {
        seen.lock().unwrap().push(form.clone());
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        std::future::ready(if form.contains("client_secret=s3cret") {
            let token = json!({ "access_token": format!("token-{number}"), "token_type": "Bearer",
                                "expires_in": expires_in });
            (StatusCode::OK, Json(token))
        } else {
            (StatusCode::UNAUTHORIZED, Json(json!({ "detail": form })))
        })
    };
    let grpc = router(move |call| {
        let token = call.metadata.get("authorization").map(|it| it.to_str().unwrap().to_owned());
        match token {
            Some(token) if accepts(&token) => Ok(json!({ "created_by": "jo" })),
            _ => Err(Status::unauthenticated("no")),
        }
    });
    let address =
        socket::serve(Router::new().route(path, post(issue)).fallback_service(grpc)).await;
    let connector = reach(address, "s3cret");
    Platform { issued, forms, connector }
}

fn reach(address: std::net::SocketAddr, secret: &str) -> Connector {
    let client = ClientCredentials::new("ci&deploy".to_owned(), secret.into());
    let config = RemoteConfig::new(&format!("http://{address}"), Credential::None, false).unwrap();
    connector(config.client_credentials(client).into(), Options::default())
}

async fn get(connector: &Connector) -> Result<Value, Error> {
    connector.call(&caller(), "run.get", args(json!({"id": "R1"}))).await
}

#[tokio::test]
async fn a_token_is_fetched_once_and_kept() {
    for path in [NEW, OLD] {
        let platform = platform(path, 900, |token| token == "token-1").await;
        for _ in 0..3 {
            get(&platform.connector).await.unwrap();
        }
        let forms = platform.forms.lock().unwrap();
        let expected = "grant_type=client_credentials&client_id=ci%26deploy&client_secret=s3cret";
        assert_eq!(*forms, [expected], "{path}");
    }
}

#[tokio::test]
async fn a_token_that_says_it_lives_for_ever_is_good_for_a_while() {
    let platform = platform(NEW, u64::MAX, |_| true).await;
    get(&platform.connector).await.unwrap();
    get(&platform.connector).await.unwrap();
    assert_eq!(platform.issued.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_that_is_about_to_expire_is_not_used() {
    let platform = platform(NEW, 10, |_| true).await;
    get(&platform.connector).await.unwrap();
    get(&platform.connector).await.unwrap();
    assert_eq!(platform.issued.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    static REVOKED: AtomicUsize = AtomicUsize::new(0);
    fn accepts(token: &str) -> bool {
        match REVOKED.load(Ordering::SeqCst) {
            0 => true,
            1 => token != "token-1",
            _ => false,
        }
    }
    let platform = platform(NEW, 900, accepts).await;
    get(&platform.connector).await.unwrap();
    REVOKED.store(1, Ordering::SeqCst);
    get(&platform.connector).await.unwrap();
    assert_eq!(platform.issued.load(Ordering::SeqCst), 2);

    REVOKED.store(2, Ordering::SeqCst);
    let error = get(&platform.connector).await.unwrap_err();
    assert!(error.to_string().contains("credential configured"), "{error}");
    assert!(platform.issued.load(Ordering::SeqCst) <= 3, "no storm of tokens");
}

#[tokio::test]
async fn wrong_credentials_are_said_and_never_shown() {
    let address = socket::serve(
        Router::new()
            .route(NEW, post(|form: String| async move { (StatusCode::UNAUTHORIZED, form) })),
    )
    .await;
    let connector = reach(address, "wr0ng");
    let error = get(&connector).await.unwrap_err();
    let shown = format!("{error} {error:?} {connector:?}");
    assert!(shown.contains("refused the client credentials"), "{shown}");
    assert!(shown.contains("THARSIS_CLIENT_SECRET"), "{shown}");
    assert!(!shown.contains("wr0ng"), "{shown}");
}

#[tokio::test]
async fn an_installation_without_tokens_is_said_so() {
    let address = socket::serve(Router::new()).await;
    let error = get(&reach(address, "s3cret")).await.unwrap_err();
    assert!(error.to_string().contains("issues no tokens"), "{error}");
}
