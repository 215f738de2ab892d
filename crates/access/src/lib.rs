//! Who may do what: decisions, plans and the approvals that release them, operator tokens.
//!
//! The one place that decides. Knows nothing of MCP, HTTP or any platform: callers describe what
//! is about to happen as an [`Action`] and obey the [`Decision`].

pub mod api_key;
pub mod approval;
pub mod attempt;
pub mod bearer;
pub mod cedar;
pub mod decision;
pub mod directory;
pub mod external;
pub mod federation;
pub mod fresh;
pub mod github;
pub mod membership;
pub mod oauth;
pub mod people;
pub mod permission;
pub mod plan;
pub mod policy;
pub mod random;
mod rate;
mod recent;
pub mod requirement;
pub mod service_account;
pub mod signing;
pub mod site;
pub mod standing;
pub mod team;
pub mod token;
pub mod vault;

pub use attempt::{Attempts, Source};
pub use bearer::Bearers;
pub use cedar::Policies;
pub use decision::{Action, Decision, Place, Verdict, decide, decide_direct, out_of_scope};
pub use directory::Directory;
pub use oauth::OAuth;
pub use permission::Permission;
pub use plan::{Plan, PlanKey};
pub use policy::{AutoApprove, Policy};
pub use rate::Rates;
pub use requirement::{Requirement, requirement};
pub use site::Site;
pub use standing::{Standing, Visible, standing, standing_anywhere, stands_below, visible};
pub use vault::Vault;
