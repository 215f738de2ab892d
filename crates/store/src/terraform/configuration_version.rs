//! Uploaded configurations. The archives themselves lie outside the store.

use pilothouse_model::Timestamp;

use super::{
    ChangeError, ConfigurationStatus, Meta,
    error::exactly_one,
    row::{Columns, read_all, read_one},
};
use crate::{Result, Store, dialect::execute, text::storable};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationVersion {
    pub meta: Meta,
    pub workspace_id: String,
    pub workspace_path: String,
    pub status: ConfigurationStatus,
    /// Its runs are never applied.
    pub speculative: bool,
    pub created_by: String,
    /// Of the archive; 0 until it is uploaded.
    pub archive_bytes: i64,
    /// Why the archive was refused.
    pub error_message: Option<String>,
    /// Since when the archive is not kept any more.
    pub removed_at: Option<Timestamp>,
}

const GET: &str = "
    SELECT c.*, n.path AS workspace_path
    FROM terraform_configuration_version c JOIN terraform_namespace n ON n.id = c.workspace_id
    WHERE c.id = $1";

/// `$2` is the start of the period.
const RECENT: &str = "
    SELECT COUNT(*) FROM terraform_configuration_version
    WHERE workspace_id = $1 AND created_at > $2";

const INSERT: &str = "
    INSERT INTO terraform_configuration_version
        (id, version, created_at, updated_at, workspace_id, status, speculative, created_by,
         archive_bytes)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const FINISH: &str = "
    UPDATE terraform_configuration_version
    SET status = $3, archive_bytes = $4, error_message = $5, updated_at = $6, version = version + 1
    WHERE id = $1 AND version = $2";

const IDS_OF_WORKSPACE: &str =
    "SELECT id FROM terraform_configuration_version WHERE workspace_id = $1";

/// All but the newest `$2` of a workspace, those of runs that are not over, and the one that its
/// state was made from. `$3` is now.
const REMOVE_OLD: &str = "
    UPDATE terraform_configuration_version SET removed_at = $3
    WHERE workspace_id = $1 AND status <> 'pending' AND removed_at IS NULL
        AND id <= (
            SELECT id FROM terraform_configuration_version
            WHERE workspace_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)
        AND NOT EXISTS (
            SELECT 1 FROM terraform_run r
            WHERE r.configuration_version_id = terraform_configuration_version.id
                AND r.status NOT IN (
                    'applied', 'planned_and_finished', 'errored', 'canceled', 'discarded'))
        AND NOT EXISTS (
            SELECT 1 FROM terraform_workspace w
                JOIN terraform_state_version s ON s.id = w.current_state_version_id
                JOIN terraform_run r ON r.id = s.run_id
            WHERE w.id = $1
                AND r.configuration_version_id = terraform_configuration_version.id)
    RETURNING id";

impl ConfigurationVersion {
    fn read(row: &dyn Columns) -> Result<Self> {
        let status = row.text("status")?;
        Ok(Self {
            meta: Meta::read(row)?,
            workspace_id: row.text("workspace_id")?,
            workspace_path: row.text("workspace_path")?,
            status: ConfigurationStatus::stored("terraform_configuration_version.status", &status)?,
            speculative: row.flag("speculative")?,
            created_by: row.text("created_by")?,
            archive_bytes: row.number("archive_bytes")?,
            error_message: row.maybe_text("error_message")?,
            removed_at: row.maybe_time("removed_at")?,
        })
    }
}

impl Store {
    /// Fails when the workspace got `limit` configuration versions since `period_start`.
    pub async fn configuration_version_create(
        &self,
        created: &ConfigurationVersion,
        limit: i64,
        period_start: Timestamp,
    ) -> Result<(), ChangeError> {
        let mut tx = self.begin().await?;
        let what = "configuration versions per workspace and hour";
        tx.limit_since(RECENT, &created.workspace_id, period_start, limit, what).await?;
        execute!(
            tx.connection(),
            sqlx::query(INSERT)
                .bind(&created.meta.id)
                .bind(created.meta.version)
                .bind(created.meta.created_at.0)
                .bind(created.meta.updated_at.0)
                .bind(&created.workspace_id)
                .bind(created.status.as_str())
                .bind(created.speculative)
                .bind(storable(&created.created_by))
                .bind(created.archive_bytes)
        )?;
        Ok(tx.commit().await?)
    }

    pub async fn configuration_version_get(
        &self,
        id: &str,
    ) -> Result<Option<ConfigurationVersion>> {
        read_one!(self.read(), sqlx::query(GET).bind(id), ConfigurationVersion::read)
    }

    /// Writes the status and what belongs to it, of the row as it was at its `version`.
    pub async fn configuration_version_finish(
        &self,
        configuration: &ConfigurationVersion,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        exactly_one(execute!(
            self.write(),
            sqlx::query(FINISH)
                .bind(&configuration.meta.id)
                .bind(configuration.meta.version)
                .bind(configuration.status.as_str())
                .bind(configuration.archive_bytes)
                .bind(configuration.error_message.as_deref().map(storable))
                .bind(now.0)
        )?)
    }

    /// Marks the archives of a workspace that are not to be kept, and returns whose they are.
    /// Kept are the newest `keep`, those of runs that are not over, and the one that the current
    /// state was made from.
    pub async fn configuration_version_remove_old(
        &self,
        workspace_id: &str,
        keep: i64,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let id = |row: &dyn Columns| row.text("id");
        read_all!(
            self.write(),
            sqlx::query(REMOVE_OLD).bind(workspace_id).bind(keep).bind(now.0),
            id
        )
    }

    /// Of every configuration version of a workspace.
    pub async fn configuration_version_ids(&self, workspace_id: &str) -> Result<Vec<String>> {
        let id = |row: &dyn Columns| row.text("id");
        read_all!(self.read(), sqlx::query(IDS_OF_WORKSPACE).bind(workspace_id), id)
    }
}
