//! The product from the outside: MCP over HTTP, its own client, its files.

#![cfg(test)]

mod access;
mod approval;
mod audit;
mod door;
mod harness;
mod idempotency;
mod job;
mod kill;
mod oauth;
mod postgres;
mod prompt;
mod remote;
mod secret;
mod service_account;
mod surface;
mod tharsis;
mod tool;
mod tour;
mod wait;
