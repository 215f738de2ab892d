//! Nothing is lost, nothing is given twice to one connection, nothing grows.

use futures::{FutureExt, StreamExt};

use super::*;

fn message(text: &str, role: Role) -> Outgoing {
    Outgoing { text: text.to_owned(), role }
}

fn push(log: &EventLog, text: &str) {
    log.push(message(text, Role::Message));
}

async fn texts(stream: impl Stream<Item = Entry>) -> Vec<String> {
    stream.map(|entry| entry.text.to_string()).collect().await
}

#[tokio::test]
async fn a_connection_gets_everything_and_ends_with_the_answer() {
    let log = EventLog::new();
    let reader = log.read(0).unwrap();
    push(&log, "a");
    log.push(message("b", Role::Answer { code: None }));
    assert_eq!(texts(reader).await, ["a", "b"]);
    assert!(log.finished_at().is_some() && !log.has_readers());
}

#[tokio::test]
async fn a_resumed_connection_gets_only_what_it_missed() {
    let log = EventLog::new();
    for text in ["a", "b", "c"] {
        push(&log, text);
    }
    log.finish();
    for (after, expected) in [(0, vec!["a", "b", "c"]), (2, vec!["c"]), (3, vec![]), (99, vec![])] {
        assert_eq!(texts(log.read(after).unwrap()).await, expected, "after {after}");
    }
}

#[tokio::test]
async fn hanging_up_ends_the_connection_and_keeps_the_log() {
    let log = EventLog::new();
    let reader = log.read(0).unwrap();
    log.hang_up();
    assert!(texts(reader).await.is_empty());
    let resumed = log.read(0).unwrap();
    log.push(message("late", Role::Answer { code: None }));
    assert_eq!(texts(resumed).await, ["late"]);
}

#[tokio::test]
async fn only_the_newest_connection_is_served_and_the_older_takes_over() {
    let log = EventLog::new();
    let mut older = Box::pin(log.read(0).unwrap());
    let mut newer = Box::pin(log.read(0).unwrap());
    push(&log, "a");
    assert_eq!(newer.next().await.map(|entry| entry.index), Some(1));
    assert!(older.next().now_or_never().is_none(), "silent, not ended");
    drop(newer);
    assert_eq!(older.next().await.map(|entry| entry.index), Some(1));
}

#[tokio::test]
async fn connections_are_bounded() {
    let log = EventLog::new();
    let readers: Vec<_> = (0..READERS).map(|_| log.read(0).unwrap()).collect();
    assert!(log.read(0).is_none());
    drop(readers);
    assert!(log.read(0).is_some());
}

#[tokio::test]
async fn remarks_give_way_before_messages() {
    let log = EventLog::new();
    push(&log, "kept");
    for _ in 0..2 * EVENTS {
        log.push(message("remark", Role::Remark));
    }
    log.push(message("answer", Role::Answer { code: None }));
    let texts = texts(log.read(0).unwrap()).await;
    assert_eq!(texts.len(), EVENTS);
    assert_eq!((texts[0].as_str(), texts[EVENTS - 1].as_str()), ("kept", "answer"));
}

#[tokio::test]
async fn bytes_are_bounded_but_a_large_answer_is_kept() {
    let log = EventLog::new();
    push(&log, &"x".repeat(BYTES));
    log.push(message(&"y".repeat(BYTES), Role::Answer { code: None }));
    assert_eq!(log.bytes(), BYTES);
    assert_eq!(log.read(0).unwrap().count().await, 1);
}
