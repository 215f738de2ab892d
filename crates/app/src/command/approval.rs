//! `approvals`: a person's word about a write that waits for it.

use pilothouse_access::{Plan, approval};
use pilothouse_model::{Error, Timestamp, text::prefix};
use pilothouse_store::{Approval, ApprovalState};
use serde_json::{Value, json};

use super::screen;
use crate::{
    cli::{ApprovalCommand, ApprovalDecision},
    compose::Product,
    exit::Exit,
};

/// Longest sentence in the list, in bytes; `show` has all of it.
const MAX_SUMMARY: usize = 100;

pub(super) async fn run(product: &Product, command: &ApprovalCommand) -> Result<Exit, Error> {
    match command {
        ApprovalCommand::List { all, limit, output } => {
            let state = (!all).then_some(ApprovalState::Pending);
            let now = Timestamp::now();
            let found = product.store.approval_list(state, limit.limit.into(), now).await?;
            if output.json {
                return screen::json(&found.iter().map(view).collect::<Vec<_>>());
            }
            list(&found)
        }
        ApprovalCommand::Show { id, output } => {
            let found = find(product, id).await?;
            if output.json { screen::json(&view(&found)) } else { show(&found) }
        }
        ApprovalCommand::Approve(decision) => decide(product, decision, true).await,
        ApprovalCommand::Deny(decision) => decide(product, decision, false).await,
    }
}

async fn find(product: &Product, id: &str) -> Result<Approval, Error> {
    product.store.approval_get(id, Timestamp::now()).await?.ok_or_else(|| {
        Error::not_found("approval", id).hint("pilothouse approvals list shows what is open")
    })
}

async fn decide(
    product: &Product,
    decision: &ApprovalDecision,
    approve: bool,
) -> Result<Exit, Error> {
    let ApprovalDecision { id, note, output } = decision;
    let by = &product.operator.id;
    let now = Timestamp::now();
    let decided = approval::answer(&product.store, id, approve, by, note.as_deref(), now).await?;
    if output.json {
        return screen::json(&view(&decided));
    }
    let next = if approve {
        format!("The agent can call {} again with approval_id={id}.", decided.tool)
    } else {
        "The agent is told so when it calls again.".to_owned()
    };
    screen::answer(decided.state.as_str(), id, &next)
}

fn list(found: &[Approval]) -> Result<Exit, Error> {
    let rows = found
        .iter()
        .map(|approval| {
            vec![
                approval.id.clone(),
                approval.state.as_str().to_owned(),
                approval.risk.to_string(),
                what(approval),
                approval.principal_name.clone(),
                approval.expires_at.to_string(),
            ]
        })
        .collect();
    screen::table(&["id", "state", "risk", "what", "by", "expires"], rows, "Nothing waits.")
}

/// The plan's one sentence, which names the operation and its target.
fn what(approval: &Approval) -> String {
    let plan: Option<Plan> = serde_json::from_str(&approval.plan).ok();
    let summary = plan.map_or_else(|| approval.operation.clone(), |plan| plan.summary);
    let shown = prefix(&summary, MAX_SUMMARY);
    if shown.len() < summary.len() { format!("{shown}…") } else { summary }
}

fn show(approval: &Approval) -> Result<Exit, Error> {
    let plan: Option<Plan> = serde_json::from_str(&approval.plan).ok();
    let requests = plan.as_ref().map(|plan| {
        let texts = plan.requests.iter().map(|request| format!("{request:#}"));
        texts.collect::<Vec<_>>().join("\n")
    });
    screen::fields(&[
        ("id", Some(approval.id.clone())),
        ("state", Some(approval.state.as_str().to_owned())),
        ("what", plan.as_ref().map(|plan| plan.summary.clone())),
        ("risk", Some(approval.risk.to_string())),
        ("asked by", Some(approval.principal_name.clone())),
        ("through", Some(format!("{} of surface {}", approval.tool, approval.surface))),
        ("asked at", Some(approval.created_at.to_string())),
        ("expires", Some(approval.expires_at.to_string())),
        ("decided by", approval.decided_by.clone()),
        ("note", approval.note.clone()),
        ("would do", plan.as_ref().and_then(|plan| plan.preview.clone())),
        ("diff", plan.as_ref().and_then(|plan| plan.diff.clone())),
        ("requests", requests),
        ("plan", Some(approval.digest.clone())),
    ])
}

fn view(approval: &Approval) -> Value {
    let parsed = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    json!({
        "id": approval.id,
        "state": approval.state.as_str(),
        "risk": approval.risk,
        "operation": approval.operation,
        "principal": approval.principal,
        "space": approval.space,
        "surface": approval.surface,
        "tool": approval.tool,
        "arguments": parsed(&approval.arguments),
        "plan": parsed(&approval.plan),
        "created_at": approval.created_at.to_string(),
        "expires_at": approval.expires_at.to_string(),
        "decided_at": approval.decided_at.map(|at| at.to_string()),
        "decided_by": approval.decided_by,
        "note": approval.note,
    })
}
