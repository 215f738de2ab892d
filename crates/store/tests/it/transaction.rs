//! Transactions happen as a whole, and do not disturb readers.

use pilothouse_store::Store;

use crate::{
    audit::record,
    backend::{on_each, on_each_url},
};

async fn rows(store: &Store) -> usize {
    store.audit_list(&pilothouse_store::AuditFilter::default()).await.unwrap().len()
}

#[tokio::test]
async fn only_what_is_committed_stays() {
    on_each(|store| async move {
        let mut tx = store.begin().await.unwrap();
        store.audit_insert_in_txn(&mut tx, &record("dropped")).await.unwrap();
        drop(tx);
        let mut tx = store.begin().await.unwrap();
        store.audit_insert_in_txn(&mut tx, &record("rolled back")).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(rows(&store).await, 0);

        let mut tx = store.begin().await.unwrap();
        store.audit_insert_in_txn(&mut tx, &record("one")).await.unwrap();
        store.audit_insert_in_txn(&mut tx, &record("two")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(rows(&store).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_reader_neither_waits_for_a_writer_nor_sees_half_of_it() {
    on_each(|store| async move {
        let mut tx = store.begin().await.unwrap();
        store.audit_insert_in_txn(&mut tx, &record("one")).await.unwrap();
        assert_eq!(rows(&store).await, 0);
        tx.commit().await.unwrap();
        assert_eq!(rows(&store).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_for_the_transaction_of_another_process() {
    on_each_url(|url| async move {
        let (first, second) = (Store::open(&url).await.unwrap(), Store::open(&url).await.unwrap());
        let mut tx = first.begin().await.unwrap();
        first.audit_insert_in_txn(&mut tx, &record("one")).await.unwrap();
        let waiting = tokio::spawn({
            let second = second.clone();
            async move { second.audit_insert(&record("two")).await }
        });
        tx.commit().await.unwrap();
        waiting.await.unwrap().unwrap();
        assert_eq!(rows(&second).await, 2);
        first.close().await;
        second.close().await;
    })
    .await;
}
