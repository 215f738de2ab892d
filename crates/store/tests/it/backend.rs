//! A fresh database of every engine at hand, gone after the test.

use std::{
    future::Future,
    io::{Write, stderr},
    panic::resume_unwind,
    sync::Once,
};

use pilothouse_model::Timestamp;
use pilothouse_store::Store;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tokio::task::JoinError;
use uuid::Uuid;

const POSTGRES_VARIABLE: &str = "TEST_POSTGRES_URL";

/// The present, for every test.
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// So many milliseconds after [`NOW`].
pub(crate) fn later(milliseconds: i64) -> Timestamp {
    Timestamp(NOW.0 + milliseconds)
}

/// Runs a specification against an empty store of each engine.
pub(crate) async fn on_each<Spec, Running>(spec: Spec)
where
    Spec: Fn(Store) -> Running + Clone + Send + 'static,
    Running: Future<Output = ()> + Send + 'static,
{
    on_each_url(move |url| {
        let spec = spec.clone();
        async move {
            let store = Store::open(&url).await.unwrap();
            spec(store.clone()).await;
            store.close().await;
        }
    })
    .await;
}

/// Runs a specification with the URL of an empty database of each engine.
pub(crate) async fn on_each_url<Spec, Running>(spec: Spec)
where
    Spec: Fn(String) -> Running,
    Running: Future<Output = ()> + Send + 'static,
{
    println!("on SQLite");
    let directory = tempfile::tempdir().unwrap();
    settle(tokio::spawn(spec(sqlite_url(&directory))).await);

    let Some(server) = postgres_server() else { return };
    println!("on PostgreSQL");
    let schema = PostgresSchema::create(&server).await;
    let outcome = tokio::spawn(spec(schema.url.clone())).await;
    schema.remove().await;
    settle(outcome);
}

pub(crate) fn sqlite_url(directory: &tempfile::TempDir) -> String {
    format!("sqlite://{}", directory.path().join("store.db").display())
}

/// The server for tests, or nothing and a loud word about it.
#[expect(clippy::disallowed_methods, reason = "a test is not configured by app::config")]
pub(crate) fn postgres_server() -> Option<String> {
    let url = std::env::var(POSTGRES_VARIABLE).ok();
    if url.is_none() {
        static SAID: Once = Once::new();
        // Not `eprintln!`, which the test runner keeps to itself when the test passes.
        SAID.call_once(|| {
            let what = "*** STORE NOT TESTED ON POSTGRESQL ***";
            writeln!(stderr(), "\n{what} set {POSTGRES_VARIABLE} to a server's URL\n").unwrap();
        });
    }
    url
}

/// A schema of its own inside the test server's database.
pub(crate) struct PostgresSchema {
    server: String,
    name: String,
    pub(crate) url: String,
}

impl PostgresSchema {
    pub(crate) async fn create(server: &str) -> Self {
        let name = format!("test_{}", Uuid::now_v7().simple());
        execute(server, &format!("CREATE SCHEMA {name}")).await;
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-csearch_path%3D{name}");
        Self { server: server.to_owned(), name, url }
    }

    pub(crate) async fn remove(self) {
        execute(&self.server, &format!("DROP SCHEMA {} CASCADE", self.name)).await;
    }
}

/// Runs a statement behind the store's back.
pub(crate) async fn execute(url: &str, statement: &str) {
    let query = sqlx::raw_sql(AssertSqlSafe(statement));
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        query.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        query.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Every row of every table, as text; bytes are hex.
pub(crate) async fn rows(url: &str) -> Vec<String> {
    let mut rows = Vec::new();
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
                .fetch_all(&mut connection)
                .await
                .unwrap();
        for table in tables {
            let columns: Vec<String> =
                sqlx::query_scalar("SELECT 'quote(' || name || ')' FROM pragma_table_info($1)")
                    .bind(&table)
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
            let select = format!("SELECT {} FROM {table}", columns.join(" || ' ' || "));
            let found = sqlx::query_scalar::<_, String>(AssertSqlSafe(select));
            rows.extend(found.fetch_all(&mut connection).await.unwrap());
        }
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let tables = "SELECT table_name::text FROM information_schema.tables
                      WHERE table_schema = current_schema()";
        let tables: Vec<String> =
            sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
        for table in tables {
            let select = format!("SELECT to_jsonb(t)::text FROM {table} t");
            let found = sqlx::query_scalar::<_, String>(AssertSqlSafe(select));
            rows.extend(found.fetch_all(&mut connection).await.unwrap());
        }
        connection.close().await.unwrap();
    }
    rows
}

fn settle(outcome: Result<(), JoinError>) {
    if let Err(error) = outcome {
        resume_unwind(error.into_panic());
    }
}
