//! The audit record of one call: an intent before a write, an outcome after everything.

use std::time::Duration;

use pilothouse_access::{Decision, Plan, Verdict};
use pilothouse_model::{
    Caller, Error, Kind, Risk,
    audit::{AuditRecord, Outcome},
    text::prefix,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::End;
use crate::{Gateway, redact::redact_fields, verb::Request};

/// Longest stored argument text in bytes; uploads are recorded by their beginning.
const MAX_ARGUMENTS: usize = 16 * 1024;
const MAX_DETAIL: usize = 2 * 1024;

pub(super) struct Record {
    row: AuditRecord,
    /// A rule refused the call; the detail names it.
    refused: bool,
}

impl Record {
    pub(super) fn start(
        caller: &Caller,
        surface: &str,
        tool: &str,
        arguments: &Map<String, Value>,
    ) -> Self {
        Self {
            row: AuditRecord {
                id: String::new(),
                at: super::now(),
                request_id: caller.request_id.to_string(),
                principal: caller.principal.id.clone(),
                space: caller.space.as_deref().map(str::to_owned),
                surface: surface.to_owned(),
                tool: tool.to_owned(),
                operation: None,
                risk: Risk::Read,
                target: None,
                arguments: recorded_arguments(arguments),
                outcome: Outcome::Failed,
                detail: None,
                plan_digest: None,
                approval_id: None,
                duration_ms: 0,
            },
            refused: false,
        }
    }

    /// The arguments as they are stored: masked and bounded.
    pub(super) fn arguments(&self) -> &str {
        &self.row.arguments
    }

    pub(super) fn resolved(&mut self, request: &Request) {
        self.row.operation = Some(request.operation().to_owned());
        self.row.risk = request.risk();
        self.row.target = request.target().map(|target| prefix(target, 512).to_owned());
    }

    pub(super) fn decided(&mut self, decision: &Decision) {
        let detail = format!("{}: {}", decision.rule, decision.reason);
        self.row.detail = Some(prefix(&detail, MAX_DETAIL).to_owned());
        self.refused = matches!(decision.verdict, Verdict::Deny | Verdict::Hide);
    }

    pub(super) fn planned(&mut self, plan: &Plan) {
        self.row.plan_digest = Some(plan.digest.clone());
    }

    pub(super) fn approved_by(&mut self, approval_id: &str) {
        self.row.approval_id = Some(approval_id.to_owned());
    }

    pub(super) fn ended(&mut self, end: &Result<End, Error>, elapsed: Duration) {
        self.row.duration_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        match end {
            Ok(end) => self.row.outcome = end.outcome(),
            Err(_) if self.refused => self.row.outcome = Outcome::Denied,
            Err(error) => {
                let denied = matches!(error.kind, Kind::Forbidden | Kind::Unauthenticated);
                self.row.outcome = if denied { Outcome::Denied } else { Outcome::Failed };
                let detail = format!("{}: {}", error.kind.as_str(), error.message);
                self.row.detail = Some(prefix(&detail, MAX_DETAIL).to_owned());
            }
        }
    }

    /// Says that a write is about to happen. Without this row it does not.
    pub(super) async fn save_intent(&self, gateway: &Gateway) -> Result<(), Error> {
        self.save(gateway, Outcome::Intent).await
    }

    pub(super) async fn save_outcome(&self, gateway: &Gateway) -> Result<(), Error> {
        self.save(gateway, self.row.outcome).await
    }

    async fn save(&self, gateway: &Gateway, outcome: Outcome) -> Result<(), Error> {
        let row = AuditRecord {
            id: Uuid::now_v7().to_string(),
            at: super::now(),
            outcome,
            ..self.row.clone()
        };
        gateway.recorder().record(row).await
    }
}

fn recorded_arguments(arguments: &Map<String, Value>) -> String {
    let mut masked = arguments.clone();
    redact_fields(&mut masked);
    let text = Value::Object(masked).to_string();
    if text.len() <= MAX_ARGUMENTS {
        return text;
    }
    let kept = prefix(&text, MAX_ARGUMENTS);
    serde_json::json!({ "truncated": kept, "bytes": text.len() }).to_string()
}
