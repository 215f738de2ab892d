//! The log of a job: bytes that are only ever added at the end.

use super::{
    ChangeError,
    error::exactly_one,
    row::{Columns, read_all},
};
use crate::{Result, Store, dialect::execute};

/// The most bytes that one call of [`Store::job_log_read`] returns.
pub const MAX_READ_BYTES: usize = 1024 * 1024;

/// The most bytes that one call of [`Store::job_log_append`] takes.
pub const MAX_WRITE_BYTES: i64 = 1024 * 1024;

/// The most bytes that a log holds.
pub const MAX_LOG_BYTES: i64 = 10 * 1024 * 1024;

/// A chunk is never longer, so a reader knows how far back one can begin.
const CHUNK: usize = 128 * 1024;

const GROW: &str =
    "UPDATE terraform_job SET log_size = log_size + $3 WHERE id = $1 AND log_size = $2";

const INSERT: &str =
    "INSERT INTO terraform_job_log (job_id, start_offset, content) VALUES ($1, $2, $3)";

const READ: &str = "
    SELECT start_offset, content FROM terraform_job_log
    WHERE job_id = $1 AND start_offset > $2 AND start_offset < $3
    ORDER BY start_offset";

impl Store {
    /// Adds `bytes` at `offset`, which must be the log's size.
    pub async fn job_log_append(
        &self,
        job_id: &str,
        offset: i64,
        bytes: &[u8],
    ) -> Result<(), ChangeError> {
        let length = length(bytes);
        if length > MAX_WRITE_BYTES {
            return Err(ChangeError::Limit { what: "bytes per write", limit: MAX_WRITE_BYTES });
        }
        if offset.saturating_add(length) > MAX_LOG_BYTES {
            return Err(ChangeError::Limit { what: "bytes of log", limit: MAX_LOG_BYTES });
        }
        let mut tx = self.begin().await?;
        exactly_one(execute!(
            tx.connection(),
            sqlx::query(GROW).bind(job_id).bind(offset).bind(length)
        )?)?;
        let mut start = offset;
        for chunk in bytes.chunks(CHUNK) {
            execute!(tx.connection(), sqlx::query(INSERT).bind(job_id).bind(start).bind(chunk))?;
            start += self::length(chunk);
        }
        Ok(tx.commit().await?)
    }

    /// At most `limit` and [`MAX_READ_BYTES`] bytes from `offset` on; fewer at the end.
    pub async fn job_log_read(&self, job_id: &str, offset: i64, limit: usize) -> Result<Vec<u8>> {
        let limit = limit.min(MAX_READ_BYTES);
        let end = offset.saturating_add(i64::try_from(limit).unwrap_or(MAX_LOG_BYTES));
        let chunk = |row: &dyn Columns| Ok((row.number("start_offset")?, row.bytes("content")?));
        let first = offset.saturating_sub(i64::try_from(CHUNK).unwrap_or(i64::MAX));
        let chunks =
            read_all!(self.read(), sqlx::query(READ).bind(job_id).bind(first).bind(end), chunk)?;
        let mut bytes = Vec::new();
        for (start, content) in chunks {
            let skip = usize::try_from(offset - start).unwrap_or(0).min(content.len());
            bytes.extend_from_slice(&content[skip..]);
        }
        bytes.truncate(limit);
        Ok(bytes)
    }
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}
