//! Memberships: a subject has a role in a namespace.

use std::sync::Arc;

use pilothouse_model::{Grant, Namespace, Role, Timestamp};

use super::revision_grow;
use crate::{
    Result, Store, StoreError, Tx,
    dialect::execute,
    terraform::{
        ChangeError, Meta,
        error::exactly_one,
        row::{Columns, read_all, read_one},
    },
    text::storable,
};

/// The most rows that one list returns.
pub const MEMBERSHIP_LIST_CAP: i64 = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub meta: Meta,
    /// The id of a principal or of a team.
    pub subject: String,
    pub role: Role,
    pub namespace: Namespace,
    /// Of a group or workspace of the embedded platform, with which the membership moves and ends.
    pub namespace_id: Option<String>,
    pub created_by: String,
}

/// Which memberships to list. An absent field does not restrict.
#[derive(Clone, Debug, Default)]
pub struct MembershipFilter {
    pub subject: Option<String>,
    pub namespace: Option<Namespace>,
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT m.*, COALESCE(n.path, m.path) AS place
            FROM access_membership m LEFT JOIN terraform_namespace n ON n.id = m.namespace_id
            WHERE ",
            $condition
        )
    };
}

const GET: &str = select!("m.id = $1");

const OF_SUBJECT: &str = select!("m.subject = $1");

const LIST: &str = select!(
    "($1 IS NULL OR m.subject = $1) AND ($2 IS NULL OR m.realm = $2)
        AND ($3 IS NULL OR COALESCE(n.path, m.path) = $3)
    ORDER BY m.id LIMIT $4"
);

const INSERT: &str = "
    INSERT INTO access_membership
        (id, version, created_at, updated_at, created_by, subject, role, realm, namespace_id, path)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const UPDATE: &str = "
    UPDATE access_membership SET role = $3, updated_at = $4, version = version + 1
    WHERE id = $1 AND version = $2";

const DELETE: &str = "DELETE FROM access_membership WHERE id = $1 AND version = $2";

const DELETE_SUBJECT: &str = "DELETE FROM access_membership WHERE subject = $1";

impl Membership {
    fn read(row: &dyn Columns) -> Result<Self> {
        let role = row.text("role")?;
        Ok(Self {
            meta: Meta::read(row)?,
            subject: row.text("subject")?,
            role: role.parse().map_err(|_| StoreError::Corrupt {
                column: "access_membership.role",
                value: role,
            })?,
            namespace: Namespace::new(&row.text("realm")?, &row.text("place")?),
            namespace_id: row.maybe_text("namespace_id")?,
            created_by: row.text("created_by")?,
        })
    }
}

impl Store {
    /// Fails with [`StoreError::Duplicate`] when the subject has a role there already.
    pub async fn membership_create(&self, membership: &Membership) -> Result<()> {
        let mut tx = self.begin().await?;
        membership_insert(&mut tx, membership).await?;
        revision_grow(&mut tx).await?;
        tx.commit().await
    }

    pub async fn membership_get(&self, id: &str) -> Result<Option<Membership>> {
        read_one!(self.read(), sqlx::query(GET).bind(id), Membership::read)
    }

    /// Oldest first, at most [`MEMBERSHIP_LIST_CAP`].
    pub async fn membership_list(&self, filter: &MembershipFilter) -> Result<Vec<Membership>> {
        let realm = filter.namespace.as_ref().map(|namespace| namespace.realm.to_string());
        let path = filter.namespace.as_ref().map(|namespace| namespace.path.to_string());
        read_all!(
            self.read(),
            sqlx::query(LIST)
                .bind(filter.subject.as_deref().map(storable))
                .bind(realm.as_deref())
                .bind(path.as_deref())
                .bind(MEMBERSHIP_LIST_CAP),
            Membership::read
        )
    }

    /// What was granted to `subject`.
    pub async fn membership_grants(&self, subject: &str) -> Result<Vec<Grant>> {
        let found = read_all!(
            self.read(),
            sqlx::query(OF_SUBJECT).bind(storable(subject)),
            Membership::read
        )?;
        let shared: Arc<str> = subject.into();
        let grant = |membership: Membership| Grant {
            subject: Arc::clone(&shared),
            namespace: membership.namespace,
            role: membership.role,
        };
        Ok(found.into_iter().map(grant).collect())
    }

    /// Gives the membership as it was at `version` another role.
    pub async fn membership_update(
        &self,
        id: &str,
        version: i64,
        role: Role,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        exactly_one(execute!(
            tx.connection(),
            sqlx::query(UPDATE).bind(id).bind(version).bind(role.as_str()).bind(now.0)
        )?)?;
        revision_grow(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    pub async fn membership_delete(&self, id: &str, version: i64) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        exactly_one(execute!(tx.connection(), sqlx::query(DELETE).bind(id).bind(version))?)?;
        revision_grow(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) async fn membership_insert(tx: &mut Tx, membership: &Membership) -> Result<()> {
    let Membership { meta, subject, role, namespace, namespace_id, created_by } = membership;
    // The path of a group or workspace is known by its id alone, and changes.
    let path = if namespace_id.is_some() { "" } else { &*namespace.path };
    execute!(
        tx.connection(),
        sqlx::query(INSERT)
            .bind(&meta.id)
            .bind(meta.version)
            .bind(meta.created_at.0)
            .bind(meta.updated_at.0)
            .bind(storable(created_by))
            .bind(storable(subject))
            .bind(role.as_str())
            .bind(&*namespace.realm)
            .bind(namespace_id.as_deref())
            .bind(path)
    )?;
    Ok(())
}

/// Takes everything from a subject that is no more.
pub(super) async fn membership_delete_subject(tx: &mut Tx, subject: &str) -> Result<()> {
    execute!(tx.connection(), sqlx::query(DELETE_SUBJECT).bind(subject))?;
    Ok(())
}
