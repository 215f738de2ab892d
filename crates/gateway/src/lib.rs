//! MCP: what agents talk to, and the path every call takes.
//!
//! The only crate that knows the MCP library. Nothing here reads the environment or opens a store.

mod call;
pub mod chart;
pub mod client;
mod compact;
mod conversation;
mod gateway;
mod journal;
mod limits;
pub mod mcp;
mod prompt;
mod recorder;
mod redact;
mod remainder;
mod resource;
mod served;
mod session_store;
mod shape;
mod surface;
mod tool;
mod validate;
mod verb;
mod visual;

pub use call::{Reply, call};
pub use conversation::{Answer, Conversation, Question};
pub use gateway::Gateway;
pub use journal::Journal;
pub use limits::Limits;
pub use served::ServedSurface;
pub use session_store::StoredSessions;
pub use surface::{DropIn, Surface, UNIFIED};
