//! A PostgreSQL database of a test's own, where the environment offers a server.

use std::io::{Write as _, stderr};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

/// A schema of its own inside the test server's database.
pub(crate) struct Schema {
    server: String,
    name: String,
    /// For `PILOTHOUSE_DATABASE_URL`.
    pub(crate) url: String,
}

impl Schema {
    /// Nothing, and a loud word about it, where there is no server.
    pub(crate) async fn create() -> Option<Self> {
        let server = std::env::var_os("TEST_POSTGRES_URL").and_then(|url| url.into_string().ok());
        let Some(server) = server else {
            writeln!(stderr(), "NOT RUN ON POSTGRESQL: needs TEST_POSTGRES_URL").unwrap();
            return None;
        };
        let name = format!("test_{}", Uuid::now_v7().simple());
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-csearch_path%3D{name}");
        let schema = Self { server, name, url };
        schema.execute("CREATE SCHEMA").await;
        Some(schema)
    }

    pub(crate) async fn remove(self) {
        self.execute("DROP SCHEMA IF EXISTS").await;
    }

    async fn execute(&self, what: &str) {
        let cascade = if what.starts_with("DROP") { "CASCADE" } else { "" };
        let statement = format!("{what} {} {cascade}", self.name);
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Every row of every table, as text; bytes are hex.
    pub(crate) async fn rows(&self) -> String {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let tables = "SELECT table_name::text FROM information_schema.tables
                      WHERE table_schema = current_schema()";
        let tables: Vec<String> =
            sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
        let mut rows: Vec<String> = Vec::new();
        for table in tables {
            let select = AssertSqlSafe(format!("SELECT to_jsonb(t)::text FROM {table} t"));
            rows.extend(sqlx::query_scalar(select).fetch_all(&mut connection).await.unwrap());
        }
        connection.close().await.unwrap();
        rows.join("\n")
    }
}
