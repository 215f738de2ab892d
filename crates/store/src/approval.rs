//! Approvals: a person's word for exactly one plan, redeemed at most once.
//!
//! Knows states and time, not who may decide.

mod query;

use pilothouse_model::{Risk, Timestamp};

/// The most rows that one call of [`Store::approval_list`](crate::Store::approval_list) returns.
pub const APPROVAL_LIST_CAP: u32 = 1000;

/// Where in its life an approval is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalState {
    /// Waits for a person.
    Pending,
    /// May be redeemed.
    Approved,
    Denied,
    /// Was used for its one execution.
    Redeemed,
    /// Was neither denied nor redeemed in time. An approval is so from the moment its time is
    /// over, whatever its row says.
    Expired,
}

impl ApprovalState {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Approved, Self::Denied, Self::Redeemed, Self::Expired];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Redeemed => "redeemed",
            Self::Expired => "expired",
        }
    }
}

/// A question to a person, with everything they need to answer it, and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// `UUIDv7`, so rows sort by time.
    pub id: String,
    /// Identifies the plan.
    pub digest: String,
    /// Who asked, and alone may redeem.
    pub principal: String,
    pub principal_name: String,
    pub space: Option<String>,
    pub surface: String,
    pub tool: String,
    /// `platform.type.operation`.
    pub operation: String,
    pub risk: Risk,
    /// JSON text.
    pub arguments: String,
    /// JSON text.
    pub plan: String,
    pub state: ApprovalState,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    pub decided_by: Option<String>,
    pub note: Option<String>,
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecideOutcome {
    Decided(Box<Approval>),
    NotFound,
    /// It was decided before, or is expired.
    NotPending(ApprovalState),
}

/// What became of an attempt to use an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedeemOutcome {
    /// The caller, and nobody else, may execute the plan now.
    Redeemed,
    NotFound,
    WrongPrincipal,
    WrongDigest,
    Expired,
    NotApproved(ApprovalState),
}
