//! Reads columns by name, of either engine's row.

use pilothouse_model::Timestamp;
use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use super::Meta;
use crate::Result;

/// A row of either engine.
pub(crate) trait Columns {
    fn text(&self, column: &str) -> Result<String>;
    fn maybe_text(&self, column: &str) -> Result<Option<String>>;
    fn number(&self, column: &str) -> Result<i64>;
    fn maybe_number(&self, column: &str) -> Result<Option<i64>>;
    fn flag(&self, column: &str) -> Result<bool>;
    fn bytes(&self, column: &str) -> Result<Vec<u8>>;
    fn maybe_bytes(&self, column: &str) -> Result<Option<Vec<u8>>>;

    fn time(&self, column: &str) -> Result<Timestamp> {
        Ok(Timestamp(self.number(column)?))
    }

    fn maybe_time(&self, column: &str) -> Result<Option<Timestamp>> {
        Ok(self.maybe_number(column)?.map(Timestamp))
    }
}

macro_rules! columns_of {
    ($row:ty) => {
        impl Columns for $row {
            fn text(&self, column: &str) -> Result<String> {
                Ok(self.try_get(column)?)
            }
            fn maybe_text(&self, column: &str) -> Result<Option<String>> {
                Ok(self.try_get(column)?)
            }
            fn number(&self, column: &str) -> Result<i64> {
                Ok(self.try_get(column)?)
            }
            fn maybe_number(&self, column: &str) -> Result<Option<i64>> {
                Ok(self.try_get(column)?)
            }
            fn flag(&self, column: &str) -> Result<bool> {
                Ok(self.try_get(column)?)
            }
            fn bytes(&self, column: &str) -> Result<Vec<u8>> {
                Ok(self.try_get(column)?)
            }
            fn maybe_bytes(&self, column: &str) -> Result<Option<Vec<u8>>> {
                Ok(self.try_get(column)?)
            }
        }
    };
}
columns_of!(SqliteRow);
columns_of!(PgRow);

impl Meta {
    pub(crate) fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            version: row.number("version")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
        })
    }
}

/// The rows of `$query`, each through `$read`.
macro_rules! read_all {
    ($engine:expr, $query:expr, $read:path) => {
        $crate::dialect::run!($engine, |db| match $query.fetch_all(db).await {
            Ok(rows) => rows.iter().map(|row| $read(row)).collect::<$crate::Result<Vec<_>>>(),
            Err(error) => Err($crate::StoreError::from(error)),
        })
    };
}
pub(crate) use read_all;

/// The row of `$query`, if there is one.
macro_rules! read_one {
    ($engine:expr, $query:expr, $read:path) => {
        $crate::dialect::run!($engine, |db| match $query.fetch_optional(db).await {
            Ok(row) => row.as_ref().map(|row| $read(row)).transpose(),
            Err(error) => Err($crate::StoreError::from(error)),
        })
    };
}
pub(crate) use read_one;
