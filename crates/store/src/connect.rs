//! Opens the pools of either engine from a URL.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Result, StoreError,
    dialect::is_transient,
    migration::{migrate_postgres, migrate_sqlite},
};

/// How long a statement waits for a connection or for another process' lock.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts to open a file that others open.
const PAUSE: Duration = Duration::from_millis(10);
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// SQLite has one connection that writes, so that writers of this process queue in order instead
/// of polling for the lock, and readers that see the last commit and never wait for a writer.
#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Sqlite { write: SqlitePool, read: SqlitePool },
    Postgres(PgPool),
}

impl Pool {
    pub(crate) async fn close(&self) {
        match self {
            // The last one to close folds the write-ahead log into the file, which a reader may not.
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

pub(crate) async fn open(url: &str) -> Result<Pool> {
    if url == "sqlite::memory:" {
        return open_memory().await;
    }
    if let Some(path) = url.strip_prefix("sqlite://") {
        return open_file(&absolute(path)?).await;
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return open_postgres(url).await;
    }
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    Err(StoreError::Url(format!("{scheme:?} is not a scheme of a database it knows")))
}

fn absolute(path: &str) -> Result<PathBuf> {
    let path = Path::new(path);
    if !path.is_absolute() || path.file_name().is_none() {
        return Err(StoreError::Url("a SQLite database needs an absolute file path".to_owned()));
    }
    Ok(path.to_owned())
}

/// One connection that is never given up, since the data lives in it.
async fn open_memory() -> Result<Pool> {
    let write = writer().connect_with(sqlite_options().filename(":memory:")).await?;
    migrate_sqlite(&write).await?;
    Ok(Pool::Sqlite { read: write.clone(), write })
}

async fn open_file(path: &Path) -> Result<Pool> {
    let failed = |source| StoreError::Open { name: path.display().to_string(), source };
    create_private(path).map_err(|error| failed(error.into()))?;
    let options = sqlite_options().filename(path);
    let durable =
        options.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let write = connect_patiently(durable).await.map_err(|error| failed(error.into()))?;
    migrate_sqlite(&write).await?;
    let read = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Pool::Sqlite { write, read })
}

/// Waits for others that open the same new file. SQLite itself does not: the switch to the
/// write-ahead log wants the file alone, and fails at once where somebody else has it.
async fn connect_patiently(options: SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
    let begun = Instant::now();
    loop {
        match writer().connect_with(options.clone()).await {
            Err(sqlx::Error::Database(busy))
                if is_transient(busy.as_ref()) && begun.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            settled => return settled,
        }
    }
}

/// Creates the file for its owner only; SQLite gives its log and index files the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

fn sqlite_options() -> SqliteConnectOptions {
    SqliteConnectOptions::new().foreign_keys(true).busy_timeout(PATIENCE)
}

fn writer() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

async fn open_postgres(url: &str) -> Result<Pool> {
    let options: PgConnectOptions = url
        .parse()
        .map_err(|_| StoreError::Url("it is not a well-formed PostgreSQL URL".to_owned()))?;
    let name = format!(
        "{:?} at {}:{}",
        options.get_database().unwrap_or(options.get_username()),
        options.get_host(),
        options.get_port()
    );
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options.application_name("pilothouse"))
        .await
        .map_err(|error| StoreError::Open { name, source: error.into() })?;
    migrate_postgres(&pool).await?;
    Ok(Pool::Postgres(pool))
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, SqliteConnection};

    use super::*;

    async fn text(pool: &SqlitePool, statement: &'static str) -> String {
        sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
    }

    #[tokio::test]
    async fn opening_waits_for_who_has_a_new_file_to_themselves() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.db");
        create_private(&path).unwrap();
        let mut other =
            SqliteConnection::connect_with(&sqlite_options().filename(&path)).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        let (opened, ()) = tokio::join!(open_file(&path), async {
            tokio::time::sleep(PAUSE * 5).await;
            sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
        });
        opened.unwrap().close().await;
    }

    #[tokio::test]
    async fn a_commit_reaches_the_disk_and_readers_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let Pool::Sqlite { write, read } = open_file(&directory.path().join("x.db")).await.unwrap()
        else {
            panic!("not SQLite");
        };
        // synchronous 2 is FULL.
        let settings = "SELECT journal_mode || ' ' || synchronous || ' ' || foreign_keys
            FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys";
        assert_eq!(text(&write, settings).await, "wal 2 1");

        let statement = "INSERT INTO setting VALUES ('key', 'value')";
        let error = sqlx::query(statement).execute(&read).await.unwrap_err().to_string();
        assert!(error.contains("readonly"), "{error}");
        sqlx::query(statement).execute(&write).await.unwrap();
        assert_eq!(text(&read, "SELECT value FROM setting").await, "value");
    }
}
