//! The audit trail: rows are added and read, never changed.

use pilothouse_model::{
    Risk, Timestamp,
    audit::{AuditRecord, Outcome},
};
use sqlx::{Database, Encode, QueryBuilder, SqlitePool, Type};
use uuid::{Uuid, Version};

use crate::{
    Result, Store, Tx,
    dialect::{Engine, SQLITE_HURRY, SQLITE_WAIT, run},
    text::{storable, stored_word},
};

/// The most rows that one call of [`Store::audit_list`] or [`Store::audit_unfinished`] returns.
pub const AUDIT_LIST_CAP: u32 = 1000;

/// Which rows to list. An absent field does not restrict; the default is everything.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub principal: Option<String>,
    pub tool: Option<String>,
    /// `platform.type.operation`.
    pub operation: Option<String>,
    pub outcome: Option<Outcome>,
    pub request_id: Option<String>,
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Only rows older than this one: the last id of the previous page.
    pub before_id: Option<String>,
    /// At most [`AUDIT_LIST_CAP`], which is also the default.
    pub limit: Option<u32>,
}

/// What a row outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The machine's sudden end: the disk has it.
    Machine,
    /// The program's: the operating system has it and writes it out within half a minute. PostgreSQL
    /// gives [`Durability::Machine`] anyway.
    Program,
}

const INSERT: &str = "
    INSERT INTO audit
        (id, at, request_id, principal, space, surface, tool, operation, risk, target, arguments,
         outcome, detail, plan_digest, approval_id, duration_ms) ";

/// Rows of one statement at most: SQLite takes 32,766 parameters, PostgreSQL 65,535.
const ROWS: usize = 256;

/// The most that passes between a row's id and its time, in milliseconds: a sleeping machine aside.
const PAUSE_MS: i64 = 60_000;

const SELECT: &str = "SELECT * FROM audit WHERE TRUE";

const UNFINISHED: &str = "
    SELECT * FROM audit AS intent
    WHERE outcome = 'intent' AND NOT EXISTS (
        SELECT 1 FROM audit AS later
        WHERE later.request_id = intent.request_id AND later.id > intent.id
            AND later.risk <> 'read' AND later.outcome <> 'intent')";

impl Store {
    /// Adds a row. Its id decides its place in the trail, so it must be a new `UUIDv7`.
    pub async fn audit_insert(&self, record: &AuditRecord) -> Result<()> {
        self.audit_insert_all(std::slice::from_ref(record), Durability::Machine).await
    }

    /// Adds a row together with the change it is about.
    pub async fn audit_insert_in_txn(&self, tx: &mut Tx, record: &AuditRecord) -> Result<()> {
        let records = std::slice::from_ref(record);
        run!(tx.connection(), |db| insert(records).build().execute(db).await.map(drop))?;
        Ok(())
    }

    /// Adds rows in one commit: all of them or none. A single statement carries them as far as
    /// that goes, since each statement is a journey to the database.
    pub async fn audit_insert_all(
        &self,
        records: &[AuditRecord],
        durability: Durability,
    ) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        if let (Durability::Program, Engine::Sqlite(pool), ..=ROWS) =
            (durability, self.write(), records.len())
        {
            return insert_in_a_hurry(pool, records).await;
        }
        if records.len() <= ROWS {
            run!(self.write(), |db| insert(records).build().execute(db).await.map(drop))?;
            return Ok(());
        }
        let mut tx = self.begin().await?;
        for records in records.chunks(ROWS) {
            run!(tx.connection(), |db| insert(records).build().execute(db).await.map(drop))?;
        }
        tx.commit().await
    }

    /// The rows that match, newest first.
    pub async fn audit_list(&self, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        let rows: Vec<Row> = run!(self.read(), |db| {
            select(SELECT, filter).build_query_as().fetch_all(db).await
        })?;
        rows.into_iter().map(Row::into_record).collect()
    }

    /// Of the intents that match those that no later row of the same request resolves: nobody
    /// knows whether the write happened. Newest first.
    pub async fn audit_unfinished(&self, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        let rows: Vec<Row> = run!(self.read(), |db| {
            select(UNFINISHED, filter).build_query_as().fetch_all(db).await
        })?;
        rows.into_iter().map(Row::into_record).collect()
    }
}

/// Without waiting for the disk. One journey to the database: the connection's setting changes for
/// this statement only. Must not be given up in the middle.
async fn insert_in_a_hurry(pool: &SqlitePool, records: &[AuditRecord]) -> Result<()> {
    let mut connection = pool.acquire().await?;
    let mut query = begun(&format!("{SQLITE_HURRY}; {INSERT}"), records);
    query.push("; ").push(SQLITE_WAIT);
    let inserted = query.build().execute(&mut *connection).await;
    if inserted.is_err() {
        sqlx::query(SQLITE_WAIT).execute(&mut *connection).await?;
    }
    inserted?;
    Ok(())
}

/// The insertion of at most [`ROWS`] rows.
fn insert<DB: Database>(records: &[AuditRecord]) -> QueryBuilder<DB>
where
    for<'q> &'q str: Encode<'q, DB> + Type<DB>,
    for<'q> Option<String>: Encode<'q, DB> + Type<DB>,
    for<'q> i64: Encode<'q, DB> + Type<DB>,
{
    begun(INSERT, records)
}

/// A statement that begins with `start`, [`INSERT`] at its end.
fn begun<DB: Database>(start: &str, records: &[AuditRecord]) -> QueryBuilder<DB>
where
    for<'q> &'q str: Encode<'q, DB> + Type<DB>,
    for<'q> Option<String>: Encode<'q, DB> + Type<DB>,
    for<'q> i64: Encode<'q, DB> + Type<DB>,
{
    let optional = |text: &Option<String>| text.as_deref().map(|text| storable(text).into_owned());
    let mut query = QueryBuilder::new(start);
    query.push_values(records, |mut row, record| {
        row.push_bind(record.id.as_str())
            .push_bind(record.at.0)
            .push_bind(storable(&record.request_id).as_ref())
            .push_bind(storable(&record.principal).as_ref())
            .push_bind(optional(&record.space))
            .push_bind(storable(&record.surface).as_ref())
            .push_bind(storable(&record.tool).as_ref())
            .push_bind(optional(&record.operation))
            .push_bind(record.risk.as_str())
            .push_bind(optional(&record.target))
            .push_bind(storable(&record.arguments).as_ref())
            .push_bind(record.outcome.as_str())
            .push_bind(optional(&record.detail))
            .push_bind(optional(&record.plan_digest))
            .push_bind(optional(&record.approval_id))
            .push_bind(record.duration_ms);
    });
    query
}

/// The id of a request as rows have theirs, which are made later and so are greater.
fn id_of_request(request_id: &str) -> Option<String> {
    let id = Uuid::parse_str(request_id).ok()?;
    (id.get_version() == Some(Version::SortRand)).then(|| id.to_string())
}

/// An id that no row from `time` on is less than. A row's id is made just before its time is taken,
/// and is ahead of the clock where that was set back.
fn id_not_after(time: Timestamp) -> Option<String> {
    let millis = u64::try_from(time.0.saturating_sub(PAUSE_MS)).ok()?;
    Some(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid().to_string())
}

/// `start` and only the conditions that are asked for, so that each engine can pick an index.
fn select<DB: Database>(start: &str, filter: &AuditFilter) -> QueryBuilder<DB>
where
    for<'q> &'q str: Encode<'q, DB> + Type<DB>,
    for<'q> i64: Encode<'q, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new(start);
    let outcome = filter.outcome.map(Outcome::as_str);
    let after_request = filter.request_id.as_deref().and_then(id_of_request);
    let not_before = filter.since.and_then(id_not_after);
    for (condition, value) in [
        (" AND principal = ", filter.principal.as_deref()),
        (" AND tool = ", filter.tool.as_deref()),
        (" AND operation = ", filter.operation.as_deref()),
        (" AND outcome = ", outcome),
        (" AND request_id = ", filter.request_id.as_deref()),
        (" AND id > ", after_request.as_deref()),
        (" AND id >= ", not_before.as_deref()),
        (" AND id < ", filter.before_id.as_deref()),
    ] {
        if let Some(value) = value {
            query.push(condition).push_bind(storable(value).as_ref());
        }
    }
    for (condition, value) in [(" AND at >= ", filter.since), (" AND at < ", filter.until)] {
        if let Some(Timestamp(value)) = value {
            query.push(condition).push_bind(value);
        }
    }
    let limit = filter.limit.unwrap_or(AUDIT_LIST_CAP).min(AUDIT_LIST_CAP);
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
    query
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    at: i64,
    request_id: String,
    principal: String,
    space: Option<String>,
    surface: String,
    tool: String,
    operation: Option<String>,
    risk: String,
    target: Option<String>,
    arguments: String,
    outcome: String,
    detail: Option<String>,
    plan_digest: Option<String>,
    approval_id: Option<String>,
    duration_ms: i64,
}

impl Row {
    fn into_record(self) -> Result<AuditRecord> {
        Ok(AuditRecord {
            risk: stored_word("audit.risk", &self.risk, &Risk::ALL, Risk::as_str)?,
            outcome: stored_word("audit.outcome", &self.outcome, &Outcome::ALL, Outcome::as_str)?,
            id: self.id,
            at: Timestamp(self.at),
            request_id: self.request_id,
            principal: self.principal,
            space: self.space,
            surface: self.surface,
            tool: self.tool,
            operation: self.operation,
            target: self.target,
            arguments: self.arguments,
            detail: self.detail,
            plan_digest: self.plan_digest,
            approval_id: self.approval_id,
            duration_ms: self.duration_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_model::{Caller, Principal};

    use super::*;

    async fn waits_for_disk(store: &Store) -> bool {
        let Engine::Sqlite(pool) = store.write() else { panic!("not SQLite") };
        let level: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
        // FULL
        level == 2
    }

    #[tokio::test]
    async fn what_may_be_asked_for_is_found_without_reading_the_whole_trail() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let Engine::Sqlite(pool) = store.read() else { panic!("not SQLite") };
        let id = "019a0000000070008000000000000000";
        let all = AuditFilter::default;
        let text = |text: &str| Some(text.to_owned());
        for (start, filter, expected) in [
            (SELECT, AuditFilter { since: Some(Timestamp::now()), ..all() }, "(id>?)"),
            (SELECT, AuditFilter { request_id: text(id), ..all() }, "(id>?)"),
            (SELECT, AuditFilter { before_id: text(id), ..all() }, "(id<?)"),
            (SELECT, AuditFilter { principal: text("user:jo"), ..all() }, "(principal=?)"),
            (UNFINISHED, all(), "INDEX audit_request (request_id=? AND id>?)"),
            (UNFINISHED, all(), "SCAN intent USING INDEX audit_intent"),
        ] {
            let mut query = select(&format!("EXPLAIN QUERY PLAN {start}"), &filter);
            let steps: Vec<(i64, i64, i64, String)> =
                query.build_query_as().fetch_all(pool).await.unwrap();
            let steps: Vec<_> = steps.into_iter().map(|(.., step)| step).collect();
            assert!(steps.iter().any(|step| step.contains(expected)), "{filter:?}: {steps:?}");
        }
    }

    #[tokio::test]
    async fn whoever_writes_after_rows_in_a_hurry_waits_for_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("x.db").display());
        let store = Store::open(&url).await.unwrap();
        let caller = Caller::new(Principal::local_user("jo"));
        let row = AuditRecord::new(&caller, "unified", "t");
        for succeeds in [true, false] {
            let rows = std::slice::from_ref(&row);
            let written = store.audit_insert_all(rows, Durability::Program).await;
            assert_eq!(written.is_ok(), succeeds);
            assert!(waits_for_disk(&store).await, "after one that succeeds: {succeeds}");
        }
    }
}
