//! The history of a workspace's state.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pilothouse_model::{Caller, Error, id::ResourceType};
use pilothouse_store::terraform::{
    NewState, Page, PageRequest, StateOutput, StateVersion, StateVersionSort, Workspace,
};

use super::period_start;
use crate::terraform::{
    Terraform, limit,
    reference::{self, Reference},
    state_file::{self, Origin},
};

impl Terraform {
    /// Stores a state that a caller brings, base64 of the file, as the newest of a run's
    /// workspace. It must continue the current one.
    pub(crate) async fn state_version_create(
        &self,
        caller: &Caller,
        run: Option<&str>,
        state: &str,
    ) -> Result<StateVersion, Error> {
        let run = run.ok_or_else(|| Error::invalid("run_id is missing"))?;
        let content = STANDARD
            .decode(state)
            .map_err(|_| Error::invalid("the state is not standard base64"))?;
        if content.len() > limit::STATE {
            let (size, most) = (content.len(), limit::STATE);
            return Err(Error::invalid(format!("the state has {size} bytes, at most {most} fit")));
        }
        let run = self.run_get(run).await?.run;
        let now = self.config.clock.now();
        let origin = Origin {
            workspace_id: &run.workspace_id,
            workspace_path: &run.workspace_path,
            run_id: Some(&run.meta.id),
            created_by: &caller.principal.name,
        };
        let state = state_file::read(content, &origin, now)?;
        self.check_lineage(&run.workspace_id, &state).await?;
        let most = limit::STATE_VERSIONS_PER_WORKSPACE;
        self.store.state_version_create(&state, most, period_start(now)).await?;
        Ok(state.version)
    }

    async fn check_lineage(&self, workspace_id: &str, new: &NewState) -> Result<(), Error> {
        let workspace = self.store.workspace_get(workspace_id).await?;
        let current = match workspace.and_then(|found| found.current_state_version_id) {
            Some(id) => self.store.state_version_get(&id).await?,
            None => None,
        };
        let Some(current) = current else { return Ok(()) };
        if current.lineage != new.version.lineage {
            return Err(Error::conflict("the state has another lineage than the current one")
                .hint("it belongs to another workspace or to a state that was started anew"));
        }
        if new.version.serial < current.serial {
            let (old, new) = (current.serial, new.version.serial);
            return Err(Error::conflict(format!("serial {new} is older than the current {old}")));
        }
        Ok(())
    }

    pub(crate) async fn state_version_get(&self, id: &str) -> Result<StateVersion, Error> {
        let kind = ResourceType::StateVersion;
        let target = reference::target(kind, id)?;
        let found = self.store.state_version_get(&target.id).await?;
        found
            .filter(|state| target.is_in(&state.workspace_path))
            .ok_or_else(|| reference::not_found(kind, id))
    }

    /// The state file, secrets included.
    pub(crate) async fn state_version_content(&self, id: &str) -> Result<Vec<u8>, Error> {
        let state = self.state_version_get(id).await?;
        let content = self.store.state_version_content(&state.id).await?;
        content.ok_or_else(|| reference::not_found(ResourceType::StateVersion, id))
    }

    pub(crate) async fn state_version_list(
        &self,
        workspace: &str,
        sort: StateVersionSort,
        page: &PageRequest,
    ) -> Result<Page<StateVersion>, Error> {
        let workspace = self.workspace_get(workspace).await?;
        Ok(self.store.state_version_list(&workspace.meta.id, sort, page).await?)
    }

    /// The outputs of a state version, and the version.
    pub(crate) async fn state_output_list(
        &self,
        id: &str,
    ) -> Result<(StateVersion, Vec<StateOutput>), Error> {
        let state = self.state_version_get(id).await?;
        let outputs = self.store.state_output_list(&state.id).await?;
        Ok((state, outputs))
    }

    /// An output and the state version it is of.
    pub(crate) async fn state_output_get(
        &self,
        id: &str,
    ) -> Result<(StateVersion, StateOutput), Error> {
        let kind = ResourceType::StateVersionOutput;
        let not_found = || reference::not_found(kind, id);
        match reference::read(kind, id)? {
            Reference::Id(output_id) => {
                let output = self.store.state_output_get(&output_id).await?;
                let output = output.ok_or_else(not_found)?;
                let state = self.store.state_version_get(&output.state_version_id).await?;
                Ok((state.ok_or_else(not_found)?, output))
            }
            Reference::Path(path) => {
                let (state, name) = path.rsplit_once('/').ok_or_else(not_found)?;
                let state = reference::trn(ResourceType::StateVersion, state);
                let (state, outputs) = self.state_output_list(&state).await?;
                let output = outputs.into_iter().find(|output| output.name == name);
                Ok((state, output.ok_or_else(not_found)?))
            }
        }
    }

    /// The state file that the next job of a workspace starts from.
    pub(crate) async fn current_state(
        &self,
        workspace: &Workspace,
    ) -> Result<Option<Vec<u8>>, Error> {
        match &workspace.current_state_version_id {
            Some(id) => Ok(self.store.state_version_content(id).await?),
            None => Ok(None),
        }
    }
}
