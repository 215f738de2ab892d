//! Accounts of people, with a password of ours or the identity that another provider vouches for.

use pilothouse_model::Timestamp;

use crate::{
    Result, Store,
    dialect::{execute, run},
};

/// The most rows that one call of [`Store::account_list`] returns.
pub const ACCOUNT_LIST_CAP: u32 = 1000;

/// A person who may sign in. Accounts are disabled, never deleted: their name stays taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    /// Unique, and the same for ever: it is part of the principal's id.
    pub name: String,
    /// A password hash in PHC form.
    pub password: Option<String>,
    /// The provider that vouches for this person, and its name for them.
    pub identity: Option<(String, String)>,
    pub admin: bool,
    pub disabled: bool,
    /// Wrong passwords since the last right one.
    pub failures: u32,
    /// Until when no password is looked at.
    pub locked_until: Timestamp,
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, name, password, issuer, subject, admin, disabled, failures, \
                       locked_until, created_at";

const CREATE: &str = "
    INSERT INTO account (id, name, password, issuer, subject, admin, disabled, failures,
        locked_until, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8)";

const SET_PASSWORD: &str =
    "UPDATE account SET password = $2, failures = 0, locked_until = 0 WHERE id = $1";

const SET_DISABLED: &str = "UPDATE account SET disabled = $2 WHERE id = $1";

/// Counts only against the number that the caller saw, so that each attempt counts once.
const FAILED: &str = "
    UPDATE account SET failures = failures + 1, locked_until = $3 WHERE id = $1 AND failures = $2";

const SUCCEEDED: &str = "
    UPDATE account SET failures = 0, locked_until = 0
    WHERE id = $1 AND (failures <> 0 OR locked_until <> 0)";

const SET_IDENTITY: &str = "UPDATE account SET issuer = $2, subject = $3 WHERE id = $1";

const ANY: &str = "SELECT COUNT(*) FROM account";

impl Store {
    /// Fails as a duplicate when the name or the identity is taken.
    pub async fn account_create(&self, account: &Account) -> Result<()> {
        let (issuer, subject) = account.identity.clone().unzip();
        execute!(
            self.write(),
            sqlx::query(CREATE)
                .bind(&account.id)
                .bind(&account.name)
                .bind(&account.password)
                .bind(issuer)
                .bind(subject)
                .bind(account.admin)
                .bind(account.disabled)
                .bind(account.created_at.0)
        )?;
        Ok(())
    }

    pub async fn account_get(&self, id: &str) -> Result<Option<Account>> {
        self.account_where("id = $1", id, None).await
    }

    pub async fn account_by_name(&self, name: &str) -> Result<Option<Account>> {
        self.account_where("name = $1", name, None).await
    }

    pub async fn account_by_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Account>> {
        self.account_where("issuer = $1 AND subject = $2", issuer, Some(subject)).await
    }

    async fn account_where(
        &self,
        condition: &'static str,
        first: &str,
        second: Option<&str>,
    ) -> Result<Option<Account>> {
        let text = format!("SELECT {COLUMNS} FROM account WHERE {condition}");
        let row: Option<Row> = run!(self.read(), |db| {
            let query = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(first);
            let query = if let Some(second) = second { query.bind(second) } else { query };
            query.fetch_optional(db).await
        })?;
        Ok(row.map(Row::into_account))
    }

    /// All accounts by name, at most [`ACCOUNT_LIST_CAP`].
    pub async fn account_list(&self) -> Result<Vec<Account>> {
        let text = format!("SELECT {COLUMNS} FROM account ORDER BY name LIMIT {ACCOUNT_LIST_CAP}");
        let rows: Vec<Row> = run!(self.read(), |db| {
            sqlx::query_as(sqlx::AssertSqlSafe(text)).fetch_all(db).await
        })?;
        Ok(rows.into_iter().map(Row::into_account).collect())
    }

    /// Whether there is any account yet.
    pub async fn account_exists(&self) -> Result<bool> {
        let count: i64 = run!(self.read(), |db| sqlx::query_scalar(ANY).fetch_one(db).await)?;
        Ok(count > 0)
    }

    /// Gives the account the identity that another provider vouches for, or none; fails as a
    /// duplicate when another account has it.
    pub async fn account_set_identity(
        &self,
        id: &str,
        identity: Option<(&str, &str)>,
    ) -> Result<bool> {
        let (issuer, subject) = identity.unzip();
        let set =
            execute!(self.write(), sqlx::query(SET_IDENTITY).bind(id).bind(issuer).bind(subject))?;
        Ok(set == 1)
    }

    /// Also ends a lockout; false when there is no such account.
    pub async fn account_set_password(&self, id: &str, password: &str) -> Result<bool> {
        Ok(execute!(self.write(), sqlx::query(SET_PASSWORD).bind(id).bind(password))? == 1)
    }

    pub async fn account_set_disabled(&self, id: &str, disabled: bool) -> Result<bool> {
        let set = execute!(self.write(), sqlx::query(SET_DISABLED).bind(id).bind(disabled))?;
        self.changes.grow();
        Ok(set == 1)
    }

    /// Notes one more failure on top of `seen`; false when another attempt was counted meanwhile.
    pub async fn account_failed(
        &self,
        id: &str,
        seen: u32,
        locked_until: Timestamp,
    ) -> Result<bool> {
        Ok(execute!(
            self.write(),
            sqlx::query(FAILED).bind(id).bind(i64::from(seen)).bind(locked_until.0)
        )? == 1)
    }

    pub async fn account_succeeded(&self, id: &str) -> Result<()> {
        execute!(self.write(), sqlx::query(SUCCEEDED).bind(id))?;
        Ok(())
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    password: Option<String>,
    issuer: Option<String>,
    subject: Option<String>,
    admin: bool,
    disabled: bool,
    failures: i64,
    locked_until: i64,
    created_at: i64,
}

impl Row {
    fn into_account(self) -> Account {
        Account {
            id: self.id,
            name: self.name,
            password: self.password,
            identity: self.issuer.zip(self.subject),
            admin: self.admin,
            disabled: self.disabled,
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            locked_until: Timestamp(self.locked_until),
            created_at: Timestamp(self.created_at),
        }
    }
}
