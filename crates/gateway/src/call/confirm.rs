//! Plan & confirm: obtains a person's word for a plan in whichever way this client offers, and
//! fails closed when there is none.

use std::time::Duration;

use pilothouse_access::{
    Decision, Plan, Verdict,
    approval::{self, Request},
};
use pilothouse_model::{
    Error,
    text::{prefix, visible, visible_line},
};
use pilothouse_store::IdempotencyBegin;
use serde_json::{Value, json};

use super::{Path, record::Record};
use crate::{
    conversation::{Answer, Question},
    mcp::InputRequired,
    shape,
};

/// Longer than any answer can be repeated.
const ANSWER_MEMORY: Duration = Duration::from_hours(24);

/// Longest preview, diff or request in a question, in bytes.
const MAX_SHOWN: usize = 4_000;
/// Longest text in a request that is too long to be shown whole, in bytes.
const MAX_TEXT: usize = 200;

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
        let command = path.gateway.operator_command();
        let caller = path.conversation.caller();
        approval::redeem(store, caller, id, &plan.digest, command, super::now()).await?;
        record.approved_by(id);
        return Ok(Release::Go);
    }
    match path.conversation.confirm(&question(plan)).await? {
        Answer::Yes { id } => spend(path, &id, plan).await.map(|()| Release::Go),
        Answer::Declined { id } => {
            spend(path, &id, plan).await?;
            Err(Error::forbidden("the person declined this change")
                .hint("do not repeat the call unless the person asks for it"))
        }
        Answer::Closed { id } => {
            spend(path, &id, plan).await?;
            Err(Error::forbidden("the question was closed without an answer; nothing was changed")
                .hint("ask the person before you call again, which asks again"))
        }
        Answer::Asked(question) => Ok(Release::Asks(question)),
        Answer::Unsupported => out_of_band(path, record, plan).await,
    }
}

/// Lets a question be answered once, whatever the answer. A client could send another one until the
/// question expires.
async fn spend(path: &Path<'_>, answer_id: &str, plan: &Plan) -> Result<(), Error> {
    let principal = &path.conversation.caller().principal.id;
    let key = format!("answer {answer_id}");
    let store = path.gateway.store();
    let begin =
        store.idempotency_begin(principal, &key, &plan.digest, super::now(), ANSWER_MEMORY).await?;
    match begin {
        IdempotencyBegin::New => Ok(()),
        _ => Err(Error::conflict("this question was answered already")
            .hint("call again without requestState to ask again")),
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
            "A person must approve this: {} Ask them to run `{} approvals approve {}`, then call \
             {} again with the same arguments and approval_id={:?}.",
            plan.summary, path.gateway.operator_command(), approval.id, path.tool, approval.id,
        ),
        "plan": plan,
    })))
}

/// What the plan tells in the clearest way it has: in the platform's words, or else as changes to
/// what is there and as the very requests, since changes do not show what was not there before.
fn question(plan: &Plan) -> Question {
    let mut message = format!("{}\n\nRisk: {}", visible_line(&plan.summary), plan.risk);
    for part in [&plan.preview, &plan.diff].into_iter().flatten() {
        push(&mut message, part);
    }
    if plan.preview.is_none() {
        plan.requests.iter().for_each(|request| push(&mut message, &readable(request)));
    }
    Question { key: format!("confirm_{}", &plan.digest[..16]), message }
}

/// A request with its long texts cut, if it is too long: every field is named, whatever the others
/// hold.
fn readable(request: &Value) -> String {
    let text = format!("{request:#}");
    if text.len() <= MAX_SHOWN {
        return text;
    }
    let mut short = request.clone();
    shape::cut_texts(&mut short, MAX_TEXT);
    format!("{short:#}")
}

/// Adds a part, which says so if it goes on.
fn push(message: &mut String, part: &str) {
    let part = visible(part);
    let shown = prefix(&part, MAX_SHOWN);
    message.push_str("\n\n");
    message.push_str(shown);
    if shown.len() < part.len() {
        let rest = part.len() - shown.len();
        message.extend(["\n… and ", &rest.to_string(), " bytes more, without room here"]);
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_model::Risk;

    use super::*;

    fn shown(summary: &str, diff: Option<&str>, preview: Option<&str>, request: Value) -> String {
        let plan = Plan {
            digest: "0123456789abcdef".into(),
            operation: "tharsis.run.create".into(),
            summary: summary.into(),
            risk: Risk::HighWrite,
            target: None,
            requests: vec![request],
            before: None,
            diff: diff.map(Into::into),
            preview: preview.map(Into::into),
        };
        question(&plan).message
    }

    #[test]
    fn a_question_tells_all_that_would_happen() {
        let long = "x".repeat(2 * MAX_SHOWN);
        for (message, expected) in [
            (shown("s.", None, None, json!({ "auto_apply": true })), "\"auto_apply\": true"),
            (
                shown(
                    "s.",
                    Some("- version: 1\n+ version: 2"),
                    None,
                    json!({ "auto_apply": true }),
                ),
                "\"auto_apply\": true",
            ),
            (
                shown("s.", None, None, json!({ "a": long, "auto_apply": true })),
                "\"auto_apply\": true",
            ),
            (shown("s.", None, Some(&long), json!({})), "… and 4000 bytes more"),
        ] {
            assert!(message.contains(expected), "{expected}: {message}");
        }
        let previewed = shown("s.", None, Some("destroys all"), json!({ "run_id": "x" }));
        assert_eq!(previewed, "s.\n\nRisk: high_write\n\ndestroys all");
    }

    #[test]
    fn nothing_in_a_question_hides_or_moves_its_words() {
        let trick = "prod\u{202e}\u{1b}[2K\u{9b}1A";
        let message = shown(
            &format!("{trick}\nRisk: read"),
            Some(trick),
            None,
            json!({ "name": format!("{trick}\u{200b}") }),
        );
        let tricky = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{200b}".contains(c);
        assert!(!message.contains(tricky), "{message:?}");
        assert_eq!(message.lines().filter(|line| line.starts_with("Risk:")).count(), 1);
    }
}
