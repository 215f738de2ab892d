//! Variables of groups and workspaces, with every value they had.

use pilothouse_model::Timestamp;

use super::{
    ChangeError, Meta, Page, PageRequest, VariableCategory,
    error::exactly_one,
    page::{Listing, Order},
    row::{Columns, read_all, read_one},
};
use crate::{Result, Store, Tx, dialect::execute, text::storable};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub meta: Meta,
    pub namespace_id: String,
    pub namespace_path: String,
    pub category: VariableCategory,
    pub key: String,
    /// The value is used, and never shown.
    pub sensitive: bool,
    pub latest_version_id: String,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVariable {
    pub category: VariableCategory,
    pub key: String,
    pub sensitive: bool,
    pub value: String,
}

/// A value that a variable has or had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableVersion {
    pub id: String,
    pub created_at: Timestamp,
    pub variable_id: String,
    pub namespace_path: String,
    pub sensitive: bool,
    pub key: String,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionSort {
    pub descending: bool,
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT v.*, n.path AS namespace_path, l.sealed_value
            FROM terraform_variable v
                JOIN terraform_namespace n ON n.id = v.namespace_id
                JOIN terraform_variable_version l ON l.id = v.latest_version_id
            WHERE ",
            $condition
        )
    };
}

const GET: &str = select!("v.id = $1");

const GET_BY_KEY: &str = select!("n.path = $1 AND v.category = $2 AND v.key = $3");

const LIST: &str = select!("v.namespace_id = $1 ORDER BY v.category, v.key, v.id");

const COUNT: &str = "SELECT COUNT(*) FROM terraform_variable WHERE namespace_id = $1";

const INSERT: &str = "
    INSERT INTO terraform_variable
        (id, version, created_at, updated_at, namespace_id, category, key, sensitive,
         latest_version_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const INSERT_VERSION: &str = "
    INSERT INTO terraform_variable_version (id, created_at, variable_id, key, sealed_value)
    VALUES ($1, $2, $3, $4, $5)";

const UPDATE: &str = "
    UPDATE terraform_variable
    SET key = $3, latest_version_id = $4, updated_at = $5, version = version + 1
    WHERE id = $1 AND version = $2";

const DELETE: &str = "DELETE FROM terraform_variable WHERE id = $1 AND version = $2";

const VERSION_COLUMNS: &str = "x.*, v.sensitive, n.path AS namespace_path";
const VERSION_FROM: &str = "terraform_variable_version x
    JOIN terraform_variable v ON v.id = x.variable_id
    JOIN terraform_namespace n ON n.id = v.namespace_id";

const GET_VERSION: &str = "
    SELECT x.*, v.sensitive, n.path AS namespace_path
    FROM terraform_variable_version x
        JOIN terraform_variable v ON v.id = x.variable_id
        JOIN terraform_namespace n ON n.id = v.namespace_id
    WHERE x.id = $1";

/// What a version's value is sealed under.
pub(super) fn seal_name(version_id: &str) -> String {
    format!("variable_version/{version_id}")
}

impl Variable {
    fn read(row: &dyn Columns) -> Result<Self> {
        let category = row.text("category")?;
        Ok(Self {
            meta: Meta::read(row)?,
            namespace_id: row.text("namespace_id")?,
            namespace_path: row.text("namespace_path")?,
            category: VariableCategory::stored("terraform_variable.category", &category)?,
            key: row.text("key")?,
            sensitive: row.flag("sensitive")?,
            latest_version_id: row.text("latest_version_id")?,
            value: row.text("sealed_value")?,
        })
    }
}

impl VariableVersion {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            created_at: row.time("created_at")?,
            variable_id: row.text("variable_id")?,
            namespace_path: row.text("namespace_path")?,
            sensitive: row.flag("sensitive")?,
            key: row.text("key")?,
            value: row.text("sealed_value")?,
        })
    }
}

impl Store {
    /// Returns the new variable's id. Fails with
    /// [`StoreError::Duplicate`](crate::StoreError::Duplicate) when the namespace has the key in
    /// this category, and when it has `limit` variables.
    pub async fn variable_create(
        &self,
        namespace_id: &str,
        variable: &NewVariable,
        limit: i64,
        now: Timestamp,
    ) -> Result<String, ChangeError> {
        let mut tx = self.begin().await?;
        tx.limit(COUNT, namespace_id, limit, "variables in a namespace").await?;
        let id = variable_insert(&mut tx, namespace_id, variable, now).await?;
        tx.commit().await?;
        Ok(id)
    }

    pub async fn variable_get(&self, id: &str) -> Result<Option<Variable>> {
        let found = read_one!(self.read(), sqlx::query(GET).bind(id), Variable::read)?;
        found.map(|found| self.opened(found)).transpose()
    }

    pub async fn variable_get_by_key(
        &self,
        namespace_path: &str,
        category: VariableCategory,
        key: &str,
    ) -> Result<Option<Variable>> {
        let found = read_one!(
            self.read(),
            sqlx::query(GET_BY_KEY)
                .bind(storable(namespace_path))
                .bind(category.as_str())
                .bind(storable(key)),
            Variable::read
        )?;
        found.map(|found| self.opened(found)).transpose()
    }

    /// All of one namespace, by category and key. There are at most as many as
    /// [`Store::variable_create`] allows.
    pub async fn variable_list(&self, namespace_id: &str) -> Result<Vec<Variable>> {
        let found = read_all!(self.read(), sqlx::query(LIST).bind(namespace_id), Variable::read)?;
        found.into_iter().map(|found| self.opened(found)).collect()
    }

    /// Gives `variable`, as it was at its version, the key and value it holds.
    pub async fn variable_update(
        &self,
        variable: &Variable,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        variable_replace(&mut tx, variable, now).await?;
        Ok(tx.commit().await?)
    }

    pub async fn variable_delete(&self, id: &str, version: i64) -> Result<(), ChangeError> {
        exactly_one(execute!(self.write(), sqlx::query(DELETE).bind(id).bind(version))?)
    }

    /// Deletes, changes and creates variables of one namespace at once.
    pub async fn variable_set(
        &self,
        namespace_id: &str,
        delete: &[Variable],
        update: &[Variable],
        create: &[NewVariable],
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        for variable in delete {
            exactly_one(execute!(
                tx.connection(),
                sqlx::query(DELETE).bind(&variable.meta.id).bind(variable.meta.version)
            )?)?;
        }
        for variable in update {
            variable_replace(&mut tx, variable, now).await?;
        }
        for variable in create {
            variable_insert(&mut tx, namespace_id, variable, now).await?;
        }
        Ok(tx.commit().await?)
    }

    pub async fn variable_version_get(&self, id: &str) -> Result<Option<VariableVersion>> {
        let found =
            read_one!(self.read(), sqlx::query(GET_VERSION).bind(id), VariableVersion::read)?;
        found.map(|found| self.opened_version(found)).transpose()
    }

    pub async fn variable_version_list(
        &self,
        variable_id: &str,
        sort: VersionSort,
        page: &PageRequest,
    ) -> Result<Page<VariableVersion>, ChangeError> {
        let order = Order::number("x.created_at", sort.descending);
        let mut listing = Listing::new(VERSION_COLUMNS, VERSION_FROM, "x.id", order);
        listing.equals("x.variable_id = ", Some(variable_id));
        let mut page = listing.page(self, page, VariableVersion::read).await?;
        let opened = page.items.into_iter().map(|found| self.opened_version(found));
        page.items = opened.collect::<Result<_>>()?;
        Ok(page)
    }

    fn opened(&self, found: Variable) -> Result<Variable> {
        let name = seal_name(&found.latest_version_id);
        Ok(Variable { value: self.sealing.open_text(&name, found.value)?, ..found })
    }

    fn opened_version(&self, found: VariableVersion) -> Result<VariableVersion> {
        let name = seal_name(&found.id);
        Ok(VariableVersion { value: self.sealing.open_text(&name, found.value)?, ..found })
    }
}

async fn variable_insert(
    tx: &mut Tx,
    namespace_id: &str,
    variable: &NewVariable,
    now: Timestamp,
) -> Result<String> {
    let meta = Meta::new(now);
    let version = Meta::new(now);
    execute!(
        tx.connection(),
        sqlx::query(INSERT)
            .bind(&meta.id)
            .bind(meta.version)
            .bind(now.0)
            .bind(now.0)
            .bind(namespace_id)
            .bind(variable.category.as_str())
            .bind(storable(&variable.key))
            .bind(variable.sensitive)
            .bind(&version.id)
    )?;
    version_insert(tx, &version.id, &meta.id, &variable.key, &variable.value, now).await?;
    Ok(meta.id)
}

async fn variable_replace(
    tx: &mut Tx,
    variable: &Variable,
    now: Timestamp,
) -> Result<(), ChangeError> {
    let version = Meta::new(now);
    exactly_one(execute!(
        tx.connection(),
        sqlx::query(UPDATE)
            .bind(&variable.meta.id)
            .bind(variable.meta.version)
            .bind(storable(&variable.key))
            .bind(&version.id)
            .bind(now.0)
    )?)?;
    let Variable { meta, key, value, .. } = variable;
    Ok(version_insert(tx, &version.id, &meta.id, key, value, now).await?)
}

async fn version_insert(
    tx: &mut Tx,
    id: &str,
    variable_id: &str,
    key: &str,
    value: &str,
    now: Timestamp,
) -> Result<()> {
    let sealed = tx.sealing.text(&seal_name(id), value)?.into_owned();
    execute!(
        tx.connection(),
        sqlx::query(INSERT_VERSION)
            .bind(id)
            .bind(now.0)
            .bind(variable_id)
            .bind(storable(key))
            .bind(sealed.as_str())
    )?;
    Ok(())
}
