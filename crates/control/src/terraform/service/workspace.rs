//! Workspaces: one Terraform state each, with its runs.

use std::collections::BTreeMap;

use pilothouse_model::{Caller, Error, id::ResourceType};
use pilothouse_store::terraform::{
    ChangeError, Meta, Page, PageRequest, Workspace, WorkspaceFilter, WorkspaceSort,
};

use super::{ATTEMPTS, check_version, taken};
use crate::terraform::{
    Terraform, limit,
    reference::{self, Reference},
    rule,
};

pub(crate) struct NewWorkspace<'a> {
    pub(crate) name: &'a str,
    pub(crate) group: &'a str,
    pub(crate) settings: Settings,
}

/// What of a workspace its callers decide. An absent field keeps its value or default.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) description: Option<String>,
    pub(crate) terraform_version: Option<String>,
    pub(crate) max_job_minutes: Option<i64>,
    pub(crate) prevent_destroy_plan: Option<bool>,
    pub(crate) labels: Option<BTreeMap<String, String>>,
}

pub(crate) struct WorkspaceQuery<'a> {
    pub(crate) group: Option<&'a str>,
    pub(crate) path: Option<String>,
    pub(crate) managed_identity: Option<&'a str>,
    pub(crate) search: Option<&'a str>,
    pub(crate) labels: BTreeMap<String, String>,
    /// Only at or below these paths.
    pub(crate) visible: Option<Vec<String>>,
}

impl Settings {
    fn check(&self) -> Result<(), Error> {
        rule::description(self.description.as_deref().unwrap_or_default())?;
        rule::terraform_version(self.terraform_version.as_deref().unwrap_or_default())?;
        self.max_job_minutes.map_or(Ok(()), rule::job_minutes)?;
        self.labels.as_ref().map_or(Ok(()), rule::labels)
    }

    fn write_to(self, workspace: &mut Workspace) {
        if let Some(description) = self.description {
            workspace.description = description;
        }
        if let Some(version) = self.terraform_version {
            workspace.terraform_version = version;
        }
        if let Some(minutes) = self.max_job_minutes {
            workspace.max_job_minutes = minutes;
        }
        if let Some(prevent) = self.prevent_destroy_plan {
            workspace.prevent_destroy_plan = prevent;
        }
        if let Some(labels) = self.labels {
            workspace.labels = labels;
        }
    }
}

impl Terraform {
    pub(crate) async fn workspace_create(
        &self,
        caller: &Caller,
        new: NewWorkspace<'_>,
    ) -> Result<Workspace, Error> {
        rule::name("name", new.name)?;
        new.settings.check()?;
        let group = self.group_get(new.group).await?;
        let mut workspace = Workspace {
            meta: Meta::new(self.config.clock.now()),
            name: new.name.to_owned(),
            description: String::new(),
            path: format!("{}/{}", group.path, new.name),
            group_id: group.meta.id,
            created_by: caller.principal.name.clone(),
            terraform_version: String::new(),
            max_job_minutes: limit::DEFAULT_JOB_MINUTES,
            prevent_destroy_plan: false,
            labels: BTreeMap::new(),
            locked: false,
            dirty_state: false,
            current_state_version_id: None,
            holder_run_id: None,
            current_job_id: None,
        };
        new.settings.write_to(&mut workspace);
        let created = self.store.workspace_create(&workspace, limit::WORKSPACES_PER_GROUP).await;
        created.map_err(|error| taken(error, &format!("the path {:?}", workspace.path)))?;
        Ok(workspace)
    }

    pub(crate) async fn workspace_get(&self, id: &str) -> Result<Workspace, Error> {
        let found = match reference::read(ResourceType::Workspace, id)? {
            Reference::Id(id) => self.store.workspace_get(&id).await?,
            Reference::Path(path) => self.store.workspace_get_by_path(&path).await?,
        };
        found.ok_or_else(|| reference::not_found(ResourceType::Workspace, id))
    }

    pub(crate) async fn workspace_list(
        &self,
        query: WorkspaceQuery<'_>,
        sort: WorkspaceSort,
        page: &PageRequest,
    ) -> Result<Page<Workspace>, Error> {
        rule::search(query.search.unwrap_or_default())?;
        rule::labels(&query.labels)?;
        let group_id = match query.group {
            Some(id) => Some(self.group_get(id).await?.meta.id),
            None => None,
        };
        let managed_identity_id = match query.managed_identity {
            Some(id) => Some(self.managed_identity_get(id).await?.meta.id),
            None => None,
        };
        let filter = WorkspaceFilter {
            managed_identity_id,
            group_id,
            path: query.path,
            search: query.search.map(str::to_lowercase),
            labels: query.labels,
            visible: query.visible,
        };
        Ok(self.store.workspace_list(&filter, sort, page).await?)
    }

    pub(crate) async fn workspace_update(
        &self,
        id: &str,
        version: Option<i64>,
        settings: Settings,
    ) -> Result<Workspace, Error> {
        settings.check()?;
        let mut workspace = self.workspace_get(id).await?;
        check_version(version, workspace.meta.version)?;
        settings.write_to(&mut workspace);
        self.store.workspace_update(&workspace, self.config.clock.now()).await?;
        self.workspace_get(id).await
    }

    pub(crate) async fn workspace_delete(
        &self,
        id: &str,
        version: Option<i64>,
        force: bool,
    ) -> Result<(), Error> {
        let workspace = self.workspace_get(id).await?;
        check_version(version, workspace.meta.version)?;
        if !force && self.workspace_has_resources(&workspace).await? {
            let message =
                format!("{:?} has state: what it manages would be orphaned", workspace.path);
            return Err(Error::conflict(message).hint("run a destroy run first, or use force"));
        }
        self.namespace_delete(&workspace.path).await
    }

    /// Whether there is state, other than what a destroy run left.
    async fn workspace_has_resources(&self, workspace: &Workspace) -> Result<bool, Error> {
        let Some(state_id) = &workspace.current_state_version_id else { return Ok(false) };
        let state = self.store.state_version_get(state_id).await?;
        let Some(run_id) = state.and_then(|state| state.run_id) else { return Ok(true) };
        let run = self.store.run_get(&run_id).await?;
        Ok(!run.is_some_and(|record| record.run.is_destroy))
    }

    /// Keeps runs that are not speculative out, or lets them in again.
    pub(crate) async fn workspace_set_locked(
        &self,
        id: &str,
        locked: bool,
    ) -> Result<Workspace, Error> {
        for _ in 0..ATTEMPTS {
            let mut workspace = self.workspace_get(id).await?;
            if workspace.locked == locked {
                let state = if locked { "locked already" } else { "not locked" };
                return Err(Error::conflict(format!("{:?} is {state}", workspace.path)));
            }
            workspace.locked = locked;
            match self.store.workspace_update(&workspace, self.config.clock.now()).await {
                Err(ChangeError::Stale) => continue,
                other => other?,
            }
            if !locked {
                self.admit(&workspace.meta.id).await?;
            }
            return self.workspace_get(id).await;
        }
        Err(ChangeError::Stale.into())
    }

    /// Moves a workspace to another group.
    pub(crate) async fn workspace_migrate(
        &self,
        id: &str,
        new_group: &str,
    ) -> Result<Workspace, Error> {
        let group = self.group_get(new_group).await?;
        let mut workspace = self.workspace_get(id).await?;
        let old_path = workspace.path;
        workspace.path = format!("{}/{}", group.path, workspace.name);
        workspace.group_id = group.meta.id;
        if workspace.path != old_path {
            let now = self.config.clock.now();
            let most = limit::WORKSPACES_PER_GROUP;
            let moved = self.store.workspace_move(&workspace, &old_path, most, now).await;
            moved.map_err(|error| taken(error, &format!("the path {:?}", workspace.path)))?;
        }
        let moved = self.store.workspace_get(&workspace.meta.id).await?;
        moved.ok_or_else(|| reference::not_found(ResourceType::Workspace, id))
    }
}
