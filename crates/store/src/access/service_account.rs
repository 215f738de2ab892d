//! Service accounts: identities of machines, below a group, with their secrets.

use std::collections::BTreeMap;

use pilothouse_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{membership::membership_delete_subject, revision_grow};
use crate::{
    Result, Store, StoreError, Tx,
    dialect::{execute, run},
    terraform::{
        ChangeError, Meta, Page, PageRequest,
        error::exactly_one,
        page::{Listing, Order},
        row::{Columns, read_all, read_one},
    },
    text::storable,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    pub meta: Meta,
    pub name: String,
    pub description: String,
    pub group_id: String,
    pub group_path: String,
    pub created_by: String,
    /// Nothing is accepted from it.
    pub disabled: bool,
    pub trust_policies: Vec<TrustPolicy>,
    /// It may sign in with its id and a secret.
    pub client_credentials: bool,
}

/// Tokens of which issuer, with which claims, prove to be the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustPolicy {
    pub issuer: String,
    /// Values are patterns with `*` instead of exact texts.
    pub glob: bool,
    /// All of them must match.
    pub bound_claims: BTreeMap<String, String>,
}

/// A secret of an account, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub id: String,
    pub service_account_id: String,
    /// Hex, of the whole secret.
    pub hash: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// A newer one took its place; it works until it expires all the same.
    pub replaced: bool,
    pub noticed_at: Option<Timestamp>,
}

/// Which accounts to list. An absent field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct ServiceAccountFilter {
    /// Those of exactly these groups.
    pub group_paths: Option<Vec<String>>,
    /// Part of the name.
    pub search: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceAccountSort {
    CreatedAt { descending: bool },
    UpdatedAt { descending: bool },
    GroupLevel { descending: bool },
}

const COLUMNS: &str = "a.*, n.path AS group_path";
const FROM: &str = "service_account a JOIN terraform_namespace n ON n.id = a.group_id";

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT a.*, n.path AS group_path
            FROM service_account a JOIN terraform_namespace n ON n.id = a.group_id
            WHERE ",
            $condition
        )
    };
}

const GET: &str = select!("a.id = $1");

const GET_BY_PATH: &str = select!("n.path = $1 AND a.name = $2");

const SIBLINGS: &str = "SELECT COUNT(*) FROM service_account WHERE group_id = $1";

const INSERT: &str = "
    INSERT INTO service_account
        (id, version, created_at, updated_at, created_by, name, description, group_id, disabled,
         trust_policies, client_credentials)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const UPDATE: &str = "
    UPDATE service_account
    SET description = $3, disabled = $4, trust_policies = $5, client_credentials = $6,
        updated_at = $7, version = version + 1
    WHERE id = $1 AND version = $2";

const DELETE: &str = "DELETE FROM service_account WHERE id = $1 AND version = $2";

const INSERT_SECRET: &str = "
    INSERT INTO service_account_secret
        (id, service_account_id, hash, created_at, expires_at, replaced)
    VALUES ($1, $2, $3, $4, $5, $6)";

const SECRETS: &str = "
    SELECT * FROM service_account_secret
    WHERE service_account_id = $1 AND expires_at > $2 ORDER BY id DESC";

/// The one before the newest lives on until `$3` at most, all older ones end.
const REPLACE: &str = "
    UPDATE service_account_secret
    SET expires_at = CASE WHEN replaced THEN $2 ELSE $3 END, replaced = TRUE
    WHERE service_account_id = $1 AND expires_at > CASE WHEN replaced THEN $2 ELSE $3 END";

const MARK_REPLACED: &str =
    "UPDATE service_account_secret SET replaced = TRUE WHERE service_account_id = $1";

const FORGET: &str = "DELETE FROM service_account_secret WHERE service_account_id = $1";

const CLAIM_DUE: &str = "
    UPDATE service_account_secret SET lease_expires_at = $3
    WHERE noticed_at IS NULL AND NOT replaced AND expires_at > $1 AND expires_at <= $2
        AND (lease_expires_at IS NULL OR lease_expires_at <= $1)
    RETURNING *";

const EXPIRING: &str = "
    SELECT * FROM service_account_secret
    WHERE NOT replaced AND expires_at > $1 AND expires_at <= $2 ORDER BY expires_at, id LIMIT 1000";

const NEXT_DUE: &str = "
    SELECT MIN(expires_at) FROM service_account_secret
    WHERE noticed_at IS NULL AND NOT replaced AND expires_at > $1";

const NOTICED: &str = "
    UPDATE service_account_secret SET noticed_at = $2, lease_expires_at = NULL WHERE id = $1";

impl ServiceAccount {
    /// The id of the principal that it is.
    pub fn subject(&self) -> String {
        subject(&self.meta.id)
    }

    /// The group's path and the name, joined by `/`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.group_path, self.name)
    }

    fn read(row: &dyn Columns) -> Result<Self> {
        let policies = row.text("trust_policies")?;
        Ok(Self {
            meta: Meta::read(row)?,
            name: row.text("name")?,
            description: row.text("description")?,
            group_id: row.text("group_id")?,
            group_path: row.text("group_path")?,
            created_by: row.text("created_by")?,
            disabled: row.flag("disabled")?,
            trust_policies: serde_json::from_str(&policies).map_err(|_| StoreError::Corrupt {
                column: "service_account.trust_policies",
                value: policies,
            })?,
            client_credentials: row.flag("client_credentials")?,
        })
    }

    fn policies_text(&self) -> String {
        serde_json::json!(self.trust_policies).to_string()
    }
}

fn subject(id: &str) -> String {
    format!("sa:{id}")
}

impl Secret {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            service_account_id: row.text("service_account_id")?,
            hash: row.text("hash")?,
            created_at: row.time("created_at")?,
            expires_at: row.time("expires_at")?,
            replaced: row.flag("replaced")?,
            noticed_at: row.maybe_time("noticed_at")?,
        })
    }
}

impl Store {
    /// Fails with [`StoreError::Duplicate`] when the name is taken, and when the group has
    /// `max_siblings` accounts already.
    pub async fn service_account_create(
        &self,
        account: &ServiceAccount,
        secret: Option<&Secret>,
        max_siblings: i64,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        tx.limit(SIBLINGS, &account.group_id, max_siblings, "service accounts in a group").await?;
        execute!(
            tx.connection(),
            sqlx::query(INSERT)
                .bind(&account.meta.id)
                .bind(account.meta.version)
                .bind(account.meta.created_at.0)
                .bind(account.meta.updated_at.0)
                .bind(storable(&account.created_by))
                .bind(&account.name)
                .bind(storable(&account.description))
                .bind(&account.group_id)
                .bind(account.disabled)
                .bind(storable(&account.policies_text()))
                .bind(account.client_credentials)
        )?;
        if let Some(secret) = secret {
            secret_insert(&mut tx, secret).await?;
        }
        revision_grow(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    pub async fn service_account_get(&self, id: &str) -> Result<Option<ServiceAccount>> {
        read_one!(self.read(), sqlx::query(GET).bind(storable(id)), ServiceAccount::read)
    }

    /// By the group's path and the name.
    pub async fn service_account_get_by_path(
        &self,
        group_path: &str,
        name: &str,
    ) -> Result<Option<ServiceAccount>> {
        read_one!(
            self.read(),
            sqlx::query(GET_BY_PATH).bind(storable(group_path)).bind(storable(name)),
            ServiceAccount::read
        )
    }

    pub async fn service_account_list(
        &self,
        filter: &ServiceAccountFilter,
        sort: ServiceAccountSort,
        page: &PageRequest,
    ) -> Result<Page<ServiceAccount>, ChangeError> {
        use ServiceAccountSort as Sort;
        let order = match sort {
            Sort::CreatedAt { descending } => Order::number("a.created_at", descending),
            Sort::UpdatedAt { descending } => Order::number("a.updated_at", descending),
            Sort::GroupLevel { descending } => Order::number("n.depth", descending),
        };
        let mut listing = Listing::new(COLUMNS, FROM, "a.id", order);
        if let Some(paths) = &filter.group_paths {
            listing.any_of("n.path = ", paths);
        }
        listing.contains("REPLACE(a.name, ", filter.search.as_deref(), ", '') <> a.name");
        listing.page(self, page, ServiceAccount::read).await
    }

    /// Writes what may change of the account as it was at its `version`. With `new_secret` the
    /// present one works until `overlap_ends`; without client credentials all secrets are gone.
    pub async fn service_account_update(
        &self,
        account: &ServiceAccount,
        new_secret: Option<(&Secret, Timestamp)>,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        let id = &account.meta.id;
        exactly_one(execute!(
            tx.connection(),
            sqlx::query(UPDATE)
                .bind(id)
                .bind(account.meta.version)
                .bind(storable(&account.description))
                .bind(account.disabled)
                .bind(storable(&account.policies_text()))
                .bind(account.client_credentials)
                .bind(now.0)
        )?)?;
        if !account.client_credentials {
            execute!(tx.connection(), sqlx::query(FORGET).bind(id))?;
        }
        if let Some((secret, overlap_ends)) = new_secret {
            execute!(
                tx.connection(),
                sqlx::query(REPLACE).bind(id).bind(now.0).bind(overlap_ends.0)
            )?;
            execute!(tx.connection(), sqlx::query(MARK_REPLACED).bind(id))?;
            secret_insert(&mut tx, secret).await?;
        }
        revision_grow(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Deletes the account with its secrets and everything it may do.
    pub async fn service_account_delete(&self, id: &str, version: i64) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        exactly_one(execute!(tx.connection(), sqlx::query(DELETE).bind(id).bind(version))?)?;
        membership_delete_subject(&mut tx, &subject(id)).await?;
        revision_grow(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// The secrets that work at `now`, the newest first.
    pub async fn service_account_secrets(&self, id: &str, now: Timestamp) -> Result<Vec<Secret>> {
        read_all!(self.read(), sqlx::query(SECRETS).bind(storable(id)).bind(now.0), Secret::read)
    }

    /// Secrets in use that end by `until`, the first one first; at most 1000.
    pub async fn secret_list_expiring(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Secret>> {
        read_all!(self.read(), sqlx::query(EXPIRING).bind(now.0).bind(until.0), Secret::read)
    }

    /// Claims the secrets that end by `until` and that nobody gave notice of, until the lease
    /// ends: of several servers, each gets a secret once.
    pub async fn secret_claim_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        lease_ends: Timestamp,
    ) -> Result<Vec<Secret>> {
        read_all!(
            self.write(),
            sqlx::query(CLAIM_DUE).bind(now.0).bind(until.0).bind(lease_ends.0),
            Secret::read
        )
    }

    /// When the next secret ends that nobody gave notice of.
    pub async fn secret_next_due(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let next: Option<i64> =
            run!(self.read(), |db| sqlx::query_scalar(NEXT_DUE).bind(now.0).fetch_one(db).await)?;
        Ok(next.map(Timestamp))
    }

    /// Notice was given.
    pub async fn secret_noticed(&self, id: &str, now: Timestamp) -> Result<()> {
        execute!(self.write(), sqlx::query(NOTICED).bind(id).bind(now.0))?;
        Ok(())
    }
}

async fn secret_insert(tx: &mut Tx, secret: &Secret) -> Result<()> {
    execute!(
        tx.connection(),
        sqlx::query(INSERT_SECRET)
            .bind(&secret.id)
            .bind(&secret.service_account_id)
            .bind(&secret.hash)
            .bind(secret.created_at.0)
            .bind(secret.expires_at.0)
            .bind(secret.replaced)
    )?;
    Ok(())
}
