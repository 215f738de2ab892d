//! Groups.

use pilothouse_store::terraform::GroupSort;
use tonic::{Request, Response, Status};

use super::{Grpc, NO_RUNNERS, caller, given, proto, refuse, refuse_background, sort};
use crate::terraform::{
    api::{cursor, failure::status, view},
    service::group::NewGroup,
};
use proto::group::{
    CreateGroupRequest, DeleteGroupRequest, GetGroupByIdRequest, GetGroupsRequest,
    GetGroupsResponse, Group, GroupSortableField, MigrateGroupRequest, UpdateGroupRequest,
    groups_server::Groups,
};

fn order(field: GroupSortableField) -> GroupSort {
    use GroupSortableField as Field;
    match field {
        Field::FullPathAsc => GroupSort::Path { descending: false },
        Field::FullPathDesc => GroupSort::Path { descending: true },
        Field::GroupLevelAsc => GroupSort::Level { descending: false },
        Field::GroupLevelDesc => GroupSort::Level { descending: true },
        Field::UpdatedAtAsc => GroupSort::UpdatedAt { descending: false },
        Field::UpdatedAtDesc => GroupSort::UpdatedAt { descending: true },
    }
}

#[tonic::async_trait]
impl Groups for Grpc {
    async fn get_group_by_id(
        &self,
        request: Request<GetGroupByIdRequest>,
    ) -> Result<Response<Group>, Status> {
        let found = self.platform.group_get(&request.get_ref().id).await.map_err(status)?;
        Ok(Response::new(view::group(found)))
    }

    async fn get_groups(
        &self,
        request: Request<GetGroupsRequest>,
    ) -> Result<Response<GetGroupsResponse>, Status> {
        let asked = request.into_inner();
        let order = order(sort(asked.sort, GroupSortableField::FullPathAsc)?);
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let (parent, search) = (given(asked.parent_id.as_deref()), asked.search.as_deref());
        let found = self.platform.group_list(parent, search, order, &page).await.map_err(status)?;
        let (groups, page_info) = cursor::answer(found, view::group);
        Ok(Response::new(GetGroupsResponse { groups, page_info }))
    }

    async fn create_group(
        &self,
        request: Request<CreateGroupRequest>,
    ) -> Result<Response<Group>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        refuse("runner_tags", !asked.runner_tags.is_empty(), NO_RUNNERS)?;
        refuse_background(
            asked.drift_detection_enabled.as_ref(),
            asked.provider_mirror_enabled.as_ref(),
        )?;
        let new = NewGroup {
            name: &asked.name,
            description: &asked.description,
            parent: given(asked.parent_id.as_deref()),
        };
        let created = self.platform.group_create(&caller, new).await.map_err(status)?;
        Ok(Response::new(view::group(created)))
    }

    async fn update_group(
        &self,
        request: Request<UpdateGroupRequest>,
    ) -> Result<Response<Group>, Status> {
        let asked = request.into_inner();
        refuse("runner_tags", !asked.runner_tags.is_empty(), NO_RUNNERS)?;
        refuse_background(
            asked.drift_detection_enabled.as_ref(),
            asked.provider_mirror_enabled.as_ref(),
        )?;
        let description = asked.description.as_deref();
        let updated = self.platform.group_update(&asked.id, asked.version, description);
        Ok(Response::new(view::group(updated.await.map_err(status)?)))
    }

    async fn delete_group(
        &self,
        request: Request<DeleteGroupRequest>,
    ) -> Result<Response<()>, Status> {
        let asked = request.into_inner();
        let force = asked.force.unwrap_or_default();
        self.platform.group_delete(&asked.id, asked.version, force).await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn migrate_group(
        &self,
        request: Request<MigrateGroupRequest>,
    ) -> Result<Response<Group>, Status> {
        let asked = request.into_inner();
        let new_parent = given(asked.new_parent_id.as_deref());
        let moved = self.platform.group_migrate(&asked.group_id, new_parent).await;
        Ok(Response::new(view::group(moved.map_err(status)?)))
    }
}
