//! All that differs between the two engines.
//!
//! A statement is written once; [`run!`] compiles it for both. Nothing here knows an aggregate.

use sqlx::error::DatabaseError;

/// The same thing of either engine: a pool, a connection, a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Engine<S, P> {
    Sqlite(S),
    Postgres(P),
}

/// Runs one expression with `db` bound to what the engine at hand offers.
macro_rules! run {
    ($engine:expr, |$db:ident| $body:expr) => {
        match $engine {
            $crate::dialect::Engine::Sqlite($db) => $body,
            $crate::dialect::Engine::Postgres($db) => $body,
        }
    };
}
pub(crate) use run;

/// Runs one query that returns no rows; gives the number of rows it changed.
macro_rules! execute {
    ($engine:expr, $query:expr) => {
        $crate::dialect::run!($engine, |db| $query.execute(db).await.map(|r| r.rows_affected()))
    };
}
pub(crate) use execute;

/// Takes SQLite's write lock at once: a deferred transaction that turns into a writer late fails
/// when another one wrote in between, and waiting does not help it.
pub(crate) const SQLITE_BEGIN: &str = "BEGIN IMMEDIATE";

/// Commits from here on, on this connection, do not wait for the disk. The operating system has
/// them, so they outlive the program, but not the machine's sudden end.
pub(crate) const SQLITE_HURRY: &str = "PRAGMA synchronous = NORMAL";
/// As a connection is opened: commits wait for the disk.
pub(crate) const SQLITE_WAIT: &str = "PRAGMA synchronous = FULL";

/// Leaves nothing in the file of what was deleted or overwritten.
pub(crate) const SQLITE_TIDY: [&str; 2] = ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"];

/// Whether the same statement may well succeed a moment later.
///
/// SQLite gives extended result codes as decimal text, PostgreSQL five-character SQLSTATEs.
pub(crate) fn is_transient(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| {
        matches!(
            code.as_ref(),
            // BUSY, LOCKED, BUSY_RECOVERY, LOCKED_SHAREDCACHE, BUSY_SNAPSHOT, BUSY_TIMEOUT
            "5" | "6" | "261" | "262" | "517" | "773"
            // serialization failure, deadlock, too many connections, lock not available,
            // shutdown, crash, starting up
            | "40001" | "40P01" | "53300" | "55P03" | "57P01" | "57P02" | "57P03"
        )
    })
}

/// Whether a text parameter holds a character that the database's encoding lacks. SQLite takes any.
pub(crate) fn is_unstorable(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| matches!(code.as_ref(), "22021" | "22P05"))
}
