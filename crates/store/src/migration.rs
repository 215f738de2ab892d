//! Brings a database to the schema of this program.

use sqlx::{
    PgPool, SqlitePool,
    migrate::{MigrateError, Migrator},
};

use crate::{
    Result, StoreError,
    dialect::{Engine, SQLITE_BEGIN, run},
};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// In one transaction that holds the write lock, because sqlx does not lock SQLite: of several
/// processes that open a new file, one migrates and the others find it done.
pub(crate) async fn migrate_sqlite(pool: &SqlitePool) -> Result<()> {
    if is_current(Engine::Sqlite(pool), &SQLITE).await {
        return Ok(());
    }
    let mut tx = pool.begin_with(SQLITE_BEGIN).await?;
    // Not `run`: with a borrowed connection its future is not `Send`.
    SQLITE.run_direct(None, &mut *tx, false).await.map_err(explain)?;
    Ok(tx.commit().await?)
}

/// Under sqlx's advisory lock.
pub(crate) async fn migrate_postgres(pool: &PgPool) -> Result<()> {
    if is_current(Engine::Postgres(pool), &POSTGRES).await {
        return Ok(());
    }
    POSTGRES.run(pool).await.map_err(explain)
}

/// Whether there is nothing to do, found out with one read and no lock, so that opening is cheap
/// and does not wait for a writer. A failure, such as a missing table, counts as no.
async fn is_current(pool: Engine<&SqlitePool, &PgPool>, migrator: &Migrator) -> bool {
    let applied: sqlx::Result<Vec<(i64, Vec<u8>)>> = run!(pool, |db| {
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY 1")
            .fetch_all(db)
            .await
    });
    let known = migrator.iter().map(|known| (known.version, known.checksum.to_vec()));
    applied.is_ok_and(|applied| applied.into_iter().eq(known))
}

fn explain(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => StoreError::SchemaNewer(version),
        MigrateError::VersionMismatch(version) => StoreError::SchemaDiffers(version),
        MigrateError::Execute(error) => error.into(),
        other => StoreError::Migration(other),
    }
}
