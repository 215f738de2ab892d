//! The statements behind approvals. A state changes only in the `WHERE` of one `UPDATE`, so that of
//! any number of callers one succeeds.

use pilothouse_model::{Risk, Timestamp};

use super::{APPROVAL_LIST_CAP, Approval, ApprovalState, DecideOutcome, RedeemOutcome};
use crate::{
    Result, Store, Tx,
    dialect::{execute, run},
    text::{storable, stored_word},
};

const EXPIRE: &str = "
    UPDATE approval SET state = 'expired'
    WHERE principal = $1 AND digest = $2 AND state = 'pending' AND expires_at <= $3";

const INSERT: &str = "
    INSERT INTO approval
        (id, digest, principal, principal_name, space, surface, tool, operation, risk, arguments,
         plan, state, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending', $12, $13)
    ON CONFLICT (principal, digest) WHERE state = 'pending' DO NOTHING
    RETURNING *";

const GET: &str = "SELECT * FROM approval WHERE id = $1";

const FIND_PENDING: &str = "
    SELECT * FROM approval
    WHERE principal = $1 AND digest = $2 AND state = 'pending' AND expires_at > $3";

const LIST: &str = "SELECT * FROM approval ORDER BY id DESC LIMIT $1";

const LIST_LIVE: &str = "
    SELECT * FROM approval WHERE state = $2 AND expires_at > $3 ORDER BY id DESC LIMIT $1";

const LIST_SETTLED: &str = "
    SELECT * FROM approval WHERE state = $2 ORDER BY id DESC LIMIT $1";

const LIST_EXPIRED: &str = "
    SELECT * FROM approval
    WHERE state = $2 OR (state IN ('pending', 'approved') AND expires_at <= $3)
    ORDER BY id DESC LIMIT $1";

const DECIDE: &str = "
    UPDATE approval SET state = $2, decided_at = $3, decided_by = $4, note = $5
    WHERE id = $1 AND state = 'pending' AND expires_at > $3
    RETURNING *";

const REDEEM: &str = "
    UPDATE approval SET state = 'redeemed'
    WHERE id = $1 AND principal = $2 AND digest = $3 AND state = 'approved' AND expires_at > $4";

impl Store {
    /// Opens a question and returns it; when the same principal has an open question about the
    /// same plan, returns that one instead. The state and the answer in `approval` are ignored.
    pub async fn approval_create(&self, approval: &Approval) -> Result<Approval> {
        let mut tx = self.begin().await?;
        let open = create_or_find(&mut tx, approval).await?;
        tx.commit().await?;
        Ok(open)
    }

    /// The approval with the state that it has at `now`.
    pub async fn approval_get(&self, id: &str, now: Timestamp) -> Result<Option<Approval>> {
        let row: Option<Row> =
            run!(self.read(), |db| sqlx::query_as(GET).bind(id).fetch_optional(db).await)?;
        row.map(|row| row.into_approval(now)).transpose()
    }

    /// The open question of `principal` about the plan with `digest`.
    pub async fn approval_find_pending(
        &self,
        principal: &str,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<Approval>> {
        let row: Option<Row> = run!(self.read(), |db| {
            let query = sqlx::query_as(FIND_PENDING).bind(principal).bind(digest).bind(now.0);
            query.fetch_optional(db).await
        })?;
        row.map(|row| row.into_approval(now)).transpose()
    }

    /// Those in `state` at `now`, or all; newest first, at most `limit` and at most
    /// [`APPROVAL_LIST_CAP`].
    pub async fn approval_list(
        &self,
        state: Option<ApprovalState>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Approval>> {
        let limit = i64::from(limit.min(APPROVAL_LIST_CAP));
        let rows: Vec<Row> = run!(self.read(), |db| {
            let query = match state {
                None => sqlx::query_as(LIST).bind(limit),
                Some(state @ (ApprovalState::Pending | ApprovalState::Approved)) => {
                    sqlx::query_as(LIST_LIVE).bind(limit).bind(state.as_str()).bind(now.0)
                }
                Some(state @ (ApprovalState::Denied | ApprovalState::Redeemed)) => {
                    sqlx::query_as(LIST_SETTLED).bind(limit).bind(state.as_str())
                }
                Some(state @ ApprovalState::Expired) => {
                    sqlx::query_as(LIST_EXPIRED).bind(limit).bind(state.as_str()).bind(now.0)
                }
            };
            query.fetch_all(db).await
        })?;
        rows.into_iter().map(|row| row.into_approval(now)).collect()
    }

    /// Records the answer of the person `by`. Only the first answer to an open question counts.
    pub async fn approval_decide(
        &self,
        id: &str,
        approve: bool,
        by: &str,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<DecideOutcome> {
        let state = if approve { ApprovalState::Approved } else { ApprovalState::Denied };
        let decided: Vec<Row> = run!(self.write(), |db| {
            let query = sqlx::query_as(DECIDE).bind(id).bind(state.as_str()).bind(now.0);
            query.bind(storable(by)).bind(note.map(storable)).fetch_all(db).await
        })?;
        if let Some(row) = decided.into_iter().next() {
            return Ok(DecideOutcome::Decided(Box::new(row.into_approval(now)?)));
        }
        Ok(match self.approval_get(id, now).await? {
            Some(approval) => DecideOutcome::NotPending(approval.state),
            None => DecideOutcome::NotFound,
        })
    }

    /// Uses up an approval. Of any number of callers, one gets [`RedeemOutcome::Redeemed`].
    pub async fn approval_redeem(
        &self,
        id: &str,
        principal: &str,
        digest: &str,
        now: Timestamp,
    ) -> Result<RedeemOutcome> {
        let mut tx = self.begin().await?;
        let outcome = self.approval_redeem_in_txn(&mut tx, id, principal, digest, now).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    /// As [`Store::approval_redeem`], together with other changes, such as the record of the
    /// intent.
    pub async fn approval_redeem_in_txn(
        &self,
        tx: &mut Tx,
        id: &str,
        principal: &str,
        digest: &str,
        now: Timestamp,
    ) -> Result<RedeemOutcome> {
        let redeemed = execute!(
            tx.connection(),
            sqlx::query(REDEEM).bind(id).bind(principal).bind(digest).bind(now.0)
        )?;
        if redeemed == 1 {
            return Ok(RedeemOutcome::Redeemed);
        }
        let row: Option<Row> =
            run!(tx.connection(), |db| sqlx::query_as(GET).bind(id).fetch_optional(db).await)?;
        let Some(row) = row else { return Ok(RedeemOutcome::NotFound) };
        let approval = row.into_approval(now)?;
        Ok(why_not_redeemed(&approval, principal, digest))
    }
}

/// Repeats when the open question was answered between two statements, which makes room again.
async fn create_or_find(tx: &mut Tx, new: &Approval) -> Result<Approval> {
    let now = new.created_at;
    loop {
        execute!(
            tx.connection(),
            sqlx::query(EXPIRE).bind(&new.principal).bind(&new.digest).bind(now.0)
        )?;
        if let Some(row) = insert(tx, new).await? {
            return row.into_approval(now);
        }
        let open: Option<Row> = run!(tx.connection(), |db| {
            let query = sqlx::query_as(FIND_PENDING).bind(&new.principal).bind(&new.digest);
            query.bind(now.0).fetch_optional(db).await
        })?;
        if let Some(row) = open {
            return row.into_approval(now);
        }
    }
}

/// None when the same question is open already.
async fn insert(tx: &mut Tx, new: &Approval) -> Result<Option<Row>> {
    Ok(run!(tx.connection(), |db| {
        sqlx::query_as(INSERT)
            .bind(&new.id)
            .bind(&new.digest)
            .bind(&new.principal)
            .bind(storable(&new.principal_name))
            .bind(new.space.as_deref())
            .bind(&new.surface)
            .bind(&new.tool)
            .bind(&new.operation)
            .bind(new.risk.as_str())
            .bind(storable(&new.arguments))
            .bind(storable(&new.plan))
            .bind(new.created_at.0)
            .bind(new.expires_at.0)
            .fetch_optional(db)
            .await
    })?)
}

/// The first reason in an order that tells a stranger the least.
fn why_not_redeemed(approval: &Approval, principal: &str, digest: &str) -> RedeemOutcome {
    if approval.principal != principal {
        return RedeemOutcome::WrongPrincipal;
    }
    if approval.digest != digest {
        return RedeemOutcome::WrongDigest;
    }
    RedeemOutcome::NotApproved(match approval.state {
        ApprovalState::Expired => return RedeemOutcome::Expired,
        // Approved only after the attempt: it was still pending then.
        ApprovalState::Approved => ApprovalState::Pending,
        state => state,
    })
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    digest: String,
    principal: String,
    principal_name: String,
    space: Option<String>,
    surface: String,
    tool: String,
    operation: String,
    risk: String,
    arguments: String,
    plan: String,
    state: String,
    created_at: i64,
    expires_at: i64,
    decided_at: Option<i64>,
    decided_by: Option<String>,
    note: Option<String>,
}

impl Row {
    fn into_approval(self, now: Timestamp) -> Result<Approval> {
        use ApprovalState::{Approved, Expired, Pending};
        let stored =
            stored_word("approval.state", &self.state, &ApprovalState::ALL, ApprovalState::as_str)?;
        let overdue = self.expires_at <= now.0 && matches!(stored, Pending | Approved);
        Ok(Approval {
            risk: stored_word("approval.risk", &self.risk, &Risk::ALL, Risk::as_str)?,
            state: if overdue { Expired } else { stored },
            id: self.id,
            digest: self.digest,
            principal: self.principal,
            principal_name: self.principal_name,
            space: self.space,
            surface: self.surface,
            tool: self.tool,
            operation: self.operation,
            arguments: self.arguments,
            plan: self.plan,
            created_at: Timestamp(self.created_at),
            expires_at: Timestamp(self.expires_at),
            decided_at: self.decided_at.map(Timestamp),
            decided_by: self.decided_by,
            note: self.note,
        })
    }
}
