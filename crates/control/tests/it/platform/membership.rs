//! Memberships and roles over gRPC, as Tharsis' own clients manage them.

use pilothouse_model::Role;
use tonic::Code;

use super::{
    client::{
        namespace_membership::{
            CreateNamespaceMembershipRequest, DeleteNamespaceMembershipRequest,
            GetNamespaceMembershipByIdRequest, GetNamespaceMembershipsForNamespaceRequest,
            GetNamespaceMembershipsForSubjectRequest, UpdateNamespaceMembershipRequest,
        },
        ok,
        role::{GetRoleByIdRequest, GetRolesRequest, roles_client::RolesClient},
    },
    world::{World, id},
};

fn new(path: &str, role: &str, user: &str) -> CreateNamespaceMembershipRequest {
    CreateNamespaceMembershipRequest {
        namespace_path: path.to_owned(),
        role_id: format!("trn:role:{role}"),
        user_id: Some(user.to_owned()),
        ..CreateNamespaceMembershipRequest::default()
    }
}

#[tokio::test]
async fn a_membership_is_made_changed_and_taken_away() {
    let world = World::new().await;
    let prod = world.prod().await;
    let mut memberships = world.client.memberships();
    let created = memberships.create_namespace_membership(new("acme", "viewer", "trn:user:al"));
    let made = ok(created.await);
    let place = made.namespace.clone().unwrap();
    assert_eq!((place.path.as_str(), place.group_id), ("acme", Some(prod.group_id.clone())));
    assert_eq!(made.user_id.as_deref(), Some("trn:user:al"));
    let twice = memberships.create_namespace_membership(new("acme", "owner", "user:al")).await;
    assert_eq!(twice.unwrap_err().code(), Code::AlreadyExists);

    let nearer = memberships.create_namespace_membership(new("acme/prod", "owner", "user:al"));
    let nearer = ok(nearer.await);
    assert_eq!(nearer.namespace.clone().unwrap().workspace_id, Some(id(&prod.metadata)));
    ok(memberships.create_namespace_membership(new("acme", "publisher", "user:jo")).await);
    let wanted = GetNamespaceMembershipsForNamespaceRequest { namespace_path: "acme/prod".into() };
    let found = ok(memberships.get_namespace_memberships_for_namespace(wanted).await);
    let mut found: Vec<_> = found
        .namespace_memberships
        .iter()
        .map(|one| (one.user_id.as_deref().unwrap(), one.namespace.as_ref().unwrap().path.as_str()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("trn:user:al", "acme/prod"), ("trn:user:jo", "acme")], "the nearest");
    let wanted = GetNamespaceMembershipsForSubjectRequest {
        user_id: Some("trn:user:al".into()),
        ..GetNamespaceMembershipsForSubjectRequest::default()
    };
    let found = ok(memberships.get_namespace_memberships_for_subject(wanted).await);
    assert_eq!(found.page_info.unwrap().total_count, 2);

    let change = |version| UpdateNamespaceMembershipRequest {
        id: id(&made.metadata),
        role_id: "trn:role:deployer".to_owned(),
        version: Some(version),
    };
    let stale = memberships.update_namespace_membership(change(7)).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let changed = ok(memberships.update_namespace_membership(change(1)).await);
    let role = GetRoleByIdRequest { id: changed.role_id.clone() };
    let mut roles = RolesClient::new(world.client.clone());
    assert_eq!(ok(roles.get_role_by_id(role).await).name, "deployer");

    let gone = DeleteNamespaceMembershipRequest { id: id(&made.metadata), version: None };
    ok(memberships.delete_namespace_membership(gone).await);
    let wanted = GetNamespaceMembershipByIdRequest { id: id(&made.metadata) };
    let missing = memberships.get_namespace_membership_by_id(wanted).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
}

#[tokio::test]
async fn a_membership_names_one_subject_and_a_role_that_exists() {
    let world = World::new().await;
    world.prod().await;
    let mut memberships = world.client.memberships();
    let both = CreateNamespaceMembershipRequest {
        team_id: Some("trn:team:ops".to_owned()),
        ..new("acme", "viewer", "trn:user:al")
    };
    for (request, code) in [
        (both, Code::InvalidArgument),
        (new("acme", "viewer", ""), Code::InvalidArgument),
        (new("acme", "viewer", "trn:team:ops"), Code::InvalidArgument),
        (new("acme", "emperor", "trn:user:al"), Code::NotFound),
        (new("nowhere", "viewer", "trn:user:al"), Code::NotFound),
    ] {
        let refused = memberships.create_namespace_membership(request.clone()).await;
        assert_eq!(refused.unwrap_err().code(), code, "{request:?}");
    }
}

#[tokio::test]
async fn there_are_four_roles() {
    let world = World::new().await;
    let mut roles = RolesClient::new(world.client.clone());
    let found = ok(roles.get_roles(GetRolesRequest::default()).await).roles;
    let names: Vec<_> = found.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["deployer", "owner", "publisher", "viewer"]);
    let numbers = found.iter().map(|role| role.permissions.len()).collect::<Vec<_>>();
    assert_eq!(numbers, [51, 60, 23, 17]);
    assert!(Role::ALL.len() == found.len());
    let one = GetRolesRequest { search: Some("Own".into()), ..GetRolesRequest::default() };
    assert_eq!(ok(roles.get_roles(one).await).roles.len(), 1);
    assert!(!ok(roles.get_available_permissions(()).await).permissions.is_empty());
}
