//! The embedded platforms, each served as the platform's own API, and the processes they run.
//!
//! Knows nothing of MCP, connectors or the registry.

pub mod process;
pub mod terraform;
