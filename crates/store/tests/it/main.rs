//! The store's specification, on SQLite always and on PostgreSQL when `TEST_POSTGRES_URL` is set.

#![cfg(test)]

mod access;
mod approval;
mod audit;
mod backend;
mod durability;
mod idempotency;
mod identity;
mod mcp_session;
mod open;
mod schema;
mod setting;
mod terraform;
mod transaction;
