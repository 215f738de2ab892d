//! Teams. Their members are the operator's business, so nobody maintains a team and nothing of that
//! is served.

use pilothouse_model::id::ResourceType;
use pilothouse_store::access::{Team, TeamMember};
use tonic::{Request, Response, Status};

use super::{Grpc, Subject, given, proto, refuse, sort};
use crate::terraform::{
    api::{cursor, failure::status, view},
    reference::{gid, trn},
    service::{membership::user_id, team::TeamQuery},
};
use proto::{
    team::{
        CreateTeamRequest, DeleteTeamRequest, GetTeamByIdRequest, GetTeamsRequest,
        GetTeamsResponse, Team as WireTeam, TeamSortableField as Field, UpdateTeamRequest,
        teams_server::Teams,
    },
    team_member::{
        AddUserToTeamRequest, GetTeamMemberRequest, GetTeamMembersRequest, GetTeamMembersResponse,
        RemoveUserFromTeamRequest, TeamMember as WireMember, TeamMemberSortableField,
    },
};

fn team(team: Team) -> WireTeam {
    let kind = ResourceType::Team;
    WireTeam {
        metadata: Some(view::metadata(kind, &team.meta, trn(kind, &team.name))),
        name: team.name,
        description: team.description,
        ..WireTeam::default()
    }
}

fn member(member: &TeamMember) -> WireMember {
    let kind = ResourceType::TeamMember;
    let username = member.subject.strip_prefix("user:").unwrap_or(&member.subject);
    let path = format!("{}/{username}", member.team_name);
    WireMember {
        metadata: Some(view::metadata(kind, &member.meta, trn(kind, &path))),
        user_id: user_id(&member.subject),
        team_id: gid(ResourceType::Team, &member.team_id),
        is_maintainer: false,
    }
}

#[tonic::async_trait]
impl Teams for Grpc {
    async fn get_team_by_id(
        &self,
        request: Request<GetTeamByIdRequest>,
    ) -> Result<Response<WireTeam>, Status> {
        let platform = self.enter(&request, "team.get", Subject::Everywhere).await?;
        let found = platform.team_get(&request.get_ref().id).await.map_err(status)?;
        Ok(Response::new(team(found)))
    }

    async fn get_teams(
        &self,
        request: Request<GetTeamsRequest>,
    ) -> Result<Response<GetTeamsResponse>, Status> {
        let platform = self.enter(&request, "team.list", Subject::Everywhere).await?;
        let asked = request.get_ref();
        let query = TeamQuery {
            prefix: given(asked.team_name_prefix.as_deref()),
            user: given(asked.user_id.as_deref()),
        };
        let mut found = platform.team_list(query).await.map_err(status)?;
        let field = sort(asked.sort, Field::NameAsc)?;
        if matches!(field, Field::UpdatedAtAsc | Field::UpdatedAtDesc) {
            found.sort_by_key(|team| team.meta.updated_at.0);
        }
        if matches!(field, Field::NameDesc | Field::UpdatedAtDesc) {
            found.reverse();
        }
        let page_info = Some(cursor::one_page(found.len()));
        let teams = found.into_iter().map(team).collect();
        Ok(Response::new(GetTeamsResponse { teams, page_info }))
    }

    async fn create_team(
        &self,
        request: Request<CreateTeamRequest>,
    ) -> Result<Response<WireTeam>, Status> {
        let platform = self.enter(&request, "team.create", Subject::Platform).await?;
        let CreateTeamRequest { name, description } = request.get_ref();
        let created = platform.team_create(&platform.caller, name, description).await;
        Ok(Response::new(team(created.map_err(status)?)))
    }

    async fn update_team(
        &self,
        request: Request<UpdateTeamRequest>,
    ) -> Result<Response<WireTeam>, Status> {
        let platform = self.enter(&request, "team.update", Subject::Platform).await?;
        let UpdateTeamRequest { id, description, version } = request.get_ref();
        let description = description.as_deref().unwrap_or_default();
        let updated = platform.team_update(id, *version, description).await;
        Ok(Response::new(team(updated.map_err(status)?)))
    }

    async fn delete_team(
        &self,
        request: Request<DeleteTeamRequest>,
    ) -> Result<Response<()>, Status> {
        let platform = self.enter(&request, "team.delete", Subject::Platform).await?;
        let DeleteTeamRequest { id, version } = request.get_ref();
        platform.team_delete(id, *version).await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn get_team_member(
        &self,
        request: Request<GetTeamMemberRequest>,
    ) -> Result<Response<WireMember>, Status> {
        let platform = self.enter(&request, "team.get", Subject::Everywhere).await?;
        let GetTeamMemberRequest { username, team_name } = request.get_ref();
        let found = platform.team_member_get(team_name, username).await.map_err(status)?;
        Ok(Response::new(member(&found)))
    }

    async fn get_team_members(
        &self,
        request: Request<GetTeamMembersRequest>,
    ) -> Result<Response<GetTeamMembersResponse>, Status> {
        let platform = self.enter(&request, "team.list", Subject::Everywhere).await?;
        let asked = request.get_ref();
        let (of_team, of_user) = (asked.team_id.as_deref(), asked.user_id.as_deref());
        let found = platform.team_member_list(given(of_team), given(of_user)).await;
        let mut found = found.map_err(status)?;
        let field = sort(asked.sort, TeamMemberSortableField::UsernameAsc)?;
        if field == TeamMemberSortableField::UsernameDesc {
            found.reverse();
        }
        let page_info = Some(cursor::one_page(found.len()));
        let team_members = found.iter().map(member).collect();
        Ok(Response::new(GetTeamMembersResponse { team_members, page_info }))
    }

    async fn add_user_to_team(
        &self,
        request: Request<AddUserToTeamRequest>,
    ) -> Result<Response<WireMember>, Status> {
        let platform = self.enter(&request, "team.add_member", Subject::Platform).await?;
        let AddUserToTeamRequest { username, team_name, is_maintainer } = request.get_ref();
        refuse("is_maintainer", *is_maintainer, "the operator manages all teams")?;
        let added = platform.team_member_add(team_name, username).await;
        Ok(Response::new(member(&added.map_err(status)?)))
    }

    async fn remove_user_from_team(
        &self,
        request: Request<RemoveUserFromTeamRequest>,
    ) -> Result<Response<()>, Status> {
        let platform = self.enter(&request, "team.remove_member", Subject::Platform).await?;
        let RemoveUserFromTeamRequest { username, team_name } = request.get_ref();
        platform.team_member_remove(team_name, username).await.map_err(status)?;
        Ok(Response::new(()))
    }
}
