//! Grants: what a person gave to a client, and the refresh tokens that descend from it.
//!
//! All tokens of one grant are a family: they end together.

use pilothouse_model::Timestamp;

use crate::{
    Result, Store,
    dialect::{execute, run},
};

/// The most rows that one call of [`Store::grant_list`] returns.
pub const GRANT_LIST_CAP: u32 = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// `UUIDv7`, or a name that stands for itself.
    pub id: String,
    pub client: String,
    pub client_name: String,
    /// The id and the name of who acts.
    pub principal: String,
    pub principal_name: String,
    /// The person's account, when it is a person.
    pub account: Option<String>,
    /// Space-separated, as OAuth writes it.
    pub scope: String,
    /// What its tokens are good for.
    pub resource: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// Whether tokens of a grant are good now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    Live,
    /// Revoked, expired, or never there.
    Ended,
    /// The person's account is disabled.
    Disabled,
}

/// What became of an attempt to use a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// The caller, and nobody else, may issue new tokens of this grant.
    Used(Box<Grant>),
    /// It was used before: somebody has a copy. The grant is revoked now.
    Reused(Box<Grant>),
    Unknown,
}

const COLUMNS: &str = "id, client, client_name, principal, principal_name, account, scope, \
                       resource, created_at, expires_at, revoked_at";

/// A grant under a name that stands for itself is renewed, also after it was revoked.
const SAVE: &str = "
    INSERT INTO oauth_grant (id, client, client_name, principal, principal_name, account, scope,
        resource, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, scope = excluded.scope,
        resource = excluded.resource, revoked_at = NULL";

const STATE: &str = "
    SELECT CAST(CASE WHEN g.revoked_at IS NOT NULL OR g.expires_at <= $2 THEN 1
        WHEN a.disabled THEN 2 ELSE 0 END AS BIGINT)
    FROM oauth_grant g LEFT JOIN account a ON a.id = g.account WHERE g.id = $1";

const EXTEND: &str = "UPDATE oauth_grant SET expires_at = $2 WHERE id = $1 AND expires_at < $2";

const REVOKE: &str = "UPDATE oauth_grant SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

const REVOKE_CLIENT: &str =
    "UPDATE oauth_grant SET revoked_at = $2 WHERE client = $1 AND revoked_at IS NULL";

const REVOKE_ACCOUNT: &str =
    "UPDATE oauth_grant SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL";

const PURGE: &str = "DELETE FROM oauth_grant WHERE expires_at < $1";

const CREATE_REFRESH: &str = "INSERT INTO refresh_token (hash, grant_id) VALUES ($1, $2)";

const USE_REFRESH: &str =
    "UPDATE refresh_token SET used_at = $2 WHERE hash = $1 AND used_at IS NULL";

const REFRESH_GRANT: &str = "SELECT grant_id FROM refresh_token WHERE hash = $1";

impl Store {
    pub async fn grant_save(&self, grant: &Grant) -> Result<()> {
        execute!(
            self.write(),
            sqlx::query(SAVE)
                .bind(&grant.id)
                .bind(&grant.client)
                .bind(&grant.client_name)
                .bind(&grant.principal)
                .bind(&grant.principal_name)
                .bind(&grant.account)
                .bind(&grant.scope)
                .bind(&grant.resource)
                .bind(grant.created_at.0)
                .bind(grant.expires_at.0)
        )?;
        self.changes.grow();
        Ok(())
    }

    pub async fn grant_get(&self, id: &str) -> Result<Option<Grant>> {
        let text = format!("SELECT {COLUMNS} FROM oauth_grant WHERE id = $1");
        let row: Option<Row> = run!(self.read(), |db| {
            sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(id).fetch_optional(db).await
        })?;
        Ok(row.map(Row::into_grant))
    }

    pub async fn grant_state(&self, id: &str, now: Timestamp) -> Result<GrantState> {
        let state: Option<i64> = run!(self.read(), |db| {
            sqlx::query_scalar(STATE).bind(id).bind(now.0).fetch_optional(db).await
        })?;
        Ok(match state {
            Some(0) => GrantState::Live,
            Some(2) => GrantState::Disabled,
            _ => GrantState::Ended,
        })
    }

    /// Newest first, at most [`GRANT_LIST_CAP`]; revoked and expired ones only with `all`.
    pub async fn grant_list(&self, all: bool, now: Timestamp) -> Result<Vec<Grant>> {
        let text = format!(
            "SELECT {COLUMNS} FROM oauth_grant
             WHERE $1 OR (revoked_at IS NULL AND expires_at > $2)
             ORDER BY id DESC LIMIT {GRANT_LIST_CAP}"
        );
        let rows: Vec<Row> = run!(self.read(), |db| {
            sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(all).bind(now.0).fetch_all(db).await
        })?;
        Ok(rows.into_iter().map(Row::into_grant).collect())
    }

    pub async fn grant_extend(&self, id: &str, expires_at: Timestamp) -> Result<()> {
        execute!(self.write(), sqlx::query(EXTEND).bind(id).bind(expires_at.0))?;
        Ok(())
    }

    /// False when it does not exist or was revoked before.
    pub async fn grant_revoke(&self, id: &str, now: Timestamp) -> Result<bool> {
        let revoked = execute!(self.write(), sqlx::query(REVOKE).bind(id).bind(now.0))?;
        self.changes.grow();
        Ok(revoked == 1)
    }

    pub async fn grant_revoke_client(&self, client: &str, now: Timestamp) -> Result<u64> {
        let revoked = execute!(self.write(), sqlx::query(REVOKE_CLIENT).bind(client).bind(now.0))?;
        self.changes.grow();
        Ok(revoked)
    }

    pub async fn grant_revoke_account(&self, account: &str, now: Timestamp) -> Result<u64> {
        let revoked =
            execute!(self.write(), sqlx::query(REVOKE_ACCOUNT).bind(account).bind(now.0))?;
        self.changes.grow();
        Ok(revoked)
    }

    /// Deletes grants that expired before `older_than`, with their refresh tokens.
    pub async fn grant_purge(&self, older_than: Timestamp) -> Result<u64> {
        Ok(execute!(self.write(), sqlx::query(PURGE).bind(older_than.0))?)
    }

    pub async fn refresh_create(&self, hash: &str, grant: &str) -> Result<()> {
        execute!(self.write(), sqlx::query(CREATE_REFRESH).bind(hash).bind(grant))?;
        Ok(())
    }

    /// Uses up a refresh token. The second use of one revokes its whole family.
    pub async fn refresh_use(&self, hash: &str, now: Timestamp) -> Result<RefreshOutcome> {
        let fresh = execute!(self.write(), sqlx::query(USE_REFRESH).bind(hash).bind(now.0))? == 1;
        let Some(grant) = self.refresh_grant(hash).await? else {
            return Ok(RefreshOutcome::Unknown);
        };
        let grant = Box::new(grant);
        if fresh {
            return Ok(RefreshOutcome::Used(grant));
        }
        self.grant_revoke(&grant.id, now).await?;
        Ok(RefreshOutcome::Reused(grant))
    }

    /// The grant that a refresh token descends from.
    pub async fn refresh_grant(&self, hash: &str) -> Result<Option<Grant>> {
        let id: Option<String> = run!(self.read(), |db| {
            sqlx::query_scalar(REFRESH_GRANT).bind(hash).fetch_optional(db).await
        })?;
        match id {
            Some(id) => self.grant_get(&id).await,
            None => Ok(None),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    client: String,
    client_name: String,
    principal: String,
    principal_name: String,
    account: Option<String>,
    scope: String,
    resource: String,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

impl Row {
    fn into_grant(self) -> Grant {
        Grant {
            id: self.id,
            client: self.client,
            client_name: self.client_name,
            principal: self.principal,
            principal_name: self.principal_name,
            account: self.account,
            scope: self.scope,
            resource: self.resource,
            created_at: Timestamp(self.created_at),
            expires_at: Timestamp(self.expires_at),
            revoked_at: self.revoked_at.map(Timestamp),
        }
    }
}
