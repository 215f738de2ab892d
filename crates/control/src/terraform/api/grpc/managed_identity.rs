//! Managed identities. Access rules and credentials are not served: nothing here would heed them.

use pilothouse_store::terraform::{IdentityKind, ManagedIdentitySort};
use tonic::{Request, Response, Status};

use super::{Grpc, Subject, given, proto, refuse, sort};
use crate::terraform::{
    api::{cursor, failure::status, view},
    service::managed_identity::{ManagedIdentityQuery, NewManagedIdentity},
};
use proto::managed_identity::{
    AssignManagedIdentityToWorkspaceRequest, CreateManagedIdentityAliasRequest,
    CreateManagedIdentityRequest, DeleteManagedIdentityAliasRequest, DeleteManagedIdentityRequest,
    GetManagedIdentitiesForWorkspaceRequest, GetManagedIdentitiesRequest,
    GetManagedIdentitiesResponse, GetManagedIdentityByIdRequest, ManagedIdentity,
    ManagedIdentitySortableField, ManagedIdentityType, MoveManagedIdentityRequest,
    RemoveManagedIdentityFromWorkspaceRequest, UpdateManagedIdentityRequest,
    managed_identities_server::ManagedIdentities,
};

fn order(field: ManagedIdentitySortableField) -> ManagedIdentitySort {
    use {ManagedIdentitySort as Sort, ManagedIdentitySortableField as Field};
    match field {
        Field::CreatedAtAsc => Sort::CreatedAt { descending: false },
        Field::CreatedAtDesc => Sort::CreatedAt { descending: true },
        Field::UpdatedAtAsc => Sort::UpdatedAt { descending: false },
        Field::UpdatedAtDesc => Sort::UpdatedAt { descending: true },
        Field::GroupLevelAsc => Sort::Level { descending: false },
        Field::GroupLevelDesc => Sort::Level { descending: true },
    }
}

fn kind(number: i32) -> Result<IdentityKind, Status> {
    Ok(match sort(Some(number), ManagedIdentityType::AzureFederated)? {
        ManagedIdentityType::AzureFederated => IdentityKind::AzureFederated,
        ManagedIdentityType::AwsFederated => IdentityKind::AwsFederated,
        ManagedIdentityType::TharsisFederated => IdentityKind::TharsisFederated,
        ManagedIdentityType::KubernetesFederated => IdentityKind::KubernetesFederated,
    })
}

#[tonic::async_trait]
impl ManagedIdentities for Grpc {
    async fn get_managed_identity_by_id(
        &self,
        request: Request<GetManagedIdentityByIdRequest>,
    ) -> Result<Response<ManagedIdentity>, Status> {
        let id = &request.get_ref().id;
        let subject = Subject::ManagedIdentity(id);
        let platform = self.enter(&request, "managed_identity.get", subject).await?;
        let found = platform.managed_identity_get(id).await;
        Ok(Response::new(view::managed_identity(found.map_err(status)?)))
    }

    async fn get_managed_identities(
        &self,
        request: Request<GetManagedIdentitiesRequest>,
    ) -> Result<Response<GetManagedIdentitiesResponse>, Status> {
        let subject = Subject::Path(&request.get_ref().namespace_path);
        let platform = self.enter(&request, "managed_identity.list", subject).await?;
        let asked = request.into_inner();
        let order = order(sort(asked.sort, ManagedIdentitySortableField::CreatedAtAsc)?);
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let query = ManagedIdentityQuery {
            namespace_path: &asked.namespace_path,
            include_inherited: asked.include_inherited,
            alias_source: given(asked.alias_source_id.as_deref()),
            search: given(asked.search.as_deref()),
        };
        let found = platform.managed_identity_list(query, order, &page).await;
        let (managed_identities, page_info) =
            cursor::answer(found.map_err(status)?, view::managed_identity);
        Ok(Response::new(GetManagedIdentitiesResponse { managed_identities, page_info }))
    }

    async fn create_managed_identity(
        &self,
        request: Request<CreateManagedIdentityRequest>,
    ) -> Result<Response<ManagedIdentity>, Status> {
        let subject = Subject::Group(&request.get_ref().group_id);
        let platform = self.enter(&request, "managed_identity.create", subject).await?;
        let asked = request.into_inner();
        let why = "who may run a workspace may use its identities";
        refuse("access_rules", !asked.access_rules.is_empty(), why)?;
        let new = NewManagedIdentity {
            name: &asked.name,
            description: &asked.description,
            group: &asked.group_id,
            kind: kind(asked.r#type)?,
            data: &asked.data,
        };
        let created =
            platform.managed_identity_create(&platform.caller, new).await.map_err(status)?;
        Ok(Response::new(view::managed_identity(created)))
    }

    async fn update_managed_identity(
        &self,
        request: Request<UpdateManagedIdentityRequest>,
    ) -> Result<Response<ManagedIdentity>, Status> {
        let subject = Subject::ManagedIdentity(&request.get_ref().id);
        let platform = self.enter(&request, "managed_identity.update", subject).await?;
        let UpdateManagedIdentityRequest { id, description, data } = request.into_inner();
        let updated = platform.managed_identity_update(&id, description, data).await;
        Ok(Response::new(view::managed_identity(updated.map_err(status)?)))
    }

    async fn delete_managed_identity(
        &self,
        request: Request<DeleteManagedIdentityRequest>,
    ) -> Result<Response<()>, Status> {
        let subject = Subject::ManagedIdentity(&request.get_ref().id);
        let platform = self.enter(&request, "managed_identity.delete", subject).await?;
        let DeleteManagedIdentityRequest { id, force } = request.into_inner();
        let force = force.unwrap_or_default();
        platform.managed_identity_delete(&id, false, force).await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn create_managed_identity_alias(
        &self,
        request: Request<CreateManagedIdentityAliasRequest>,
    ) -> Result<Response<ManagedIdentity>, Status> {
        let subject = Subject::Group(&request.get_ref().group_id);
        let platform = self.enter(&request, "managed_identity.create", subject).await?;
        let source = Subject::ManagedIdentity(&request.get_ref().alias_source_id);
        platform.also("managed_identity.update", source).await.map_err(status)?;
        let caller = &platform.caller;
        let CreateManagedIdentityAliasRequest { name, alias_source_id, group_id } =
            request.into_inner();
        let created =
            platform.managed_identity_alias(caller, &name, &alias_source_id, &group_id).await;
        Ok(Response::new(view::managed_identity(created.map_err(status)?)))
    }

    async fn delete_managed_identity_alias(
        &self,
        request: Request<DeleteManagedIdentityAliasRequest>,
    ) -> Result<Response<()>, Status> {
        let subject = Subject::ManagedIdentity(&request.get_ref().id);
        let platform = self.enter(&request, "managed_identity.delete", subject).await?;
        let DeleteManagedIdentityAliasRequest { id, force } = request.into_inner();
        let force = force.unwrap_or_default();
        platform.managed_identity_delete(&id, true, force).await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn move_managed_identity(
        &self,
        request: Request<MoveManagedIdentityRequest>,
    ) -> Result<Response<ManagedIdentity>, Status> {
        let subject = Subject::ManagedIdentity(&request.get_ref().managed_identity_id);
        let platform = self.enter(&request, "managed_identity.delete", subject).await?;
        let target = Subject::Group(&request.get_ref().new_group_id);
        platform.also("managed_identity.create", target).await.map_err(status)?;
        let MoveManagedIdentityRequest { managed_identity_id, new_group_id } = request.into_inner();
        let moved = platform.managed_identity_move(&managed_identity_id, &new_group_id).await;
        Ok(Response::new(view::managed_identity(moved.map_err(status)?)))
    }

    async fn assign_managed_identity_to_workspace(
        &self,
        request: Request<AssignManagedIdentityToWorkspaceRequest>,
    ) -> Result<Response<()>, Status> {
        let subject = Subject::Workspace(&request.get_ref().workspace_id);
        let platform = self.enter(&request, "workspace.update", subject).await?;
        let identity = Subject::ManagedIdentity(&request.get_ref().managed_identity_id);
        platform.also("managed_identity.get", identity).await.map_err(status)?;
        let AssignManagedIdentityToWorkspaceRequest { managed_identity_id, workspace_id } =
            request.into_inner();
        let assigned = platform.managed_identity_assign(&managed_identity_id, &workspace_id);
        assigned.await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn remove_managed_identity_from_workspace(
        &self,
        request: Request<RemoveManagedIdentityFromWorkspaceRequest>,
    ) -> Result<Response<()>, Status> {
        let subject = Subject::Workspace(&request.get_ref().workspace_id);
        let platform = self.enter(&request, "workspace.update", subject).await?;
        let RemoveManagedIdentityFromWorkspaceRequest { managed_identity_id, workspace_id } =
            request.into_inner();
        let removed = platform.managed_identity_unassign(&managed_identity_id, &workspace_id);
        removed.await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn get_managed_identities_for_workspace(
        &self,
        request: Request<GetManagedIdentitiesForWorkspaceRequest>,
    ) -> Result<Response<GetManagedIdentitiesResponse>, Status> {
        let workspace = &request.get_ref().workspace_id;
        let subject = Subject::Workspace(workspace);
        let platform = self.enter(&request, "managed_identity.list_for_workspace", subject).await?;
        let found = platform.managed_identity_list_for_workspace(workspace).await;
        let managed_identities =
            found.map_err(status)?.into_iter().map(view::managed_identity).collect();
        Ok(Response::new(GetManagedIdentitiesResponse { managed_identities, page_info: None }))
    }
}
