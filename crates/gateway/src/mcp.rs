//! The MCP protocol: two eras, two transports, one [`Backend`] behind them.
//!
//! A request becomes an exchange: one message in, served by [`Handler`] where its answer is waited
//! for, its messages out with its voice, through an outlet (an HTTP reply, a resumable stream,
//! standard output).
//! What outlives a request in the legacy era (2025-11-25 and before) is a small session record,
//! not a task, so an idle client costs less than two kilobytes. The modern era (2026-07-28) keeps
//! nothing.
//!
//! Knows nothing of tools, policies or platforms, and never decides who a caller is: the HTTP
//! layer in front, or the stdio owner, supplies the `Caller`.

mod ask;
mod backend;
mod batch;
mod change;
mod context;
mod dispatch;
mod endpoint;
mod error;
mod exchange;
mod handler;
mod in_progress;
mod message;
mod outlet;
mod session;
mod voice;

pub mod http;
pub mod serve;
pub mod stdio;

pub use ask::{Accepted, Answers, Asked, Elicited, InputRequired, Question, Seal, StateKey};
pub use backend::{
    About, Backend, CompletionRequest, CompletionSubject, Offer, PromptReply, Reply, ResourceReply,
    ToolReply,
};
pub use change::Change;
pub use context::{Client, Era, LogLevel, RequestContext};
pub use endpoint::{Endpoint, Settings};
pub use error::Refusal;
pub use handler::Handler;
pub use message::Limits;
pub use session::{SavedSession, SessionLimits, SessionStore};

/// The protocol's own vocabulary, for those who describe tools and build results.
pub use rmcp::model;
