//! New runs: what they are made from, and which variables they will use.

use std::collections::{BTreeMap, HashSet};

use pilothouse_model::{Caller, Error, id::ResourceType, text::prefix};
use pilothouse_store::terraform::{
    Apply, ApplyStatus, ConfigurationStatus, ConfigurationVersion, Meta, Plan, PlanCounts, Run,
    RunRecord, RunVariable, RunVariableSource, VariableCategory, Workspace,
};

use super::{configuration_version::check_kept, period_start};
use crate::terraform::{Terraform, feed::Change, limit, reference, rule, state::Progress};

/// What a caller says about a new run.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the platform's request")]
pub(crate) struct NewRun {
    pub(crate) workspace: String,
    pub(crate) configuration_version: Option<String>,
    pub(crate) module_source: Option<String>,
    pub(crate) is_destroy: bool,
    pub(crate) refresh: bool,
    pub(crate) refresh_only: bool,
    pub(crate) auto_apply: bool,
    /// Absent: as the configuration version says.
    pub(crate) speculative: Option<bool>,
    pub(crate) terraform_version: Option<String>,
    pub(crate) targets: Vec<String>,
    pub(crate) variables: Vec<GivenVariable>,
}

/// A variable that is given with a run.
#[derive(Debug)]
pub(crate) struct GivenVariable {
    pub(crate) category: String,
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

impl Terraform {
    pub(crate) async fn run_create(
        &self,
        caller: &Caller,
        new: NewRun,
    ) -> Result<RunRecord, Error> {
        rule::targets(&new.targets)?;
        rule::terraform_version(new.terraform_version.as_deref().unwrap_or_default())?;
        let workspace = self.workspace_get(&new.workspace).await?;
        check_options(&new, &workspace)?;
        let configuration = self.configuration_of(&new, &workspace).await?;
        let speculative = speculative(&new, &configuration)?;
        let variables = self.run_variables(&new.variables, &workspace).await?;
        let now = self.config.clock.now();
        let record =
            record(caller, new, &workspace, configuration.meta.id, speculative, Meta::new(now));
        let most = limit::RUNS_PER_WORKSPACE;
        self.store.run_create(&record, &variables, most, period_start(now)).await?;
        self.feed.publish(Change::Run, &record.run.meta.id, &workspace.meta.id);
        self.admit(&workspace.meta.id).await?;
        self.run_by_id(&record.run.meta.id).await
    }

    /// A run that destroys what the workspace manages, with the configuration it was made from
    /// and the variables that were given with it.
    pub(crate) async fn run_create_destroy(
        &self,
        caller: &Caller,
        workspace: &str,
    ) -> Result<RunRecord, Error> {
        let found = self.workspace_get(workspace).await?;
        let missing = || {
            Error::conflict(format!("{:?} has no state that a run made", found.path))
                .hint("create a run with is_destroy and a configuration version instead")
        };
        let state_id = found.current_state_version_id.as_ref().ok_or_else(missing)?;
        let state = self.store.state_version_get(state_id).await?;
        let run_id = state.and_then(|state| state.run_id).ok_or_else(missing)?;
        let made_by = self.store.run_get(&run_id).await?.ok_or_else(missing)?;
        let kind = ResourceType::ConfigurationVersion;
        let configuration = reference::gid(kind, &made_by.run.configuration_version_id);
        let variables = self.store.run_variable_list(&made_by.run.meta.id).await?;
        let new = NewRun {
            workspace: workspace.to_owned(),
            configuration_version: Some(configuration),
            is_destroy: true,
            refresh: true,
            speculative: Some(false),
            variables: variables.into_iter().filter_map(given_again).collect(),
            ..NewRun::default()
        };
        self.run_create(caller, new).await
    }

    async fn configuration_of(
        &self,
        new: &NewRun,
        workspace: &Workspace,
    ) -> Result<ConfigurationVersion, Error> {
        let id = match (&new.configuration_version, &new.module_source) {
            (Some(id), None) => id,
            (None, Some(_)) => {
                return Err(Error::invalid("runs from a module source are not supported here")
                    .hint("upload a configuration that calls the module"));
            }
            _ => {
                return Err(Error::invalid(
                    "give exactly one of configuration_version_id and module_source",
                ));
            }
        };
        let configuration = self.configuration_version_get(id).await?;
        if configuration.workspace_id != workspace.meta.id {
            return Err(Error::invalid("the configuration version is of another workspace"));
        }
        match configuration.status {
            ConfigurationStatus::Uploaded => {
                check_kept(&configuration)?;
                Ok(configuration)
            }
            ConfigurationStatus::Pending => {
                Err(Error::conflict("the configuration version has no archive yet")
                    .hint("upload the configuration first"))
            }
            ConfigurationStatus::Errored => {
                let why = configuration.error_message.unwrap_or_default();
                Err(Error::conflict(format!("the configuration version was refused: {why}")))
            }
        }
    }

    /// The variables a run of the workspace uses: given with it, else the workspace's, else the
    /// nearest group's.
    async fn run_variables(
        &self,
        given: &[GivenVariable],
        workspace: &Workspace,
    ) -> Result<Vec<RunVariable>, Error> {
        let mut effective: BTreeMap<_, _> = self
            .variable_list(&workspace.path)
            .await?
            .into_iter()
            .map(|variable| {
                let source = if variable.sensitive {
                    RunVariableSource::Version { id: variable.latest_version_id, value: None }
                } else {
                    RunVariableSource::Value(variable.value)
                };
                let snapshot = RunVariable {
                    category: variable.category,
                    key: variable.key.clone(),
                    namespace_path: Some(variable.namespace_path),
                    sensitive: variable.sensitive,
                    source,
                };
                ((variable.category, variable.key), snapshot)
            })
            .collect();
        for variable in read_given(given)? {
            let key = (variable.category, variable.key.clone());
            // What replaces a secret is taken for one.
            let sensitive = effective.get(&key).is_some_and(|replaced| replaced.sensitive);
            effective.insert(key, RunVariable { sensitive, ..variable });
        }
        Ok(effective.into_values().collect())
    }
}

/// A variable of an earlier run, if it was given with that run.
fn given_again(variable: RunVariable) -> Option<GivenVariable> {
    match (variable.namespace_path, variable.source) {
        (None, RunVariableSource::Value(value)) => Some(GivenVariable {
            category: variable.category.as_str().to_owned(),
            key: variable.key,
            value: Some(value),
        }),
        _ => None,
    }
}

fn check_options(new: &NewRun, workspace: &Workspace) -> Result<(), Error> {
    if new.refresh_only && new.is_destroy {
        return Err(Error::invalid("refresh_only and is_destroy exclude each other"));
    }
    if new.is_destroy && workspace.prevent_destroy_plan {
        return Err(Error::conflict(format!("{:?} forbids destroy runs", workspace.path))
            .hint("an update of the workspace's prevent_destroy_plan allows them"));
    }
    Ok(())
}

fn speculative(new: &NewRun, configuration: &ConfigurationVersion) -> Result<bool, Error> {
    if configuration.speculative && new.speculative == Some(false) {
        return Err(Error::invalid("a speculative configuration version allows only plans")
            .hint("upload it again as one that is not speculative"));
    }
    Ok(new.speculative.unwrap_or(configuration.speculative))
}

fn read_given(given: &[GivenVariable]) -> Result<Vec<RunVariable>, Error> {
    if given.len() > limit::RUN_VARIABLES {
        let (count, most) = (given.len(), limit::RUN_VARIABLES);
        return Err(Error::invalid(format!("{count} variables, at most {most} fit a run")));
    }
    let mut seen = HashSet::new();
    given
        .iter()
        .map(|variable| {
            let GivenVariable { category, key, value } = variable;
            let value = value.as_deref().unwrap_or_default();
            rule::variable_value(key, value)?;
            let category = VariableCategory::from_word(category).ok_or_else(|| {
                let given = prefix(category, 40);
                Error::invalid(format!("variable category {given:?}: terraform or environment"))
            })?;
            rule::variable_name(category, key)?;
            if !seen.insert((category, key)) {
                return Err(Error::invalid(format!("the variable {key:?} is given twice")));
            }
            Ok(RunVariable {
                category,
                key: key.clone(),
                namespace_path: None,
                sensitive: false,
                source: RunVariableSource::Value(value.to_owned()),
            })
        })
        .collect()
}

fn record(
    caller: &Caller,
    new: NewRun,
    workspace: &Workspace,
    configuration_version_id: String,
    speculative: bool,
    meta: Meta,
) -> RunRecord {
    let progress = Progress::new(speculative, new.auto_apply);
    let (run_id, now) = (meta.id.clone(), meta.created_at);
    let apply = progress.apply.map(|status: ApplyStatus| Apply {
        meta: Meta::new(now),
        run_id: run_id.clone(),
        status,
        triggered_by: String::new(),
        error_message: None,
        latest_job_id: None,
    });
    let plan = Plan {
        meta: Meta::new(now),
        run_id,
        status: progress.plan,
        has_changes: false,
        error_message: None,
        latest_job_id: None,
        counts: PlanCounts::default(),
    };
    let run = Run {
        meta,
        workspace_id: workspace.meta.id.clone(),
        workspace_path: workspace.path.clone(),
        status: progress.run(),
        created_by: caller.principal.name.clone(),
        terraform_version: new
            .terraform_version
            .filter(|version| !version.is_empty())
            .unwrap_or_else(|| workspace.terraform_version.clone()),
        configuration_version_id,
        is_destroy: new.is_destroy,
        refresh: new.refresh,
        refresh_only: new.refresh_only,
        auto_apply: new.auto_apply,
        speculative,
        target_addresses: new.targets,
        force_cancel_available_at: None,
        force_canceled: false,
        force_canceled_by: None,
    };
    RunRecord { run, plan, apply }
}
