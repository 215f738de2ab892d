//! Gathers what the executor needs for a job.

use std::time::Duration;

use pilothouse_model::{Error, id::ResourceType};
use pilothouse_store::terraform::{
    Job, JobKind, RunRecord, RunVariable, RunVariableSource, VariableCategory,
};

use super::Worker;
use crate::terraform::{
    executor::{self, Category, Options, Variable},
    reference,
};

impl Worker {
    pub(super) async fn input(
        &self,
        job: &Job,
        record: &RunRecord,
    ) -> Result<executor::Job, Error> {
        let platform = &self.platform;
        let run = &record.run;
        let kind = ResourceType::Workspace;
        let workspace = platform.store.workspace_get(&run.workspace_id).await?;
        let workspace = workspace
            .ok_or_else(|| reference::not_found(kind, &reference::gid(kind, &run.workspace_id)))?;
        let group_path = workspace.path.rsplit_once('/').map_or("", |(group, _name)| group);
        let variables = platform.store.run_variable_list(&run.meta.id).await?;
        Ok(executor::Job {
            directory: platform.files.job(&job.meta.id),
            configuration: platform.files.archive(&run.configuration_version_id),
            state: platform.current_state(&workspace).await?,
            plan_file: match job.kind {
                JobKind::Plan => None,
                JobKind::Apply => Some(self.plan_file(record).await?),
            },
            variables: variables.into_iter().map(variable).collect::<Result<_, _>>()?,
            options: Options {
                destroy: run.is_destroy,
                refresh: run.refresh,
                refresh_only: run.refresh_only,
                targets: run.target_addresses.clone(),
            },
            environment: vec![("THARSIS_GROUP_PATH".to_owned(), group_path.to_owned())],
            timeout: Duration::from_mins(u64::try_from(job.max_minutes).unwrap_or(1)),
        })
    }

    async fn plan_file(&self, record: &RunRecord) -> Result<Vec<u8>, Error> {
        let report = self.platform.store.report_get(&record.plan.meta.id).await?;
        report.and_then(|report| report.plan_file).ok_or_else(|| {
            Error::conflict("the plan to apply is no longer there").hint("create a new run")
        })
    }
}

fn variable(variable: RunVariable) -> Result<Variable, Error> {
    let RunVariable { category, key, sensitive, source, .. } = variable;
    let value = match source {
        RunVariableSource::Value(value) | RunVariableSource::Version { value: Some(value), .. } => {
            value
        }
        RunVariableSource::Version { value: None, .. } => {
            let message =
                format!("the sensitive variable {key:?} was deleted after the run was created");
            return Err(Error::conflict(message).hint("create a new run"));
        }
    };
    let category = match category {
        VariableCategory::Terraform => Category::Terraform,
        VariableCategory::Environment => Category::Environment,
    };
    Ok(Variable { category, key, value, sensitive })
}
