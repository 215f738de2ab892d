//! An idempotency key lets one call through, and gives its result to the others.

use std::time::Duration;

use futures::future::try_join_all;
use pilothouse_model::Timestamp;
use pilothouse_store::{
    IdempotencyBegin::{self, Done, InProgress, Mismatch, New},
    Store,
};

use crate::backend::{NOW, later, on_each, on_each_url};

const LIFETIME: Duration = Duration::from_secs(1);
const EXPIRY: Timestamp = Timestamp(NOW.0 + 1000);

async fn begin(store: &Store, principal: &str, digest: &str, now: Timestamp) -> IdempotencyBegin {
    store.idempotency_begin(principal, "key", digest, now, LIFETIME).await.unwrap()
}

#[tokio::test]
async fn a_repeated_call_gets_the_first_result() {
    on_each(|store| async move {
        assert_eq!(begin(&store, "jo", "plan", NOW).await, New);
        assert_eq!(begin(&store, "jo", "plan", NOW).await, InProgress);
        assert_eq!(begin(&store, "jo", "other", NOW).await, Mismatch);
        assert_eq!(begin(&store, "kim", "other", NOW).await, New);

        assert!(store.idempotency_finish("jo", "key", r#"{"run":1}"#).await.unwrap());
        assert!(!store.idempotency_finish("jo", "key", "again").await.unwrap());
        assert!(!store.idempotency_abandon("jo", "key").await.unwrap());
        assert_eq!(begin(&store, "jo", "plan", later(999)).await, Done(r#"{"run":1}"#.to_owned()));
        assert_eq!(begin(&store, "jo", "other", NOW).await, Mismatch);
        assert_eq!(begin(&store, "kim", "other", NOW).await, InProgress);
    })
    .await;
}

#[tokio::test]
async fn an_abandoned_key_is_free() {
    on_each(|store| async move {
        begin(&store, "jo", "plan", NOW).await;
        assert!(store.idempotency_abandon("jo", "key").await.unwrap());
        assert!(!store.idempotency_finish("jo", "key", "late").await.unwrap());
        assert_eq!(begin(&store, "jo", "other", NOW).await, New);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_free_when_its_time_is_over() {
    on_each(|store| async move {
        begin(&store, "jo", "plan", NOW).await;
        store.idempotency_finish("jo", "key", "first").await.unwrap();
        assert_eq!(begin(&store, "jo", "plan", EXPIRY).await, New);
        assert_eq!(begin(&store, "jo", "plan", EXPIRY).await, InProgress);
    })
    .await;
}

#[tokio::test]
async fn purging_forgets_exactly_the_expired_keys() {
    on_each(|store| async move {
        begin(&store, "jo", "plan", NOW).await;
        begin(&store, "kim", "plan", later(1)).await;
        assert_eq!(store.idempotency_purge(later(999)).await.unwrap(), 0);
        assert_eq!(store.idempotency_purge(EXPIRY).await.unwrap(), 1);
        assert_eq!(begin(&store, "kim", "plan", NOW).await, InProgress);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_begin_at_once_one_is_new() {
    on_each_url(|url| async move {
        let stores = [Store::open(&url).await.unwrap(), Store::open(&url).await.unwrap()];
        let beginning = (0..8).map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move { begin(&store, "jo", "plan", NOW).await })
        });
        let mut outcomes = try_join_all(beginning).await.unwrap();
        outcomes.retain(|outcome| *outcome != InProgress);
        assert_eq!(outcomes, [New]);
        for store in stores {
            store.close().await;
        }
    })
    .await;
}
