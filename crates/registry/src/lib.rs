//! What exists: the platforms, their resource types and operations, and the MCP surfaces over
//! them, all as data.

pub mod spec;
pub mod surface;
