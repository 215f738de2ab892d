//! The audit record of a call by one of the platform's own clients: of what changes something and
//! of what is refused. What comes through the gateway is recorded there.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use pilothouse_access::{Decision, Verdict};
use pilothouse_model::{
    Caller, Risk, Timestamp,
    audit::{AuditRecord, Outcome},
    text::prefix,
};

use crate::terraform::Terraform;

/// What the record's caller came in by, instead of a surface.
const SURFACE: &str = "tharsis-api";
/// Bytes of a path, a target or a reason that are kept.
const MAX_TEXT: usize = 512;

/// Travels with a request, so that the gate can say what it decided.
#[derive(Clone, Default)]
pub(super) struct Note(Arc<Mutex<Option<Decided>>>);

struct Decided {
    operation: String,
    risk: Risk,
    target: Option<String>,
    refused: bool,
    detail: String,
}

impl Note {
    /// Of several decisions about one call the first is kept, unless a later one refuses.
    pub(super) fn decided(
        &self,
        operation: &str,
        risk: Risk,
        target: Option<&str>,
        decision: &Decision,
    ) {
        let refused = matches!(decision.verdict, Verdict::Deny | Verdict::Hide);
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() && !refused {
            return;
        }
        *slot = Some(Decided {
            operation: operation.to_owned(),
            risk,
            target: target.map(|target| prefix(target, MAX_TEXT).to_owned()),
            refused,
            detail: format!("{}: {}", decision.rule, decision.reason),
        });
    }

    fn take(&self) -> Option<Decided> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub(super) async fn direct(
    State(platform): State<Arc<Terraform>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = request.extensions().get::<Caller>().filter(|caller| !caller.decided).cloned();
    let Some(caller) = caller else { return next.run(request).await };
    let note = Note::default();
    request.extensions_mut().insert(note.clone());
    let path = prefix(request.uri().path(), MAX_TEXT).to_owned();
    let began = platform.config.clock.now();
    let response = next.run(request).await;
    let Some(decided) = note.take() else { return response };
    if decided.refused || !decided.risk.is_read() {
        let ended = platform.config.clock.now();
        let row = row(&caller, &path, decided, &response, began, ended);
        if let Err(error) = platform.store.audit_insert(&row).await {
            tracing::error!(%error, operation = row.operation, "a call could not be recorded");
        }
    }
    response
}

fn row(
    caller: &Caller,
    path: &str,
    decided: Decided,
    response: &Response,
    began: Timestamp,
    ended: Timestamp,
) -> AuditRecord {
    let outcome = match succeeded(response) {
        _ if decided.refused => Outcome::Denied,
        true => Outcome::Done,
        false => Outcome::Failed,
    };
    AuditRecord {
        at: ended,
        operation: Some(decided.operation),
        risk: decided.risk,
        target: decided.target,
        outcome,
        detail: Some(prefix(&decided.detail, MAX_TEXT).to_owned()),
        duration_ms: i64::try_from(ended.since(began).as_millis()).unwrap_or(i64::MAX),
        // Its arguments are not told: bodies hold values of variables and whole states.
        ..AuditRecord::new(caller, SURFACE, path)
    }
}

/// A gRPC method that fails says so in a header, one that succeeds after its answer.
fn succeeded(response: &Response) -> bool {
    let code = response.headers().get("grpc-status");
    response.status().is_success() && code.is_none_or(|code| code == "0")
}
