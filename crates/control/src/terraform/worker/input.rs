//! Gathers what the executor needs for a job.

use std::{collections::BTreeMap, time::Duration};

use pilothouse_model::{Error, id::ResourceType};
use pilothouse_store::terraform::{
    Job, JobKind, Run, RunRecord, RunVariable, RunVariableSource, VariableCategory,
};
use uuid::Uuid;

use super::Worker;
use crate::terraform::{
    executor::{self, Category, Mask, Options, Variable},
    reference,
    service::configuration_version::check_kept,
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
        self.check_archive(run).await?;
        Ok(executor::Job {
            directory: platform.files.job(&job.meta.id),
            configuration: platform.files.archive(&run.configuration_version_id),
            state: platform.current_state(&workspace).await?,
            plan_file: match job.kind {
                JobKind::Plan => None,
                JobKind::Apply => Some(self.plan_file(record).await?),
            },
            versions: versions(&run.meta.id, &variables),
            variables: variables.into_iter().map(variable).collect::<Result<_, _>>()?,
            options: Options {
                destroy: run.is_destroy,
                refresh: run.refresh,
                refresh_only: run.refresh_only,
                targets: run.target_addresses.clone(),
            },
            environment: vec![("THARSIS_GROUP_PATH".to_owned(), group_path.to_owned())],
            timeout: timeout(job.max_minutes, platform.config.job_timeout),
        })
    }

    /// The values of the run's sensitive variables, as far as they are still there.
    pub(super) async fn mask(&self, run_id: &str) -> Result<Mask, Error> {
        let variables = self.platform.store.run_variable_list(run_id).await?;
        let known: Vec<_> = variables.into_iter().filter_map(|it| variable(it).ok()).collect();
        Ok(Mask::of(&known))
    }

    /// Archives are kept for a while only.
    async fn check_archive(&self, run: &Run) -> Result<(), Error> {
        let id = &run.configuration_version_id;
        let configuration = self.platform.store.configuration_version_get(id).await?;
        configuration.as_ref().map_or(Ok(()), check_kept)
    }

    async fn plan_file(&self, record: &RunRecord) -> Result<Vec<u8>, Error> {
        let report = self.platform.store.report_get(&record.plan.meta.id).await?;
        report.and_then(|report| report.plan_file).ok_or_else(|| {
            Error::conflict("the plan to apply is no longer there").hint("create a new run")
        })
    }
}

/// The shorter of what the workspace and the operator allow.
fn timeout(minutes: i64, most: Duration) -> Duration {
    Duration::from_mins(u64::try_from(minutes).unwrap_or(1)).min(most)
}

/// A number for each input variable that changes when its value does. A secret's tells nothing
/// about the secret: it is the time at which the value, or the run that brought it, was made.
fn versions(run_id: &str, variables: &[RunVariable]) -> BTreeMap<String, u64> {
    let version = |variable: &RunVariable| match &variable.source {
        RunVariableSource::Version { id, .. } => made_at(id),
        RunVariableSource::Value(_) if variable.sensitive => made_at(run_id),
        RunVariableSource::Value(value) => {
            let hash = blake3::hash(value.as_bytes());
            // Six bytes: Terraform's numbers are exact that far.
            hash.as_bytes()[..6].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        }
    };
    variables
        .iter()
        .filter(|variable| variable.category == VariableCategory::Terraform)
        .map(|variable| (variable.key.clone(), version(variable)))
        .collect()
}

/// The milliseconds in a `UUIDv7`; 0 of anything else.
fn made_at(id: &str) -> u64 {
    let time = Uuid::try_parse(id).ok().and_then(|id| id.get_timestamp());
    time.map_or(0, |time| {
        let (seconds, nanos) = time.to_unix();
        seconds * 1000 + u64::from(nanos) / 1_000_000
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: &str, sensitive: bool) -> RunVariable {
        RunVariable {
            category: VariableCategory::Terraform,
            key: "token".to_owned(),
            namespace_path: None,
            sensitive,
            source: RunVariableSource::Value(value.to_owned()),
        }
    }

    #[test]
    fn the_shorter_timeout_counts() {
        for (minutes, most, expected) in [(720, 6, 6), (720, 86_400, 43_200), (-1, 86_400, 60)] {
            let (most, expected) = (Duration::from_secs(most), Duration::from_secs(expected));
            assert_eq!(timeout(minutes, most), expected);
        }
    }

    #[test]
    fn a_version_changes_with_the_value_and_tells_nothing_about_a_secret() {
        let run = Uuid::now_v7().to_string();
        let of = |run: &str, variable: RunVariable| versions(run, &[variable])["token"];
        assert_eq!(of(&run, given("a", false)), of("other", given("a", false)));
        assert_ne!(of(&run, given("a", false)), of(&run, given("b", false)));
        assert_eq!(of(&run, given("a", true)), of(&run, given("b", true)));
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
        let source = RunVariableSource::Version { id, value: None };
        assert_eq!(of(&run, RunVariable { source, ..given("", true) }), 1_688_096_058_518);
    }
}
