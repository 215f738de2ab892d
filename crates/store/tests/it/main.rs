//! The store's specification, on SQLite always and on PostgreSQL when `TEST_POSTGRES_URL` is set.

mod backend;
mod setting;
