//! What the job of a plan or an apply brought back.

use super::row::{Columns, read_one};
use crate::{Result, Store, Tx, dialect::execute, text::storable};

/// The latest of its node; a retried node writes over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The plan or the apply.
    pub node_id: String,
    pub run_id: String,
    /// What an apply needs to carry the plan out.
    pub plan_file: Option<Vec<u8>>,
    /// JSON text; a plan's only.
    pub summary: Option<String>,
    /// JSON text; a plan's only.
    pub diff: Option<String>,
    /// JSON text.
    pub diagnostics: String,
}

const PUT: &str = "
    INSERT INTO terraform_report (node_id, run_id, plan_file, summary, diff, diagnostics)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (node_id) DO UPDATE SET
        plan_file = excluded.plan_file, summary = excluded.summary, diff = excluded.diff,
        diagnostics = excluded.diagnostics";

const GET: &str = "SELECT * FROM terraform_report WHERE node_id = $1";

/// Without the plan file, which may be large.
const GET_TEXTS: &str = "
    SELECT node_id, run_id, summary, diff, diagnostics
    FROM terraform_report WHERE node_id = $1";

/// Of runs that are through, and of all others that are over but the newest `$2` of the
/// workspace, whose last word somebody may still take back.
const FORGET_PLAN_FILES: &str = "
    UPDATE terraform_report SET plan_file = NULL
    WHERE plan_file IS NOT NULL AND run_id IN (
        SELECT id FROM terraform_run
        WHERE workspace_id = $1 AND (
            status IN ('applied', 'planned_and_finished')
            OR (status IN ('errored', 'canceled', 'discarded') AND id <= (
                SELECT id FROM terraform_run
                WHERE workspace_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2))))";

impl Report {
    fn read(row: &dyn Columns) -> Result<Self> {
        Ok(Self { plan_file: row.maybe_bytes("plan_file")?, ..Self::read_texts(row)? })
    }

    fn read_texts(row: &dyn Columns) -> Result<Self> {
        Ok(Self {
            node_id: row.text("node_id")?,
            run_id: row.text("run_id")?,
            plan_file: None,
            summary: row.maybe_text("summary")?,
            diff: row.maybe_text("diff")?,
            diagnostics: row.text("diagnostics")?,
        })
    }
}

impl Store {
    pub async fn report_get(&self, node_id: &str) -> Result<Option<Report>> {
        let found = read_one!(self.read(), sqlx::query(GET).bind(node_id), Report::read)?;
        let Some(report) = found else { return Ok(None) };
        let open = |stored| self.sealing.open_bytes(&plan_file_name(node_id), stored);
        let plan_file = report.plan_file.map(open).transpose()?;
        Ok(Some(Report { plan_file, ..report }))
    }

    /// Drops the plan files of a workspace that no apply will need; those of the newest `keep`
    /// runs stay while the run could be retried or its discard taken back. Returns how many.
    pub async fn report_forget_plan_files(&self, workspace_id: &str, keep: i64) -> Result<u64> {
        Ok(execute!(self.write(), sqlx::query(FORGET_PLAN_FILES).bind(workspace_id).bind(keep))?)
    }

    /// The report with its `plan_file` left out.
    pub async fn report_get_texts(&self, node_id: &str) -> Result<Option<Report>> {
        read_one!(self.read(), sqlx::query(GET_TEXTS).bind(node_id), Report::read_texts)
    }
}

/// A plan file holds the values of sensitive variables.
fn plan_file_name(node_id: &str) -> String {
    format!("plan_file/{node_id}")
}

pub(super) async fn report_put(tx: &mut Tx, report: &Report) -> Result<()> {
    let plan_file = match &report.plan_file {
        Some(file) => Some(tx.sealing.bytes(&plan_file_name(&report.node_id), file)?.into_owned()),
        None => None,
    };
    execute!(
        tx.connection(),
        sqlx::query(PUT)
            .bind(&report.node_id)
            .bind(&report.run_id)
            .bind(plan_file)
            .bind(report.summary.as_deref().map(storable))
            .bind(report.diff.as_deref().map(storable))
            .bind(storable(&report.diagnostics))
    )?;
    Ok(())
}
