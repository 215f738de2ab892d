//! Opening: what is accepted, what is created, and what is said when it does not work.

use std::path::Path;

use futures::future::try_join_all;
use pilothouse_model::{Error, Kind};
use pilothouse_store::{Store, StoreError};

use crate::{
    audit::record,
    backend::{execute, on_each, on_each_url, sqlite_url},
};

async fn refusal(url: &str) -> Error {
    Store::open(url).await.unwrap_err().into()
}

#[tokio::test]
async fn an_unusable_url_is_refused_with_the_reason() {
    for (url, why) in [
        ("", "\"\" is not a scheme"),
        ("store.db", "not a scheme"),
        ("mysql://user:hunter2@host/db", "\"mysql\" is not a scheme"),
        ("sqlite:store.db", "not a scheme"),
        ("sqlite://store.db", "absolute file path"),
        ("sqlite:///", "absolute file path"),
        ("postgres://user:hunter2@host:port/db", "well-formed"),
    ] {
        let error = refusal(url).await;
        assert_eq!(error.kind, Kind::Invalid, "{url:?}: {error}");
        let text = error.to_string();
        assert!(text.contains(why) && !text.contains("hunter2"), "{url:?}: {text}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let other_format = directory.path().join("notes.txt");
    std::fs::write(&other_format, "no database, but long enough to have a header".repeat(9))
        .unwrap();
    for path in [other_format, directory.path().join("missing/store.db")] {
        let error = refusal(&format!("sqlite://{}", path.display())).await;
        assert_eq!(error.kind, Kind::Unavailable, "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_a_new_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&sqlite_url(&directory)).await.unwrap();
    store.setting_put("key", "value").await.unwrap();
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        assert_eq!(mode(&directory.path().join(name)), 0o600, "{name}");
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    on_each_url(|url| async move {
        let store = Store::open(&url).await.unwrap();
        store.setting_put("key", "value").await.unwrap();
        store.close().await;
        let store = Store::open(&url).await.unwrap();
        assert_eq!(store.setting_get("key").await.unwrap().as_deref(), Some("value"));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_open_a_new_database_at_once() {
    on_each_url(|url| async move {
        let opening = (0..8).map(|_| {
            let url = url.clone();
            tokio::spawn(async move { Store::open(&url).await.unwrap() })
        });
        for store in try_join_all(opening).await.unwrap() {
            store.ping().await.unwrap();
            store.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn opening_does_not_wait_for_a_writer() {
    on_each_url(|url| async move {
        let store = Store::open(&url).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        store.audit_insert_in_txn(&mut tx, &record("one")).await.unwrap();
        Store::open(&url).await.unwrap().close().await;
        tx.commit().await.unwrap();
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn each_database_in_memory_is_its_own() {
    let first = Store::open("sqlite::memory:").await.unwrap();
    let second = Store::open("sqlite::memory:").await.unwrap();
    first.setting_put("key", "value").await.unwrap();
    assert_eq!(first.clone().setting_get("key").await.unwrap().as_deref(), Some("value"));
    assert_eq!(second.setting_get("key").await.unwrap(), None);
}

#[tokio::test]
async fn the_schema_of_a_newer_version_is_refused() {
    on_each_url(|url| async move {
        Store::open(&url).await.unwrap().close().await;
        let statement = "INSERT INTO _sqlx_migrations
            (version, description, success, checksum, execution_time)
            VALUES (9999, 'of the future', TRUE, '', 0)";
        execute(&url, statement).await;
        let error = Store::open(&url).await.unwrap_err();
        assert!(matches!(error, StoreError::SchemaNewer(9999)), "{error}");
        assert_eq!(Error::from(error).kind, Kind::Conflict);
    })
    .await;
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    on_each_url(|url| async move {
        Store::open(&url).await.unwrap().close().await;
        execute(&url, "UPDATE _sqlx_migrations SET checksum = '' WHERE version = 1").await;
        let error = Store::open(&url).await.unwrap_err();
        assert!(matches!(error, StoreError::SchemaDiffers(1)), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_closed_store_says_that_it_is_unavailable() {
    on_each(|store| async move {
        store.ping().await.unwrap();
        store.close().await;
        let error = Error::from(store.ping().await.unwrap_err());
        assert_eq!(error.kind, Kind::Unavailable);
    })
    .await;
}
