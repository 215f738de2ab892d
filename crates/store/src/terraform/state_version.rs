//! The history of a workspace's Terraform state.

use pilothouse_model::Timestamp;

use super::{
    ChangeError, Page, PageRequest,
    page::{Listing, Order},
    row::{Columns, read_all, read_one},
};
use crate::{Result, Store, Tx, dialect::execute, text::storable};

/// A state version without its content. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateVersion {
    pub id: String,
    pub created_at: Timestamp,
    pub workspace_id: String,
    pub workspace_path: String,
    pub run_id: Option<String>,
    pub created_by: String,
    pub lineage: String,
    pub serial: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateOutput {
    pub id: String,
    pub state_version_id: String,
    pub name: String,
    /// JSON text.
    pub value: String,
    /// JSON text: a type as Terraform writes it.
    pub value_type: String,
    pub sensitive: bool,
}

#[derive(Clone, Debug)]
pub struct NewState {
    pub version: StateVersion,
    pub content: Vec<u8>,
    pub outputs: Vec<StateOutput>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateVersionSort {
    pub descending: bool,
}

macro_rules! columns {
    () => {
        "s.id, s.created_at, s.workspace_id, s.run_id, s.created_by, s.lineage, s.serial,
        n.path AS workspace_path"
    };
}
macro_rules! from {
    () => {
        "terraform_state_version s JOIN terraform_namespace n ON n.id = s.workspace_id"
    };
}

const GET: &str = concat!("SELECT ", columns!(), " FROM ", from!(), " WHERE s.id = $1");

const CONTENT: &str = "SELECT content FROM terraform_state_version WHERE id = $1";

const INSERT: &str = "
    INSERT INTO terraform_state_version
        (id, created_at, workspace_id, run_id, created_by, lineage, serial, content)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const INSERT_OUTPUT: &str = "
    INSERT INTO terraform_state_version_output
        (id, state_version_id, name, value, value_type, sensitive)
    VALUES ($1, $2, $3, $4, $5, $6)";

const MAKE_CURRENT: &str = "
    UPDATE terraform_workspace
    SET current_state_version_id = $2, dirty_state = FALSE, updated_at = $3
    WHERE id = $1";

/// `$2` is the start of the period.
const RECENT: &str =
    "SELECT COUNT(*) FROM terraform_state_version WHERE workspace_id = $1 AND created_at > $2";

const OUTPUTS: &str =
    "SELECT * FROM terraform_state_version_output WHERE state_version_id = $1 ORDER BY name";

const OUTPUT: &str = "SELECT * FROM terraform_state_version_output WHERE id = $1";

impl StateVersion {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            created_at: row.time("created_at")?,
            workspace_id: row.text("workspace_id")?,
            workspace_path: row.text("workspace_path")?,
            run_id: row.maybe_text("run_id")?,
            created_by: row.text("created_by")?,
            lineage: row.text("lineage")?,
            serial: row.number("serial")?,
        })
    }
}

impl StateOutput {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            state_version_id: row.text("state_version_id")?,
            name: row.text("name")?,
            value: row.text("value")?,
            value_type: row.text("value_type")?,
            sensitive: row.flag("sensitive")?,
        })
    }
}

impl Store {
    /// Makes `state` the current one of its workspace. Fails when the workspace got `limit`
    /// versions since `period_start`. What a job brings back comes through
    /// [`Store::run_change`], without a limit: it must not be lost.
    pub async fn state_version_create(
        &self,
        state: &NewState,
        limit: i64,
        period_start: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        let what = "state versions per workspace and hour";
        tx.limit_since(RECENT, &state.version.workspace_id, period_start, limit, what).await?;
        state_insert(&mut tx, state).await?;
        Ok(tx.commit().await?)
    }

    pub async fn state_version_get(&self, id: &str) -> Result<Option<StateVersion>> {
        read_one!(self.read(), sqlx::query(GET).bind(id), StateVersion::read)
    }

    /// The state file.
    pub async fn state_version_content(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let content = |row: &dyn Columns| row.bytes("content");
        let found = read_one!(self.read(), sqlx::query(CONTENT).bind(id), content)?;
        found.map(|stored| self.sealing.open_bytes(&content_name(id), stored)).transpose()
    }

    pub async fn state_version_list(
        &self,
        workspace_id: &str,
        sort: StateVersionSort,
        page: &PageRequest,
    ) -> Result<Page<StateVersion>, ChangeError> {
        let order = Order::number("s.created_at", sort.descending);
        let mut listing = Listing::new(columns!(), from!(), "s.id", order);
        listing.equals("s.workspace_id = ", Some(workspace_id));
        listing.page(self, page, StateVersion::read).await
    }

    /// By name.
    pub async fn state_output_list(&self, state_version_id: &str) -> Result<Vec<StateOutput>> {
        let found =
            read_all!(self.read(), sqlx::query(OUTPUTS).bind(state_version_id), StateOutput::read)?;
        found.into_iter().map(|output| self.opened_output(output)).collect()
    }

    pub async fn state_output_get(&self, id: &str) -> Result<Option<StateOutput>> {
        let found = read_one!(self.read(), sqlx::query(OUTPUT).bind(id), StateOutput::read)?;
        found.map(|output| self.opened_output(output)).transpose()
    }

    fn opened_output(&self, output: StateOutput) -> Result<StateOutput> {
        let value = self.sealing.open_text(&output_name(&output.id), output.value)?;
        Ok(StateOutput { value, ..output })
    }
}

fn content_name(id: &str) -> String {
    format!("state_version/{id}")
}

fn output_name(id: &str) -> String {
    format!("state_version_output/{id}")
}

pub(super) async fn state_insert(tx: &mut Tx, state: &NewState) -> Result<()> {
    let NewState { version, content, outputs } = state;
    let sealed = tx.sealing.bytes(&content_name(&version.id), content)?.into_owned();
    execute!(
        tx.connection(),
        sqlx::query(INSERT)
            .bind(&version.id)
            .bind(version.created_at.0)
            .bind(&version.workspace_id)
            .bind(version.run_id.as_deref())
            .bind(storable(&version.created_by))
            .bind(storable(&version.lineage))
            .bind(version.serial)
            .bind(sealed)
    )?;
    for output in outputs {
        let value = tx.sealing.text(&output_name(&output.id), &output.value)?.into_owned();
        execute!(
            tx.connection(),
            sqlx::query(INSERT_OUTPUT)
                .bind(&output.id)
                .bind(&version.id)
                .bind(storable(&output.name))
                .bind(value)
                .bind(storable(&output.value_type))
                .bind(output.sensitive)
        )?;
    }
    execute!(
        tx.connection(),
        sqlx::query(MAKE_CURRENT)
            .bind(&version.workspace_id)
            .bind(&version.id)
            .bind(version.created_at.0)
    )?;
    Ok(())
}
