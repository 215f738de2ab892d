//! Approvals: a person's word for exactly one plan, given outside the agent's reach and redeemed
//! once.

use std::time::Duration;

use pilothouse_model::{Caller, Error, Timestamp};
use pilothouse_store::{Approval, ApprovalState, DecideOutcome, RedeemOutcome, Store};
use uuid::Uuid;

use crate::Plan;

/// How long a question stays open and an answer stays good.
pub const LIFETIME: Duration = Duration::from_mins(30);

/// The call that needs approval.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub caller: &'a Caller,
    pub surface: &'a str,
    pub tool: &'a str,
    /// JSON text, after redaction.
    pub arguments: &'a str,
    pub plan: &'a Plan,
}

/// Opens a question about `request.plan`, or finds the one that is open for it already.
pub async fn request(
    store: &Store,
    request: Request<'_>,
    now: Timestamp,
) -> Result<Approval, Error> {
    let Request { caller, surface, tool, arguments, plan } = request;
    let principal = &caller.principal;
    if let Some(open) = store.approval_find_pending(&principal.id, &plan.digest, now).await? {
        return Ok(open);
    }
    let approval = Approval {
        id: Uuid::now_v7().to_string(),
        digest: plan.digest.clone(),
        principal: principal.id.clone(),
        principal_name: principal.name.clone(),
        space: caller.space.as_deref().map(str::to_owned),
        surface: surface.to_owned(),
        tool: tool.to_owned(),
        operation: plan.operation.clone(),
        risk: plan.risk,
        arguments: arguments.to_owned(),
        plan: serde_json::to_string(plan).map_err(Error::internal)?,
        state: ApprovalState::Pending,
        created_at: now,
        expires_at: now.after(LIFETIME),
        decided_at: None,
        decided_by: None,
        note: None,
    };
    // Of two calls that race, both get the question that was stored.
    Ok(store.approval_create(&approval).await?)
}

/// Uses up the approval `id` for the plan with `digest`. Succeeds once. `command` is how an operator
/// calls this program: the next step for who comes too early.
pub async fn redeem(
    store: &Store,
    caller: &Caller,
    id: &str,
    digest: &str,
    command: &str,
    now: Timestamp,
) -> Result<(), Error> {
    match store.approval_redeem(id, &caller.principal.id, digest, now).await? {
        RedeemOutcome::Redeemed => Ok(()),
        // Whose approval it is, is nobody else's business.
        RedeemOutcome::NotFound | RedeemOutcome::WrongPrincipal => {
            Err(Error::not_found("approval", id)
                .hint("call again without approval_id to get a new one"))
        }
        RedeemOutcome::NotApproved(state) => Err(refusal(id, state, command)),
        RedeemOutcome::WrongDigest => Err(Error::conflict(format!(
            "approval {id} was given for a different plan: the arguments, the target or the \
             policy changed since"
        ))
        .hint("call again without approval_id to see the new plan and ask again")),
        RedeemOutcome::Expired => Err(Error::conflict(format!("approval {id} has expired"))
            .hint("call again without approval_id to ask again")),
    }
}

fn refusal(id: &str, state: ApprovalState, command: &str) -> Error {
    match state {
        ApprovalState::Pending => {
            Error::conflict(format!("approval {id} is still waiting for a person"))
                .hint(format!("an operator approves it with: {command} approvals approve {id}"))
        }
        ApprovalState::Denied => {
            Error::forbidden(format!("a person denied approval {id}; do not try again unasked"))
        }
        ApprovalState::Redeemed => Error::conflict(format!("approval {id} was used already"))
            .hint("each approval releases one execution"),
        ApprovalState::Approved | ApprovalState::Expired => {
            Error::conflict(format!("approval {id} has expired"))
                .hint("call again without approval_id to ask again")
        }
    }
}

/// Records a person's answer.
pub async fn answer(
    store: &Store,
    id: &str,
    approve: bool,
    by: &str,
    note: Option<&str>,
    now: Timestamp,
) -> Result<Approval, Error> {
    match store.approval_decide(id, approve, by, note, now).await? {
        DecideOutcome::Decided(approval) => Ok(*approval),
        DecideOutcome::NotFound => {
            Err(Error::not_found("approval", id)
                .hint("pilothouse approvals list shows what is open"))
        }
        DecideOutcome::NotPending(state) => Err(Error::conflict(format!(
            "approval {id} is {} and cannot be decided any more",
            state.as_str()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_model::{Kind, Principal, Risk};

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn plan(digest: &str) -> Plan {
        Plan {
            digest: digest.into(),
            operation: "tharsis.run.apply".into(),
            summary: "apply".into(),
            risk: Risk::HighWrite,
            target: None,
            requests: vec![],
            before: None,
            diff: None,
            preview: None,
        }
    }

    async fn asked(store: &Store, caller: &Caller, digest: &str) -> Approval {
        let plan = plan(digest);
        let ask = Request { caller, surface: "unified", tool: "t", arguments: "{}", plan: &plan };
        request(store, ask, NOW).await.unwrap()
    }

    async fn setup() -> (Store, Caller) {
        let store = Store::open("sqlite::memory:").await.unwrap();
        (store, Caller::new(Principal::local_user("jo")))
    }

    #[tokio::test]
    async fn an_approval_releases_one_execution_of_one_plan() {
        let (store, jo) = setup().await;
        let id = asked(&store, &jo, "d1").await.id;
        assert_eq!(asked(&store, &jo, "d1").await.id, id, "asking again finds the open question");
        assert_ne!(asked(&store, &jo, "d2").await.id, id);

        let early = redeem(&store, &jo, &id, "d1", "pilothouse", NOW).await.unwrap_err();
        assert!(early.to_string().contains("approvals approve"), "{early}");
        answer(&store, &id, true, "al", None, NOW).await.unwrap();
        let other = Caller::new(Principal::local_user("eve"));
        let stolen = redeem(&store, &other, &id, "d1", "pilothouse", NOW).await.unwrap_err();
        assert_eq!(stolen.kind, Kind::NotFound);
        let changed = redeem(&store, &jo, &id, "d2", "pilothouse", NOW).await.unwrap_err();
        assert!(changed.message.contains("different plan"), "{changed}");
        redeem(&store, &jo, &id, "d1", "pilothouse", NOW).await.unwrap();
        let again = redeem(&store, &jo, &id, "d1", "pilothouse", NOW).await.unwrap_err();
        assert!(again.message.contains("used already"), "{again}");
    }

    #[tokio::test]
    async fn a_denied_or_expired_approval_releases_nothing() {
        let (store, jo) = setup().await;
        let denied = asked(&store, &jo, "d1").await.id;
        answer(&store, &denied, false, "al", Some("no"), NOW).await.unwrap();
        assert_eq!(
            redeem(&store, &jo, &denied, "d1", "pilothouse", NOW).await.unwrap_err().kind,
            Kind::Forbidden
        );
        assert_eq!(
            answer(&store, &denied, true, "al", None, NOW).await.unwrap_err().kind,
            Kind::Conflict
        );

        let late = NOW.after(LIFETIME);
        let expired = asked(&store, &jo, "d2").await.id;
        answer(&store, &expired, true, "al", None, NOW).await.unwrap();
        let error = redeem(&store, &jo, &expired, "d2", "pilothouse", late).await.unwrap_err();
        assert!(error.message.contains("expired"), "{error}");
    }
}
