//! The handle through which everything is stored.

use sqlx::{PgPool, SqlitePool};

use crate::{
    Result, Tx,
    change::{Change, Changes},
    connect::{self, Pool},
    dialect::{Engine, SQLITE_BEGIN, execute},
    sealer::Sealing,
};

/// A database that is open and has this program's schema. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    pub(crate) sealing: Sealing,
    pub(crate) changes: Changes,
}

impl Store {
    /// Opens the database, creates a SQLite file that does not exist, and brings the schema up to
    /// date.
    ///
    /// `sqlite:///absolute/path.db` (the path is taken as it stands), `sqlite::memory:` (lives as
    /// long as the handle), or `postgres://user:password@host/database`.
    pub async fn open(url: &str) -> Result<Self> {
        let pool = connect::open(url).await?;
        Ok(Self { pool, sealing: Sealing::default(), changes: Changes::default() })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        execute!(self.read(), sqlx::query("SELECT 1"))?;
        Ok(())
    }

    /// Starts a transaction. On SQLite it waits for the one writer's place.
    pub async fn begin(&self) -> Result<Tx> {
        let engine = match self.write() {
            Engine::Sqlite(pool) => Engine::Sqlite(pool.begin_with(SQLITE_BEGIN).await?),
            Engine::Postgres(pool) => Engine::Postgres(pool.begin().await?),
        };
        let change = Change::none_yet(&self.changes);
        Ok(Tx { engine, sealing: self.sealing.clone(), change })
    }

    /// Waits for running statements and closes all connections, of every clone.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// For statements that change nothing.
    pub(crate) fn read(&self) -> Engine<&SqlitePool, &PgPool> {
        match &self.pool {
            Pool::Sqlite { read, .. } => Engine::Sqlite(read),
            Pool::Postgres(pool) => Engine::Postgres(pool),
        }
    }

    /// For single statements that change something.
    pub(crate) fn write(&self) -> Engine<&SqlitePool, &PgPool> {
        match &self.pool {
            Pool::Sqlite { write, .. } => Engine::Sqlite(write),
            Pool::Postgres(pool) => Engine::Postgres(pool),
        }
    }
}
