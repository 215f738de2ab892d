//! gRPC by descriptors, to a platform on the network and to one in this process.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::Router;
use pilothouse_connectors::{Connector, Limits, Options, Transport, transport::Embedded};
use pilothouse_model::{Error, Kind};
use serde_json::{Value, json};
use tonic::{Code, Status};

use crate::{
    fake::{Call, args, caller, connector, router},
    socket,
};

/// The same router behind both transports.
async fn both(router: Router) -> [Connector; 2] {
    let options = Options::default();
    let embedded = Transport::Embedded(Embedded::new(router.clone()));
    [connector(embedded, options), connector(socket::remote(socket::serve(router).await), options)]
}

async fn get(connector: &Connector) -> Result<Value, Error> {
    connector.call(&caller(), "run.get", args(json!({"id": "R1"}))).await
}

#[tokio::test]
async fn messages_are_built_and_read_by_their_descriptors() {
    let router = router(|call: Call| {
        assert_eq!(call.method, "Workspaces.GetWorkspaces");
        assert_eq!(
            call.request,
            json!({"pagination_options": {"first": 2, "after": "c1"}, "sort": "FULL_PATH_DESC",
                "label_filters": {"team": "net"}})
        );
        Ok(json!({
            "workspaces": [{"name": "a", "current_state_version_id": "U1Zf",
                "metadata": {"id": "W1", "version": "7", "created_at": "2026-01-02T03:04:05Z"}}],
            "page_info": {"end_cursor": "c2", "has_next_page": true, "total_count": 9},
        }))
    });
    for connector in both(router).await {
        let list = json!({"limit": 2, "cursor": "c1", "sort": "FULL_PATH_DESC",
            "label_filters": {"team": "net"}});
        let answer = connector.call(&caller(), "workspace.list", args(list)).await.unwrap();
        assert_eq!(answer["next_cursor"], "c2");
        assert_eq!(answer["total"], 9);
        let workspace = &answer["items"][0];
        assert_eq!(workspace["metadata"]["version"], 7);
        assert_eq!(workspace["metadata"]["created_at"], "2026-01-02T03:04:05Z");
        assert_eq!(workspace["locked"], false);
        assert!(workspace.get("current_state_version_id").is_none(), "an empty id is absent");
    }
}

#[tokio::test]
async fn either_the_caller_or_the_credential_travels() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let router = router(move |call: Call| {
        let token = call.metadata.get("authorization").map(|it| it.to_str().unwrap().to_owned());
        let caller = call.caller.map(|caller| caller.principal.id.clone());
        noted.lock().unwrap().push((caller, token));
        Ok(json!({}))
    });
    for connector in both(router).await {
        get(&connector).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], (Some("user:tester".to_owned()), None));
    assert_eq!(seen[1], (None, Some("instance-token".to_owned())), "the bare token");
}

#[tokio::test]
async fn a_status_becomes_an_error_with_its_message() {
    for (code, kind, verb) in [
        (Code::InvalidArgument, Kind::Invalid, "refused"),
        (Code::AlreadyExists, Kind::Conflict, "refused"),
        (Code::Aborted, Kind::Conflict, "refused"),
        (Code::NotFound, Kind::NotFound, "refused"),
        (Code::PermissionDenied, Kind::Forbidden, "answered PERMISSION_DENIED"),
        (Code::Unauthenticated, Kind::Upstream, "answered UNAUTHENTICATED"),
        (Code::Unimplemented, Kind::Upstream, "answered UNIMPLEMENTED"),
        (Code::Internal, Kind::Upstream, "answered INTERNAL"),
    ] {
        let router = router(move |_| Err(Status::new(code, "what \u{1b}[1mhappened")));
        for connector in both(router).await {
            let error = get(&connector).await.unwrap_err();
            assert_eq!(error.kind, kind);
            assert_eq!(error.message, format!("tharsis {verb}: what happened"));
        }
    }
}

#[tokio::test]
async fn an_embedded_platforms_hint_is_kept() {
    let router = router(|_| {
        let mut status = Status::new(Code::FailedPrecondition, "no terraform");
        status.metadata_mut().insert("pilothouse-hint", "install it".parse().unwrap());
        Err(status)
    });
    let error = get(&both(router).await[0]).await.unwrap_err();
    assert_eq!(error.to_string(), "tharsis refused: no terraform (install it)");
}

#[tokio::test]
async fn text_in_answers_is_only_text() {
    let router = router(|_| Ok(json!({"created_by": "jo\u{1b}[2J\u{200b}e"})));
    for connector in both(router).await {
        assert_eq!(get(&connector).await.unwrap()["created_by"], "joe");
    }
}

#[tokio::test(start_paused = true)]
async fn unavailable_is_repeated_for_reads_and_exhausted_for_all() {
    for (operation, code, attempts) in [
        ("run.get", Code::Unavailable, 4),
        ("run.get", Code::ResourceExhausted, 4),
        ("run.get", Code::Internal, 1),
        ("run.cancel", Code::Unavailable, 1),
        ("run.cancel", Code::ResourceExhausted, 4),
    ] {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let router = router(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Err(Status::new(code, "not now"))
        });
        let connector = connector(Transport::Embedded(Embedded::new(router)), Options::default());
        connector.call(&caller(), operation, args(json!({"id": "R1"}))).await.unwrap_err();
        assert_eq!(count.load(Ordering::SeqCst), attempts, "{operation} {code:?}");
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused() {
    let router = router(|_| Ok(json!({"created_by": "x".repeat(10_000)})));
    let limits = Limits { max_response_bytes: 1000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    for transport in [
        Transport::Embedded(Embedded::new(router.clone())),
        socket::remote(socket::serve(router).await),
    ] {
        let error = get(&connector(transport, options)).await.unwrap_err();
        assert_eq!(error.message, "the answer of tharsis exceeds 1000 bytes");
    }
}

#[tokio::test]
async fn nobody_there_is_a_refused_connection() {
    let address = socket::nobody().await;
    let connector = connector(socket::remote(address), Options::default());
    let cancel = connector.call(&caller(), "run.cancel", args(json!({"id": "R1"}))).await;
    let error = cancel.unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (Kind::Unavailable, "cannot connect to tharsis")
    );
    assert_eq!(
        error.hint.as_deref(),
        Some("check that its address is right and that it is running")
    );
}

#[tokio::test]
async fn a_server_without_grpc_is_an_error_not_a_panic() {
    for connector in both(Router::new()).await {
        let error = get(&connector).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Upstream | Kind::Unavailable), "{error:?}");
    }
}
