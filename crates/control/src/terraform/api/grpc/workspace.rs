//! Workspaces.

use pilothouse_store::terraform::WorkspaceSort;
use tonic::{Request, Response, Status};

use super::{Grpc, NO_RUNNERS, Subject, given, proto, refuse, refuse_background, sort};
use crate::terraform::{
    api::{cursor, failure::status, view},
    service::workspace::{NewWorkspace, Settings, WorkspaceQuery},
};
use proto::workspace::{
    CreateWorkspaceRequest, DeleteWorkspaceRequest, GetWorkspaceByIdRequest, GetWorkspacesRequest,
    GetWorkspacesResponse, LockWorkspaceRequest, MigrateWorkspaceRequest, UnlockWorkspaceRequest,
    UpdateWorkspaceRequest, Workspace, WorkspaceSortableField, workspaces_server::Workspaces,
};

fn order(field: WorkspaceSortableField) -> WorkspaceSort {
    use WorkspaceSortableField as Field;
    match field {
        Field::FullPathAsc => WorkspaceSort::Path { descending: false },
        Field::FullPathDesc => WorkspaceSort::Path { descending: true },
        Field::UpdatedAtAsc => WorkspaceSort::UpdatedAt { descending: false },
        Field::UpdatedAtDesc => WorkspaceSort::UpdatedAt { descending: true },
    }
}

/// Runner tags pick a runner; here there is only the server itself.
fn has_tags(tags: Option<&proto::namespace::NamespaceRunnerTagsInput>) -> bool {
    tags.is_some_and(|tags| !tags.inherit && !tags.tags.is_empty())
}

#[tonic::async_trait]
impl Workspaces for Grpc {
    async fn get_workspace_by_id(
        &self,
        request: Request<GetWorkspaceByIdRequest>,
    ) -> Result<Response<Workspace>, Status> {
        let id = &request.get_ref().id;
        let platform = self.enter(&request, "workspace.get", Subject::Workspace(id)).await?;
        let found = platform.workspace_get(id).await.map_err(status)?;
        Ok(Response::new(view::workspace(found)))
    }

    async fn get_workspaces(
        &self,
        request: Request<GetWorkspacesRequest>,
    ) -> Result<Response<GetWorkspacesResponse>, Status> {
        let group = given(request.get_ref().group_id.as_deref());
        let subject = group.map_or(Subject::Everywhere, Subject::Group);
        let platform = self.enter(&request, "workspace.list", subject).await?;
        let asked = request.into_inner();
        let order = order(sort(asked.sort, WorkspaceSortableField::FullPathAsc)?);
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let query = WorkspaceQuery {
            group: given(asked.group_id.as_deref()),
            path: given(asked.workspace_path.as_deref()).map(str::to_owned),
            managed_identity: given(asked.assigned_managed_identity_id.as_deref()),
            search: asked.search.as_deref(),
            labels: asked.label_filters.into_iter().collect(),
            visible: platform.visible(),
        };
        let found = platform.workspace_list(query, order, &page).await.map_err(status)?;
        let (workspaces, page_info) = cursor::answer(found, view::workspace);
        Ok(Response::new(GetWorkspacesResponse { workspaces, page_info }))
    }

    async fn create_workspace(
        &self,
        request: Request<CreateWorkspaceRequest>,
    ) -> Result<Response<Workspace>, Status> {
        let subject = Subject::Group(&request.get_ref().group_id);
        let platform = self.enter(&request, "workspace.create", subject).await?;
        let asked = request.into_inner();
        refuse("runner_tags", has_tags(asked.runner_tags.as_ref()), NO_RUNNERS)?;
        refuse_background(
            asked.drift_detection_enabled.as_ref(),
            asked.provider_mirror_enabled.as_ref(),
        )?;
        let settings = Settings {
            description: Some(asked.description),
            terraform_version: Some(asked.terraform_version),
            max_job_minutes: asked.max_job_duration.map(Into::into),
            prevent_destroy_plan: Some(asked.prevent_destroy_plan),
            labels: Some(asked.labels.into_iter().collect()),
        };
        let new = NewWorkspace { name: &asked.name, group: &asked.group_id, settings };
        let created = platform.workspace_create(&platform.caller, new).await.map_err(status)?;
        Ok(Response::new(view::workspace(created)))
    }

    /// No labels at all leave the labels as they are: the wire cannot tell that from none.
    async fn update_workspace(
        &self,
        request: Request<UpdateWorkspaceRequest>,
    ) -> Result<Response<Workspace>, Status> {
        let subject = Subject::Workspace(&request.get_ref().id);
        let platform = self.enter(&request, "workspace.update", subject).await?;
        let asked = request.into_inner();
        refuse("runner_tags", has_tags(asked.runner_tags.as_ref()), NO_RUNNERS)?;
        refuse_background(
            asked.drift_detection_enabled.as_ref(),
            asked.provider_mirror_enabled.as_ref(),
        )?;
        let settings = Settings {
            description: asked.description,
            terraform_version: asked.terraform_version,
            max_job_minutes: asked.max_job_duration.map(Into::into),
            prevent_destroy_plan: asked.prevent_destroy_plan,
            labels: Some(asked.labels.into_iter().collect())
                .filter(|labels: &std::collections::BTreeMap<_, _>| !labels.is_empty()),
        };
        let updated = platform.workspace_update(&asked.id, asked.version, settings);
        Ok(Response::new(view::workspace(updated.await.map_err(status)?)))
    }

    async fn delete_workspace(
        &self,
        request: Request<DeleteWorkspaceRequest>,
    ) -> Result<Response<()>, Status> {
        let subject = Subject::Workspace(&request.get_ref().id);
        let platform = self.enter(&request, "workspace.delete", subject).await?;
        let asked = request.into_inner();
        let force = asked.force.unwrap_or_default();
        platform.workspace_delete(&asked.id, asked.version, force).await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn lock_workspace(
        &self,
        request: Request<LockWorkspaceRequest>,
    ) -> Result<Response<Workspace>, Status> {
        let id = &request.get_ref().workspace_id;
        let platform = self.enter(&request, "workspace.lock", Subject::Workspace(id)).await?;
        let locked = platform.workspace_set_locked(id, true);
        Ok(Response::new(view::workspace(locked.await.map_err(status)?)))
    }

    async fn unlock_workspace(
        &self,
        request: Request<UnlockWorkspaceRequest>,
    ) -> Result<Response<Workspace>, Status> {
        let id = &request.get_ref().workspace_id;
        let platform = self.enter(&request, "workspace.unlock", Subject::Workspace(id)).await?;
        let unlocked = platform.workspace_set_locked(id, false);
        Ok(Response::new(view::workspace(unlocked.await.map_err(status)?)))
    }

    async fn migrate_workspace(
        &self,
        request: Request<MigrateWorkspaceRequest>,
    ) -> Result<Response<Workspace>, Status> {
        let subject = Subject::Workspace(&request.get_ref().workspace_id);
        let platform = self.enter(&request, "workspace.migrate", subject).await?;
        let target = Subject::Group(&request.get_ref().new_group_id);
        platform.also("workspace.create", target).await.map_err(status)?;
        let asked = request.into_inner();
        let moved = platform.workspace_migrate(&asked.workspace_id, &asked.new_group_id);
        Ok(Response::new(view::workspace(moved.await.map_err(status)?)))
    }
}
