//! The vocabulary every other crate shares: identifiers, principals, risk, errors, audit records.
//!
//! Nothing here does I/O, knows a protocol, or depends on another crate of the workspace.

pub mod audit;
pub mod caller;
pub mod error;
pub mod grant;
pub mod id;
pub mod risk;
pub mod scope;
pub mod text;
pub mod time;

pub use caller::{Caller, Principal, PrincipalKind};
pub use error::{Error, Kind, Result};
pub use grant::{Authority, Grant, Namespace, Role};
pub use risk::{Effect, Risk};
pub use scope::Scopes;
pub use time::Timestamp;
