//! Seals what was stored in the clear, before there was a sealer.

use super::{BYTES_MARK, TEXT_MARK};
use crate::{
    Result, Store,
    dialect::{Engine, SQLITE_TIDY, execute, run},
};

/// Values that are read at a time.
const PAGE: i64 = 100;

/// Where sealed values are.
struct Place {
    table: &'static str,
    column: &'static str,
    /// A column with an index that tells the row from most others.
    owner: &'static str,
    /// What a row's value is sealed under, in SQL.
    name: &'static str,
}

const TEXTS: [Place; 3] = [
    Place {
        table: "terraform_variable_version",
        column: "sealed_value",
        owner: "id",
        name: "'variable_version/' || id",
    },
    Place {
        table: "terraform_run_variable",
        column: "sealed_value",
        owner: "run_id",
        name: "'run_variable/' || run_id || '/' || category || '/' || key",
    },
    Place {
        table: "terraform_state_version_output",
        column: "value",
        owner: "id",
        name: "'state_version_output/' || id",
    },
];

const BYTES: [Place; 2] = [
    Place {
        table: "terraform_state_version",
        column: "content",
        owner: "id",
        name: "'state_version/' || id",
    },
    Place {
        table: "terraform_report",
        column: "plan_file",
        owner: "node_id",
        name: "'plan_file/' || node_id",
    },
];

impl Place {
    fn clear(&self) -> String {
        let Self { table, column, owner, name } = self;
        format!(
            "SELECT {owner}, {name}, {column} FROM {table}
             WHERE {column} IS NOT NULL AND substr({column}, 1, 8) <> $1 LIMIT {PAGE}"
        )
    }

    /// Leaves alone what somebody wrote meanwhile.
    fn replace(&self) -> String {
        let Self { table, column, owner, name } = self;
        format!(
            "UPDATE {table} SET {column} = $1
             WHERE {owner} = $2 AND {name} = $3 AND {column} = $4"
        )
    }
}

/// Seals the values of one place, page by page; gives how many.
macro_rules! seal_all {
    ($store:expr, $place:expr, $mark:expr, $kind:ty, $seal:ident) => {{
        let mut count = 0;
        loop {
            let select = $place.clear();
            let page: Vec<(String, String, $kind)> = run!($store.read(), |db| {
                sqlx::query_as(sqlx::AssertSqlSafe(select)).bind($mark).fetch_all(db).await
            })?;
            if page.is_empty() {
                break count;
            }
            for (owner, name, value) in page {
                let sealed = $store.sealing.$seal(&name, &value)?.into_owned();
                count += execute!(
                    $store.write(),
                    sqlx::query(sqlx::AssertSqlSafe($place.replace()))
                        .bind(&sealed)
                        .bind(&owner)
                        .bind(&name)
                        .bind(&value)
                )?;
            }
        }
    }};
}

impl Store {
    /// Seals every value that must not be in the clear and is; gives how many there were. On SQLite
    /// nothing is left of them in the file; PostgreSQL keeps old rows until it is vacuumed.
    pub async fn seal_clear(&self) -> Result<u64> {
        let mut count = 0;
        if self.sealing.0.is_none() {
            return Ok(count);
        }
        for place in &TEXTS {
            count += seal_all!(self, place, TEXT_MARK, String, text);
        }
        for place in &BYTES {
            count += seal_all!(self, place, BYTES_MARK, Vec<u8>, bytes);
        }
        if let Engine::Sqlite(pool) = self.write() {
            for statement in SQLITE_TIDY {
                sqlx::query(statement).execute(pool).await?;
            }
        }
        Ok(count)
    }
}
