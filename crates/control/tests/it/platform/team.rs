//! Teams over gRPC, as Tharsis' own clients manage them.

use tonic::Code;

use super::{
    client::{
        namespace_membership::CreateNamespaceMembershipRequest,
        ok,
        team::{
            CreateTeamRequest, DeleteTeamRequest, GetTeamByIdRequest, GetTeamsRequest,
            UpdateTeamRequest, teams_client::TeamsClient,
        },
        team_member::{
            AddUserToTeamRequest, GetTeamMemberRequest, GetTeamMembersRequest,
            RemoveUserFromTeamRequest,
        },
    },
    world::{World, id},
};

fn new(name: &str) -> CreateTeamRequest {
    CreateTeamRequest { name: name.to_owned(), description: "on call".to_owned() }
}

fn adding(team: &str, username: &str) -> AddUserToTeamRequest {
    AddUserToTeamRequest {
        username: username.to_owned(),
        team_name: team.to_owned(),
        is_maintainer: false,
    }
}

#[tokio::test]
async fn a_team_is_made_filled_changed_and_deleted() {
    let world = World::new().await;
    world.prod().await;
    let mut teams = TeamsClient::new(world.client.clone());
    let ops = ok(teams.create_team(new("ops")).await);
    ok(teams.create_team(new("dev")).await);
    assert_eq!(ops.metadata.as_ref().unwrap().trn, "trn:team:ops");
    assert_eq!(teams.create_team(new("ops")).await.unwrap_err().code(), Code::AlreadyExists);

    let added = ok(teams.add_user_to_team(adding("ops", "jo")).await);
    assert_eq!((added.user_id.as_str(), &added.team_id), ("trn:user:jo", &id(&ops.metadata)));
    ok(teams.add_user_to_team(adding("ops", "github:al")).await);
    let twice = teams.add_user_to_team(adding("ops", "jo")).await.unwrap_err();
    assert_eq!(twice.code(), Code::AlreadyExists);
    let one = GetTeamMemberRequest { username: "jo".into(), team_name: "ops".into() };
    let one = ok(teams.get_team_member(one).await);
    assert_eq!(one.metadata.unwrap().trn, "trn:team_member:ops/jo");
    let of_ops = GetTeamMembersRequest {
        team_id: Some("trn:team:ops".to_owned()),
        ..GetTeamMembersRequest::default()
    };
    let found = ok(teams.get_team_members(of_ops.clone()).await);
    let users: Vec<_> = found.team_members.iter().map(|one| one.user_id.as_str()).collect();
    assert_eq!(users, ["github:al", "trn:user:jo"]);
    let of_jo =
        GetTeamsRequest { user_id: Some("trn:user:jo".to_owned()), ..GetTeamsRequest::default() };
    assert_eq!(ok(teams.get_teams(of_jo).await).teams.len(), 1);
    assert_eq!(ok(teams.get_teams(GetTeamsRequest::default()).await).teams.len(), 2);

    let change = |version| UpdateTeamRequest {
        id: id(&ops.metadata),
        description: Some("off call".to_owned()),
        version: Some(version),
    };
    assert_eq!(teams.update_team(change(7)).await.unwrap_err().code(), Code::Aborted);
    assert_eq!(ok(teams.update_team(change(1)).await).description, "off call");

    let granted = CreateNamespaceMembershipRequest {
        namespace_path: "acme".to_owned(),
        role_id: "trn:role:viewer".to_owned(),
        team_id: Some(id(&ops.metadata)),
        ..CreateNamespaceMembershipRequest::default()
    };
    let granted = ok(world.client.memberships().create_namespace_membership(granted).await);
    assert_eq!(granted.team_id.as_deref(), Some("trn:team:ops"));

    let leaving = RemoveUserFromTeamRequest { username: "jo".into(), team_name: "ops".into() };
    ok(teams.remove_user_from_team(leaving.clone()).await);
    let gone = teams.remove_user_from_team(leaving).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    let delete = DeleteTeamRequest { id: id(&ops.metadata), version: None };
    ok(teams.delete_team(delete).await);
    let wanted = GetTeamByIdRequest { id: id(&ops.metadata) };
    assert_eq!(teams.get_team_by_id(wanted).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn what_a_team_cannot_be_is_refused() {
    let world = World::new().await;
    let mut teams = TeamsClient::new(world.client.clone());
    let bad_name = teams.create_team(new("On Call")).await.unwrap_err();
    let missing = teams.add_user_to_team(adding("ops", "jo")).await.unwrap_err();
    ok(teams.create_team(new("ops")).await);
    let nested = teams.add_user_to_team(adding("ops", "team:dev")).await.unwrap_err();
    let maintainer = AddUserToTeamRequest { is_maintainer: true, ..adding("ops", "jo") };
    let maintainer = teams.add_user_to_team(maintainer).await.unwrap_err();
    let codes = [bad_name, missing, nested, maintainer].map(|error| error.code());
    let invalid = Code::InvalidArgument;
    assert_eq!(codes, [invalid, Code::NotFound, invalid, invalid]);
}
