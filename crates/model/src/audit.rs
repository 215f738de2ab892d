//! What is written down about every call. The store keeps these rows; nothing else may.

use serde::{Deserialize, Serialize};

use crate::{Caller, Risk, Timestamp};

/// Where in its life a recorded call was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A write is about to be executed. An intent without a later row means "outcome unknown".
    Intent,
    Done,
    /// The caller or a policy stopped it.
    Denied,
    /// A person must approve first.
    Asked,
    /// Only the plan was made (`dry_run`).
    Planned,
    /// The client gave the call up before it was over.
    Cancelled,
    Failed,
}

impl Outcome {
    pub const ALL: [Self; 7] = [
        Self::Intent,
        Self::Done,
        Self::Denied,
        Self::Asked,
        Self::Planned,
        Self::Cancelled,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Asked => "asked",
            Self::Planned => "planned",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// One row of the audit trail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditRecord {
    /// `UUIDv7`, so rows sort by time.
    pub id: String,
    pub at: Timestamp,
    pub request_id: String,
    pub principal: String,
    pub space: Option<String>,
    pub surface: String,
    pub tool: String,
    /// `platform.type.operation`, when the tool resolved to one.
    pub operation: Option<String>,
    pub risk: Risk,
    /// What the call acts on, as the caller named it.
    pub target: Option<String>,
    /// The arguments after redaction, as JSON text.
    pub arguments: String,
    pub outcome: Outcome,
    /// Why it was decided so, or the error's message.
    pub detail: Option<String>,
    pub plan_digest: Option<String>,
    pub approval_id: Option<String>,
    pub duration_ms: i64,
}

impl AuditRecord {
    /// Of a read that is done now and of which nothing more is known.
    pub fn new(caller: &Caller, surface: &str, tool: &str) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            at: Timestamp::now(),
            request_id: caller.request_id.to_string(),
            principal: caller.principal.id.clone(),
            space: caller.space.as_deref().map(str::to_owned),
            surface: surface.to_owned(),
            tool: tool.to_owned(),
            operation: None,
            risk: Risk::Read,
            target: None,
            arguments: "{}".to_owned(),
            outcome: Outcome::Done,
            detail: None,
            plan_digest: None,
            approval_id: None,
            duration_ms: 0,
        }
    }
}
