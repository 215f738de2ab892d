//! Who may do what: decisions, plans and the approvals that release them, operator tokens.
//!
//! The one place that decides. Knows nothing of MCP, HTTP or any platform: callers describe what
//! is about to happen as an [`Action`] and obey the [`Decision`].

pub mod approval;
pub mod bearer;
pub mod decision;
pub mod oauth;
pub mod people;
pub mod plan;
pub mod policy;
pub mod random;
mod recent;
pub mod signing;
pub mod site;
pub mod token;
pub mod vault;

pub use bearer::Bearers;
pub use decision::{Action, Decision, Verdict, decide};
pub use oauth::OAuth;
pub use plan::{Plan, PlanKey};
pub use policy::{AutoApprove, Policy};
pub use site::Site;
pub use vault::Vault;
