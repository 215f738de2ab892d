//! Plan & confirm: obtains a person's word for a plan in whichever way this client offers, and
//! fails closed when there is none.

use std::time::Duration;

use pilothouse_access::{
    Decision, Plan, Verdict,
    approval::{self, Request},
};
use pilothouse_model::Error;
use pilothouse_store::IdempotencyBegin;
use serde_json::{Value, json};

use super::{Path, record::Record};
use crate::{
    conversation::{Answer, Question},
    mcp::InputRequired,
};

/// Longer than any answer can be repeated.
const ANSWER_MEMORY: Duration = Duration::from_hours(24);

/// Longest preview, diff or request in a question, in bytes.
const MAX_SHOWN: usize = 4_000;

/// What became of the question.
pub(super) enum Release {
    Go,
    /// The client shows the question and calls again with the answer.
    Asks(InputRequired),
    /// A person answers elsewhere; the value tells the model how to go on.
    Wait(Value),
}

pub(super) async fn release(
    path: &Path<'_>,
    record: &mut Record,
    plan: &Plan,
    decision: &Decision,
) -> Result<Release, Error> {
    if decision.verdict == Verdict::Allow {
        return Ok(Release::Go);
    }
    if let Some(id) = &path.controls.approval_id {
        let store = path.gateway.store();
        approval::redeem(store, path.conversation.caller(), id, &plan.digest, super::now()).await?;
        record.approved_by(id);
        return Ok(Release::Go);
    }
    match path.conversation.confirm(&question(plan)).await? {
        Answer::Yes { id } => once(path, &id, plan).await,
        Answer::No => Err(Error::forbidden("the person declined this change")
            .hint("do not repeat the call unless the person asks for it")),
        Answer::Asked(question) => Ok(Release::Asks(question)),
        Answer::Unsupported => out_of_band(path, record, plan).await,
    }
}

/// Lets an answer count for one execution. A client could send it again until it expires.
async fn once(path: &Path<'_>, answer_id: &str, plan: &Plan) -> Result<Release, Error> {
    let principal = &path.conversation.caller().principal.id;
    let key = format!("answer {answer_id}");
    let store = path.gateway.store();
    let begin =
        store.idempotency_begin(principal, &key, &plan.digest, super::now(), ANSWER_MEMORY).await?;
    match begin {
        IdempotencyBegin::New => Ok(Release::Go),
        _ => Err(Error::conflict("this confirmation was used already")
            .hint("call again without it to ask again")),
    }
}

/// Opens an approval that a person answers in the console or on the command line.
async fn out_of_band(path: &Path<'_>, record: &Record, plan: &Plan) -> Result<Release, Error> {
    let request = Request {
        caller: path.conversation.caller(),
        surface: path.surface.name(),
        tool: path.tool,
        arguments: record.arguments(),
        plan,
    };
    let approval = approval::request(path.gateway.store(), request, super::now()).await?;
    Ok(Release::Wait(json!({
        "approval_required": true,
        "approval_id": approval.id,
        "expires_at": approval.expires_at.to_string(),
        "message": format!(
            "A person must approve this: {} Ask them to run `pilothouse approvals approve {}`, \
             then call {} again with the same arguments and approval_id={:?}.",
            plan.summary, approval.id, path.tool, approval.id,
        ),
        "plan": plan,
    })))
}

/// What the plan tells in the clearest way it has: in the platform's words, as changes to what is
/// there, or else as the very requests.
fn question(plan: &Plan) -> Question {
    let mut message = format!("{}\n\nRisk: {}", plan.summary, plan.risk);
    for part in [&plan.preview, &plan.diff].into_iter().flatten() {
        push(&mut message, part);
    }
    if plan.preview.is_none() && plan.diff.is_none() {
        plan.requests.iter().for_each(|request| push(&mut message, &format!("{request:#}")));
    }
    Question { key: format!("confirm_{}", &plan.digest[..16]), message }
}

fn push(message: &mut String, part: &str) {
    message.push_str("\n\n");
    message.push_str(pilothouse_model::text::prefix(part, MAX_SHOWN));
}
