//! HTTP into a router of this process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Json, Router,
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::IntoResponse as _,
    routing::{get, post},
};
use pilothouse_connectors::{Connectors, Options, Scope};
use pilothouse_model::{Caller, Kind};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    fake::{args, caller, embedded},
    socket,
};

async fn who(
    Path(id): Path<String>,
    caller: Option<Extension<Caller>>,
    headers: HeaderMap,
) -> axum::response::Response {
    match caller {
        Some(Extension(caller)) => Json(json!({
            "id": id,
            "principal": caller.principal.id,
            "request_id": &*caller.request_id,
            "authorization": headers.contains_key("authorization"),
        }))
        .into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn router() -> Router {
    Router::new().route("/v1/plans/{id}/diagnostics", get(who))
}

#[tokio::test]
async fn the_caller_travels_with_the_request_and_no_credential_does() {
    let caller = caller();
    let answer = embedded(router())
        .call(&caller, "plan.diagnostics", args(json!({"id": "a/b"})))
        .await
        .unwrap();
    assert_eq!(
        answer,
        json!({"id": "a/b", "principal": "user:tester", "request_id": &*caller.request_id,
            "authorization": false})
    );
}

#[tokio::test]
async fn no_network_request_can_be_a_caller() {
    let address = socket::serve(router()).await;
    let connector = crate::fake::connector(socket::remote(address), Options::default());
    let error =
        connector.call(&caller(), "plan.diagnostics", args(json!({"id": "p"}))).await.unwrap_err();
    assert_eq!(error.message, "tharsis answered 401 Unauthorized");
    assert!(error.hint.unwrap().contains("credential configured for this platform"));
}

#[tokio::test(start_paused = true)]
async fn the_rules_of_repetition_and_time_hold_without_a_network() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let unavailable = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(StatusCode::SERVICE_UNAVAILABLE)
    };
    let router = Router::new()
        .route("/v1/plans/{id}/diagnostics", get(unavailable.clone()))
        .route("/v1/runs/{id}/discard", post(unavailable))
        .route("/v1/applies/{id}/diagnostics", get(std::future::pending::<StatusCode>));
    let connector = embedded(router);
    for (operation, attempts) in [("plan.diagnostics", 4), ("run.discard", 1)] {
        count.store(0, Ordering::SeqCst);
        let result = connector.call(&caller(), operation, args(json!({"id": "x"}))).await;
        assert_eq!(result.unwrap_err().kind, Kind::Unavailable);
        assert_eq!(count.load(Ordering::SeqCst), attempts, "{operation}");
    }
    let began = tokio::time::Instant::now();
    let result = connector.call(&caller(), "apply.diagnostics", args(json!({"id": "x"}))).await;
    assert!(result.unwrap_err().message.contains("within 30 s"));
    assert_eq!(began.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_ends_at_once() {
    let router =
        Router::new().route("/v1/plans/{id}/diagnostics", get(std::future::pending::<StatusCode>));
    let connector = embedded(router);
    let token = CancellationToken::new();
    let scope = Scope::new(caller()).cancelled_by(token.clone());
    let began = tokio::time::Instant::now();
    let id = args(json!({"id": "x"}));
    let (result, ()) = tokio::join!(connector.call_in(&scope, "plan.diagnostics", &id), async {
        token.cancel();
    });
    assert_eq!(result.unwrap_err().message, "the call was cancelled");
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[test]
fn instances_are_found_by_name_or_by_being_the_only_one() {
    let mut connectors = Connectors::default();
    assert!(connectors.get("tharsis", None).is_err());
    connectors.add(embedded(router())).unwrap();
    assert_eq!(connectors.get("tharsis", None).unwrap().instance(), "default");
    assert!(connectors.add(embedded(router())).is_err());
    let catalog = pilothouse_registry::Catalog::embedded().platform("tharsis").unwrap();
    let transport = pilothouse_connectors::transport::Embedded::new(router());
    let transport = pilothouse_connectors::Transport::Embedded(transport);
    let west =
        pilothouse_connectors::Connector::new(catalog, "west", transport, Options::default());
    connectors.add(west.unwrap()).unwrap();
    assert_eq!(connectors.instances("tharsis").count(), 2);
    assert_eq!(connectors.get("tharsis", Some("west")).unwrap().instance(), "west");
    let error = connectors.get("tharsis", None).unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("pass instance, one of: default, west"));
    assert_eq!(connectors.get("tharsis", Some("east")).unwrap_err().kind, Kind::NotFound);
}
