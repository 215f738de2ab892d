//! Brings a database to the schema of this program.

use sqlx::{
    PgPool, SqlitePool,
    migrate::{MigrateError, Migrator},
};

use crate::{Result, StoreError, dialect::SQLITE_BEGIN};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// In one transaction that holds the write lock, because sqlx does not lock SQLite: of several
/// processes that open a new file, one migrates and the others find it done.
pub(crate) async fn migrate_sqlite(pool: &SqlitePool) -> Result<()> {
    let mut tx = pool.begin_with(SQLITE_BEGIN).await?;
    // Not `run`: with a borrowed connection its future is not `Send`.
    SQLITE.run_direct(None, &mut *tx, false).await.map_err(explain)?;
    Ok(tx.commit().await?)
}

/// Under sqlx's advisory lock.
pub(crate) async fn migrate_postgres(pool: &PgPool) -> Result<()> {
    POSTGRES.run(pool).await.map_err(explain)
}

fn explain(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => StoreError::SchemaNewer(version),
        MigrateError::VersionMismatch(version) => StoreError::SchemaDiffers(version),
        MigrateError::Execute(error) => error.into(),
        other => StoreError::Migration(other),
    }
}
