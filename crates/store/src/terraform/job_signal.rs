//! Wakes the servers that share a database when there may be a job to claim.
//!
//! PostgreSQL carries the signal between servers. A SQLite database has one server, which wakes
//! itself.

use sqlx::postgres::PgListener;

use crate::{Result, Store, Tx, dialect::Engine};

const CHANNEL: &str = "pilothouse_terraform_job";

/// Delivered when the transaction commits, and only then.
const SIGNAL: &str = "SELECT pg_notify('pilothouse_terraform_job', '')";

/// Hears of new jobs; holds one connection for as long as it lives.
#[derive(Debug)]
pub struct JobSignal(PgListener);

impl JobSignal {
    /// The next time that there may be a job, also when signals may have been missed because the
    /// connection was lost. An error when it cannot be made again.
    pub async fn heard(&mut self) -> Result<()> {
        self.0.try_recv().await?;
        Ok(())
    }
}

impl Store {
    /// Nothing on SQLite.
    pub async fn job_signal(&self) -> Result<Option<JobSignal>> {
        match self.read() {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(pool) => {
                let mut listener = PgListener::connect_with(pool).await?;
                listener.listen(CHANNEL).await?;
                Ok(Some(JobSignal(listener)))
            }
        }
    }

    pub(super) async fn job_signal_send(&self) -> Result<()> {
        if let Engine::Postgres(pool) = self.write() {
            sqlx::query(SIGNAL).execute(pool).await?;
        }
        Ok(())
    }
}

/// Sends the signal with the transaction.
pub(super) async fn job_signal_in_txn(tx: &mut Tx) -> Result<()> {
    if let Engine::Postgres(connection) = tx.connection() {
        sqlx::query(SIGNAL).execute(connection).await?;
    }
    Ok(())
}
