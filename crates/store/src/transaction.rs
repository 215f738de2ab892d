//! A transaction on either engine.

use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

use crate::{
    Result,
    change::Change,
    dialect::{Engine, run},
    sealer::Sealing,
};

/// Changes that happen together or not at all. Dropping it undoes them.
///
/// On SQLite this is the only writer: any other write of this process waits for its end.
#[must_use = "a transaction that is dropped is rolled back"]
#[derive(Debug)]
pub struct Tx {
    pub(crate) engine: Engine<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>,
    pub(crate) sealing: Sealing,
    /// Told when the transaction is over.
    pub(crate) change: Change,
}

impl Tx {
    /// Makes the changes permanent: once this returns, they survive a crash.
    pub async fn commit(self) -> Result<()> {
        Ok(run!(self.engine, |tx| tx.commit().await)?)
    }

    pub async fn rollback(self) -> Result<()> {
        Ok(run!(self.engine, |tx| tx.rollback().await)?)
    }

    pub(crate) fn connection(&mut self) -> Engine<&mut SqliteConnection, &mut PgConnection> {
        match &mut self.engine {
            Engine::Sqlite(tx) => Engine::Sqlite(&mut *tx),
            Engine::Postgres(tx) => Engine::Postgres(&mut *tx),
        }
    }
}
