//! Groups.

use pilothouse_store::terraform::GroupSort;
use tonic::{Request, Response, Status};

use super::{Grpc, NO_RUNNERS, Subject, given, proto, refuse, refuse_background, sort};
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
        let id = &request.get_ref().id;
        let platform = self.enter(&request, "group.get", Subject::Group(id)).await?;
        let found = platform.group_get(id).await.map_err(status)?;
        Ok(Response::new(view::group(found)))
    }

    async fn get_groups(
        &self,
        request: Request<GetGroupsRequest>,
    ) -> Result<Response<GetGroupsResponse>, Status> {
        let parent = given(request.get_ref().parent_id.as_deref());
        let subject = parent.map_or(Subject::Everywhere, Subject::Group);
        let platform = self.enter(&request, "group.list", subject).await?;
        let asked = request.into_inner();
        let order = order(sort(asked.sort, GroupSortableField::FullPathAsc)?);
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let (parent, search) = (given(asked.parent_id.as_deref()), asked.search.as_deref());
        let visible = platform.visible();
        let found = platform.group_list(parent, search, visible, order, &page).await;
        let found = found.map_err(status)?;
        let (groups, page_info) = cursor::answer(found, view::group);
        Ok(Response::new(GetGroupsResponse { groups, page_info }))
    }

    async fn create_group(
        &self,
        request: Request<CreateGroupRequest>,
    ) -> Result<Response<Group>, Status> {
        let parent = given(request.get_ref().parent_id.as_deref());
        let subject = parent.map_or(Subject::Platform, Subject::Group);
        let platform = self.enter(&request, "group.create", subject).await?;
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
        let created = platform.group_create(&platform.caller, new).await.map_err(status)?;
        Ok(Response::new(view::group(created)))
    }

    async fn update_group(
        &self,
        request: Request<UpdateGroupRequest>,
    ) -> Result<Response<Group>, Status> {
        let subject = Subject::Group(&request.get_ref().id);
        let platform = self.enter(&request, "group.update", subject).await?;
        let asked = request.into_inner();
        refuse("runner_tags", !asked.runner_tags.is_empty(), NO_RUNNERS)?;
        refuse_background(
            asked.drift_detection_enabled.as_ref(),
            asked.provider_mirror_enabled.as_ref(),
        )?;
        let description = asked.description.as_deref();
        let updated = platform.group_update(&asked.id, asked.version, description);
        Ok(Response::new(view::group(updated.await.map_err(status)?)))
    }

    async fn delete_group(
        &self,
        request: Request<DeleteGroupRequest>,
    ) -> Result<Response<()>, Status> {
        let subject = Subject::Group(&request.get_ref().id);
        let platform = self.enter(&request, "group.delete", subject).await?;
        let asked = request.into_inner();
        let force = asked.force.unwrap_or_default();
        platform.group_delete(&asked.id, asked.version, force).await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn migrate_group(
        &self,
        request: Request<MigrateGroupRequest>,
    ) -> Result<Response<Group>, Status> {
        let subject = Subject::Group(&request.get_ref().group_id);
        let platform = self.enter(&request, "group.migrate", subject).await?;
        let new_parent = given(request.get_ref().new_parent_id.as_deref());
        let target = new_parent.map_or(Subject::Platform, Subject::Group);
        platform.also("group.create", target).await.map_err(status)?;
        let asked = request.into_inner();
        let new_parent = given(asked.new_parent_id.as_deref());
        let moved = platform.group_migrate(&asked.group_id, new_parent).await;
        Ok(Response::new(view::group(moved.map_err(status)?)))
    }
}
