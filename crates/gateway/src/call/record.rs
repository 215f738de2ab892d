//! The audit record of one call: an intent before a write, an outcome after everything.

use std::time::Duration;

use pilothouse_access::{Decision, Plan, Verdict};
use pilothouse_model::{
    Caller, Error, Kind,
    audit::{AuditRecord, Outcome},
    text::{json, prefix},
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
    /// The intent is written, so the write may have happened.
    begun: bool,
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
                arguments: recorded_arguments(arguments),
                ..AuditRecord::new(caller, surface, tool)
            },
            refused: false,
            begun: false,
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
        self.row.risk = plan.risk;
        self.row.plan_digest = Some(plan.digest.clone());
    }

    pub(super) fn approved_by(&mut self, approval_id: &str) {
        self.row.approval_id = Some(approval_id.to_owned());
    }

    fn ended(&mut self, end: &Result<End, Error>, elapsed: Duration) {
        self.row.duration_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        match end {
            Ok(end) => self.row.outcome = end.outcome(),
            Err(_) if self.refused => self.row.outcome = Outcome::Denied,
            Err(error) => {
                self.row.outcome = match error.kind {
                    Kind::Forbidden | Kind::Unauthenticated => Outcome::Denied,
                    Kind::Cancelled => Outcome::Cancelled,
                    _ => Outcome::Failed,
                };
                let detail = format!("{}: {}", error.kind.as_str(), error.message);
                self.row.detail = Some(prefix(&detail, MAX_DETAIL).to_owned());
            }
        }
    }

    /// Says that a write is about to happen. Without this row it does not.
    pub(super) async fn save_intent(&mut self, gateway: &Gateway) -> Result<(), Error> {
        let intent = AuditRecord { outcome: Outcome::Intent, ..self.row.clone() };
        save(intent, gateway).await?;
        self.begun = true;
        Ok(())
    }

    /// Writes how the call ended and gives its end back, or an error in its place: nobody is told
    /// anything that no row tells. Of a write that was begun the end is told all the same: who knows
    /// it not might begin it again, and its intent is a row.
    pub(super) async fn close(
        mut self,
        gateway: &Gateway,
        end: Result<End, Error>,
        elapsed: Duration,
    ) -> Result<End, Error> {
        self.ended(&end, elapsed);
        self.log();
        let Err(error) = save(self.row, gateway).await else { return end };
        tracing::error!(%error, source = ?error.source, "a call could not be recorded");
        if self.begun {
            return end;
        }
        Err(Error::unavailable("the call could not be recorded, so its answer is withheld")
            .hint("nothing was changed; call again when the database answers")
            .source(error))
    }

    /// For whoever watches the server; the trail has the same and more.
    fn log(&self) {
        let AuditRecord { request_id, principal, tool, outcome, duration_ms, .. } = &self.row;
        let operation = self.row.operation.as_deref().unwrap_or_default();
        let outcome = outcome.as_str();
        tracing::debug!(
            request_id,
            principal,
            tool,
            operation,
            outcome,
            duration_ms,
            "a call ended"
        );
    }
}

async fn save(row: AuditRecord, gateway: &Gateway) -> Result<(), Error> {
    let row = AuditRecord { id: Uuid::now_v7().to_string(), at: super::now(), ..row };
    gateway.recorder().record(row).await
}

fn recorded_arguments(arguments: &Map<String, Value>) -> String {
    let mut masked = arguments.clone();
    redact_fields(&mut masked);
    let text = json(&Value::Object(masked));
    if text.len() <= MAX_ARGUMENTS {
        return text;
    }
    let kept = prefix(&text, MAX_ARGUMENTS);
    serde_json::json!({ "truncated": kept, "bytes": text.len() }).to_string()
}
