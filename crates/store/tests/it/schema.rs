//! Both engines have the same schema.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use pilothouse_store::Store;
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::backend::{PostgresSchema, postgres_server, sqlite_url};

/// File name to text, of one engine's migrations.
fn migrations(engine: &str) -> BTreeMap<String, String> {
    let directory: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../../migrations", engine].iter().collect();
    let files = fs::read_dir(directory).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    files.collect()
}

/// The text without the two things in which the engines may differ.
fn normalized(text: &str) -> String {
    let text = text.replace(" BYTEA", " BLOB").replace(" COLLATE \"C\"", "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_migrations_are_the_same_text() {
    let (sqlite, postgres) = (migrations("sqlite"), migrations("postgres"));
    assert!(sqlite.keys().eq(postgres.keys()), "{:?} {:?}", sqlite.keys(), postgres.keys());
    assert!(!sqlite.is_empty());
    for (name, text) in &sqlite {
        assert_eq!(normalized(text), normalized(&postgres[name]), "{name}");
    }
}

#[test]
fn the_comparison_of_texts_sees_a_difference() {
    assert_eq!(normalized("a TEXT COLLATE \"C\",\n  b BYTEA"), normalized("a TEXT, b BLOB"));
    assert_ne!(normalized("a TEXT"), normalized("a TEXT NOT NULL"));
}

/// One line per column, index and foreign key, in the words of neither engine.
type Schema = BTreeSet<String>;

#[tokio::test]
async fn the_migrated_databases_are_the_same() {
    let Some(server) = postgres_server() else { return };
    let directory = tempfile::tempdir().unwrap();
    let sqlite_url = sqlite_url(&directory);
    Store::open(&sqlite_url).await.unwrap().close().await;
    let sqlite = sqlite_schema(&sqlite_url).await;

    let database = PostgresSchema::create(&server).await;
    Store::open(&database.url).await.unwrap().close().await;
    let postgres = postgres_schema(&database.url).await;
    database.remove().await;

    assert!(sqlite.contains("column audit.id text, not null"), "{sqlite:#?}");
    let only_sqlite: Vec<_> = sqlite.difference(&postgres).collect();
    let only_postgres: Vec<_> = postgres.difference(&sqlite).collect();
    assert!(
        only_sqlite.is_empty() && only_postgres.is_empty(),
        "only in SQLite: {only_sqlite:#?}\nonly in PostgreSQL: {only_postgres:#?}"
    );
}

#[derive(sqlx::FromRow)]
struct Column {
    table_name: String,
    name: String,
    kind: String,
    required: bool,
    initial: Option<String>,
}

impl Column {
    fn describe(self) -> String {
        let Self { table_name, name, kind, required, initial } = self;
        let kind = match kind.to_lowercase().as_str() {
            "text" => "text",
            "bigint" => "integer",
            "boolean" => "boolean",
            "blob" | "bytea" => "bytes",
            other => panic!("{table_name}.{name}: {other} is not a type both engines share"),
        };
        let required = if required { ", not null" } else { "" };
        let initial = initial.map_or(String::new(), |value| {
            let value = value.split("::").next().unwrap_or_default().to_lowercase();
            format!(", default {value}")
        });
        format!("column {table_name}.{name} {kind}{required}{initial}")
    }
}

#[derive(sqlx::FromRow)]
struct Index {
    table_name: String,
    is_unique: bool,
    is_partial: bool,
    columns: String,
}

impl Index {
    fn describe(self) -> String {
        let unique = if self.is_unique { "unique " } else { "" };
        let partial = if self.is_partial { " where" } else { "" };
        format!("{unique}index {} ({}){partial}", self.table_name, self.columns)
    }
}

#[derive(sqlx::FromRow)]
struct ForeignKey {
    table_name: String,
    column_name: String,
    target: String,
    on_delete: String,
}

impl ForeignKey {
    fn describe(self) -> String {
        let Self { table_name, column_name, target, on_delete } = self;
        let on_delete = match on_delete.as_str() {
            "NO ACTION" | "a" => "no action",
            "RESTRICT" | "r" => "restrict",
            "CASCADE" | "c" => "cascade",
            "SET NULL" | "n" => "set null",
            other => panic!("{table_name}.{column_name}: unexpected action {other}"),
        };
        format!("foreign key {table_name}.{column_name} to {target}, {on_delete}")
    }
}

fn describe(columns: Vec<Column>, indexes: Vec<Index>, keys: Vec<ForeignKey>) -> Schema {
    let columns = columns.into_iter().map(Column::describe);
    let indexes = indexes.into_iter().map(Index::describe);
    columns.chain(indexes).chain(keys.into_iter().map(ForeignKey::describe)).collect()
}

async fn sqlite_schema(url: &str) -> Schema {
    const COLUMNS: &str = r#"
        SELECT m.name AS table_name, c.name, c.type AS kind, c."notnull" = 1 AS required,
            c.dflt_value AS initial
        FROM sqlite_master m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name <> '_sqlx_migrations'"#;
    const INDEXES: &str = r#"
        SELECT m.name AS table_name, i."unique" AS is_unique, i.partial AS is_partial,
            (SELECT group_concat(coalesce(name, '<expression>'), ',' ORDER BY seqno)
             FROM pragma_index_info(i.name)) AS columns
        FROM sqlite_master m JOIN pragma_index_list(m.name) i
        WHERE m.type = 'table' AND m.name <> '_sqlx_migrations'"#;
    const KEYS: &str = r#"
        SELECT m.name AS table_name, k."from" AS column_name, k."table" AS target, k.on_delete
        FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table'"#;

    let mut db = SqliteConnection::connect(url).await.unwrap();
    describe(
        sqlx::query_as(COLUMNS).fetch_all(&mut db).await.unwrap(),
        sqlx::query_as(INDEXES).fetch_all(&mut db).await.unwrap(),
        sqlx::query_as(KEYS).fetch_all(&mut db).await.unwrap(),
    )
}

async fn postgres_schema(url: &str) -> Schema {
    const COLUMNS: &str = "
        SELECT table_name::text, column_name::text AS name, data_type::text AS kind,
            is_nullable = 'NO' AS required, column_default::text AS initial
        FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'";
    const INDEXES: &str = "
        SELECT t.relname::text AS table_name, i.indisunique AS is_unique,
            i.indpred IS NOT NULL AS is_partial,
            (SELECT string_agg(coalesce(a.attname::text, '<expression>'), ',' ORDER BY k.place)
             FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
             LEFT JOIN pg_attribute a
                ON a.attrelid = t.oid AND a.attnum = k.number AND k.number > 0) AS columns
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
        WHERE t.relnamespace = current_schema()::regnamespace AND t.relname <> '_sqlx_migrations'";
    const KEYS: &str = "
        SELECT t.relname::text AS table_name, a.attname::text AS column_name,
            r.relname::text AS target, c.confdeltype::text AS on_delete
        FROM pg_constraint c
        JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (c.conkey)
        WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace";

    let mut db = PgConnection::connect(url).await.unwrap();
    describe(
        sqlx::query_as(COLUMNS).fetch_all(&mut db).await.unwrap(),
        sqlx::query_as(INDEXES).fetch_all(&mut db).await.unwrap(),
        sqlx::query_as(KEYS).fetch_all(&mut db).await.unwrap(),
    )
}
