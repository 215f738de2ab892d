//! What a session keeps apart and keeps within bounds.

use pilothouse_model::Principal;
use rmcp::model::{ClientCapabilities, ClientResult, Implementation, JsonRpcMessage};
use serde_json::json;

use super::*;
use crate::mcp::outlet::{Outgoing, Role};

fn session() -> Session {
    let owner = Owner::of(&Caller::new(Principal::local_user("ann")));
    Session::new("s".into(), owner, Outlet::Log(EventLog::new()))
}

fn client(version: ProtocolVersion) -> InitializeRequestParams {
    let info = Implementation::new("client", "1");
    InitializeRequestParams::new(ClientCapabilities::default(), info).with_protocol_version(version)
}

fn answer(id: RequestId) -> ClientJsonRpcMessage {
    ClientJsonRpcMessage::response(
        ClientResult::CustomResult(rmcp::model::CustomResult(json!({}))),
        id,
    )
}

#[test]
fn revisions_differ_in_what_they_know() {
    for (version, primes, batches) in [
        (ProtocolVersion::V_2025_11_25, true, false),
        (ProtocolVersion::V_2025_06_18, false, false),
        (ProtocolVersion::V_2025_03_26, false, true),
        (ProtocolVersion::V_2024_11_05, false, false),
    ] {
        let session = session();
        assert!(!session.primes_streams() && !session.may_batch(), "before initialize");
        session.set_client(client(version.clone()));
        assert_eq!((session.primes_streams(), session.may_batch()), (primes, batches), "{version}");
    }
}

#[test]
fn questions_of_concurrent_requests_do_not_meet() {
    let session = session();
    let (first, mut first_answer) = oneshot::channel();
    let (second, mut second_answer) = oneshot::channel();
    let first_id = session.ask(first);
    let second_id = session.ask(second);
    assert_ne!(first_id, second_id);

    // Some clients answer a number as a string.
    session.answer(answer(RequestId::String(second_id.to_string().into())));
    assert!(matches!(second_answer.try_recv(), Ok(JsonRpcMessage::Response(_))));

    session.answer(answer(second_id.clone()));
    session.answer(answer(RequestId::Number(99)));
    assert!(first_answer.try_recv().is_err());
    assert!(session.withdraw(&first_id), "still open");
    assert!(!session.withdraw(&second_id), "answered");
}

#[test]
fn a_stream_that_nobody_heard_of_is_forgotten() {
    let session = session();
    let (kept, _) = session.open_stream();
    let (number, _) = session.open_stream();
    session.forget_stream(number);
    assert!(session.stream(number).is_none() && session.stream(kept).is_some());
}

#[test]
fn requests_in_progress_are_bounded_and_cancelled_by_id() {
    let session = session();
    let begin = |id: i64, cancel: &CancellationToken| {
        session.begin(RequestId::Number(id), cancel.clone(), 2)
    };
    let (one, two) = (CancellationToken::new(), CancellationToken::new());
    assert_eq!(begin(1, &one), Ok(()));
    assert_eq!(begin(1, &two), Err(Busy::Duplicate));
    assert_eq!(begin(2, &two), Ok(()));
    assert_eq!(begin(3, &two), Err(Busy::TooMany));
    assert!(!session.is_idle());

    session.cancel(&RequestId::Number(1));
    assert!(one.is_cancelled() && !two.is_cancelled());
    session.end(&RequestId::Number(2));
    session.cancel_all();
    assert!(!two.is_cancelled(), "it had ended");
    assert!(session.is_idle());
}

#[test]
fn subscriptions_are_bounded() {
    let session = session();
    for number in 0..SUBSCRIPTIONS {
        assert!(session.subscribe(&format!("x://{number}")));
    }
    assert!(session.subscribe("x://0"), "already there");
    assert!(!session.subscribe("x://one-more"));
    session.unsubscribe("x://0");
    assert!(session.subscribe("x://one-more"));
    assert!(session.is_subscribed("x://one-more") && !session.is_subscribed("x://0"));
}

#[tokio::test]
async fn finished_streams_are_kept_for_a_while_within_bounds() {
    let session = session();
    let finish = |bytes: usize| {
        let (number, log) = session.open_stream();
        log.push(Outgoing { text: "x".repeat(bytes), role: Role::Answer { code: None } });
        number
    };
    let (open, _log) = session.open_stream();
    let many: Vec<u64> = (0..2 * FINISHED_STREAMS).map(|_| finish(1)).collect();
    session.drop_old_streams(Instant::now());
    let kept = |numbers: &[u64]| numbers.iter().filter(|n| session.stream(**n).is_some()).count();
    assert_eq!(kept(&many), FINISHED_STREAMS);
    assert!(session.stream(many[many.len() - 1]).is_some(), "the newest stay");

    let large = [finish(FINISHED_BYTES), finish(1)];
    session.drop_old_streams(Instant::now());
    assert!(session.stream(large[0]).is_none() && session.stream(large[1]).is_some());

    session.drop_old_streams(Instant::now() + RESUMABLE);
    assert_eq!(kept(&many) + kept(&large), 0);
    assert!(session.stream(open).is_some() && session.stream(STANDALONE).is_some());
}
