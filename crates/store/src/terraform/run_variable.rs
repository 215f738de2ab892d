//! The variables of a run, as they were when it was created.

use super::{
    VariableCategory,
    row::{Columns, read_all},
    variable::seal_name,
};
use crate::{Result, Store, StoreError, Tx, dialect::execute, text::storable};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunVariable {
    pub category: VariableCategory,
    pub key: String,
    /// Where it was set; absent: given with the run.
    pub namespace_path: Option<String>,
    pub sensitive: bool,
    pub source: RunVariableSource,
}

/// Where a run's variable has its value from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunVariableSource {
    /// Copied when the run was created.
    Value(String),
    /// The version of a sensitive variable; `value` is absent when it was deleted since.
    Version { id: String, value: Option<String> },
}

const LIST: &str = "
    SELECT r.*, x.sealed_value AS version_value
    FROM terraform_run_variable r
        LEFT JOIN terraform_variable_version x ON x.id = r.variable_version_id
    WHERE r.run_id = $1 ORDER BY r.category, r.key";

const INSERT: &str = "
    INSERT INTO terraform_run_variable
        (run_id, category, key, namespace_path, sensitive, variable_version_id, sealed_value)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

impl RunVariable {
    fn read(row: &dyn Columns) -> Result<Self> {
        let category = row.text("category")?;
        let source = match (row.maybe_text("variable_version_id")?, row.maybe_text("sealed_value")?)
        {
            (Some(id), _) => {
                RunVariableSource::Version { id, value: row.maybe_text("version_value")? }
            }
            (None, Some(value)) => RunVariableSource::Value(value),
            (None, None) => {
                let column = "terraform_run_variable.sealed_value";
                return Err(StoreError::Corrupt { column, value: String::new() });
            }
        };
        Ok(Self {
            category: VariableCategory::stored("terraform_run_variable.category", &category)?,
            key: row.text("key")?,
            namespace_path: row.maybe_text("namespace_path")?,
            sensitive: row.flag("sensitive")?,
            source,
        })
    }
}

impl Store {
    /// By category and key.
    pub async fn run_variable_list(&self, run_id: &str) -> Result<Vec<RunVariable>> {
        let found = read_all!(self.read(), sqlx::query(LIST).bind(run_id), RunVariable::read)?;
        found.into_iter().map(|variable| self.opened_of(run_id, variable)).collect()
    }

    fn opened_of(&self, run_id: &str, variable: RunVariable) -> Result<RunVariable> {
        let source = match variable.source {
            RunVariableSource::Version { id, value } => {
                let open = |value| self.sealing.open_text(&seal_name(&id), value);
                let value = value.map(open).transpose()?;
                RunVariableSource::Version { id, value }
            }
            RunVariableSource::Value(value) => {
                let name = value_name(run_id, variable.category, &variable.key);
                RunVariableSource::Value(self.sealing.open_text(&name, value)?)
            }
        };
        Ok(RunVariable { source, ..variable })
    }
}

/// What a value that is the run's own is sealed under.
fn value_name(run_id: &str, category: VariableCategory, key: &str) -> String {
    format!("run_variable/{run_id}/{}/{key}", category.as_str())
}

pub(super) async fn run_variable_insert(
    tx: &mut Tx,
    run_id: &str,
    variable: &RunVariable,
) -> Result<()> {
    let (version, value) = match &variable.source {
        RunVariableSource::Value(value) => {
            let name = value_name(run_id, variable.category, &variable.key);
            (None, Some(tx.sealing.text(&name, value)?.into_owned()))
        }
        RunVariableSource::Version { id, .. } => (Some(id.as_str()), None),
    };
    execute!(
        tx.connection(),
        sqlx::query(INSERT)
            .bind(run_id)
            .bind(variable.category.as_str())
            .bind(storable(&variable.key))
            .bind(variable.namespace_path.as_deref())
            .bind(variable.sensitive)
            .bind(version)
            .bind(value.as_deref())
    )?;
    Ok(())
}
