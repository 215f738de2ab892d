//! Everything Pilothouse remembers, in SQLite or PostgreSQL; the only SQL of the workspace.
//!
//! Knows rows and transactions. Knows no protocol, no policy, and never reads the clock: each
//! rule about time takes a `now`.
//!
//! # Adding an aggregate
//!
//! 1. **Migration.** Add the next number to *both* `migrations/sqlite` and `migrations/postgres`,
//!    with the same file name. Never change one that was released: expand first, contract later.
//!    The two files are the same text, but for `BLOB` (PostgreSQL: `BYTEA`) and `COLLATE "C"`,
//!    which PostgreSQL needs on every text column that is ordered or compared with `<`, so that
//!    both engines sort alike. Ids are `TEXT`, times `BIGINT` (milliseconds, as
//!    [`Timestamp`](pilothouse_model::Timestamp)), JSON `TEXT`, flags `BOOLEAN`. State `NOT NULL`
//!    on primary keys too: SQLite would otherwise allow it. A test compares the two schemas.
//! 2. **File.** One per aggregate, an `impl Store` in it. Methods put the noun first
//!    (`run_create`, `run_list`), take and return plain public structs, and keep their row struct
//!    private. A list states its cap as a constant.
//! 3. **Statements.** One SQL text with `$1` parameters for both engines. `run!`
//!    and `execute!` (in `dialect.rs`) expand one sqlx expression for each engine:
//!
//!    ```ignore
//!    let row: Option<Row> =
//!        run!(self.read(), |db| sqlx::query_as(GET).bind(id).fetch_optional(db).await)?;
//!    let deleted: u64 = execute!(self.write(), sqlx::query(DELETE).bind(id))?;
//!    execute!(tx.connection(), sqlx::query(INSERT).bind(id))?;
//!    ```
//!
//!    `read()` refuses writes on SQLite. A write that is not in a transaction and ends in
//!    `RETURNING` uses `fetch_all`: with `fetch_one` or `fetch_optional`, sqlx stops at the first
//!    row and swallows a SQLite commit that fails after it. Text that a stranger chose goes
//!    through `text::storable`: PostgreSQL has no NUL in text.
//! 4. **Transactions.** [`Store::begin`] gives a [`Tx`]; a method that takes `&mut Tx` ends in
//!    `_in_txn`. SQLite has one writer, and a `Tx` is it: inside a transaction call only
//!    `_in_txn` methods, and wait for nothing else. Each change to governed data writes its audit
//!    row in the same transaction.
//! 5. **Concurrency.** PostgreSQL runs at READ COMMITTED. Decide in the `WHERE` of one `UPDATE`
//!    and look at the number of rows it changed; do not read, decide, then write. What one SQL
//!    text cannot say (claiming with `SKIP LOCKED`) lives in `dialect.rs`. Signals between servers
//!    (`terraform/job_signal.rs`) are PostgreSQL's own and have no counterpart.
//! 6. **Tests.** In `tests/it/<aggregate>.rs`, through `backend::on_each`, so that they run on
//!    both engines.

pub mod access;
mod approval;
mod audit;
mod change;
mod connect;
mod dialect;
mod error;
mod idempotency;
pub mod identity;
mod mcp_session;
mod migration;
mod sealer;
mod setting;
mod store;
pub mod terraform;
mod text;
mod transaction;

pub use approval::{APPROVAL_LIST_CAP, Approval, ApprovalState, DecideOutcome, RedeemOutcome};
pub use audit::{AUDIT_LIST_CAP, AuditFilter, Durability};
pub use error::{Result, StoreError};
pub use idempotency::IdempotencyBegin;
pub use mcp_session::McpSession;
pub use sealer::Sealer;
pub use store::Store;
pub use transaction::Tx;
