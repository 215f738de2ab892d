//! Who may do what: memberships, teams, service accounts, API keys.
//!
//! Knows rows. Every change here grows the revision in its own transaction, so that whoever
//! remembers what was read notices. Knows no rule about what a role allows.

mod api_key;
mod membership;
mod service_account;
mod team;

pub use api_key::ApiKey;
pub use membership::{MEMBERSHIP_LIST_CAP, Membership, MembershipFilter};
pub use service_account::{
    Secret, ServiceAccount, ServiceAccountFilter, ServiceAccountSort, TrustPolicy,
};
pub use team::{MAX_TEAMS, Team, TeamMember, TeamMemberFilter};

use crate::{
    Result, Store, Tx,
    dialect::{execute, run},
};

const REVISION: &str = "SELECT revision FROM access_revision";

const GROW: &str = "UPDATE access_revision SET revision = revision + 1";

impl Store {
    /// Grows with each change that a decision may depend on.
    pub async fn access_revision(&self) -> Result<i64> {
        Ok(run!(self.read(), |db| sqlx::query_scalar(REVISION).fetch_one(db).await)?)
    }
}

/// Says that something changed. Belongs into the transaction that changes it.
pub(crate) async fn revision_grow(tx: &mut Tx) -> Result<()> {
    execute!(tx.connection(), sqlx::query(GROW))?;
    tx.change.is_made = true;
    Ok(())
}
