//! The program: command line, configuration, and everything that is put together from the other
//! crates.
//!
//! The only crate that reads the environment, prints, or ends the process.

pub mod cli;
pub mod command;
pub mod compose;
pub mod config;
pub mod connect;
pub mod environment;
pub mod exit;
mod expiry;
mod http;
mod interrupt;
pub mod login;
mod mail;
mod notice;
mod operation;
mod outbound;
pub mod place;
pub mod practice;
pub mod runtime;
pub mod serve;
mod setup;
mod stdio;
pub mod telemetry;
pub mod tour;
mod web;
