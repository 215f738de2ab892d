//! MCP: what agents talk to, and the path every call takes.
//!
//! The only crate that knows the MCP library. Nothing here reads the environment or opens a store.

pub mod mcp;
