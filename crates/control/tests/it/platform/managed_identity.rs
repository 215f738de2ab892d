//! Managed identities: what they are called, who may use them, and how they go away.

use tonic::Code;

use super::{
    client::{
        managed_identity::{
            AssignManagedIdentityToWorkspaceRequest, CreateManagedIdentityAliasRequest,
            CreateManagedIdentityRequest, DeleteManagedIdentityAliasRequest,
            DeleteManagedIdentityRequest, GetManagedIdentitiesForWorkspaceRequest,
            GetManagedIdentitiesRequest, GetManagedIdentityByIdRequest, ManagedIdentity,
            ManagedIdentityAccessRuleInput, ManagedIdentityType, MoveManagedIdentityRequest,
            RemoveManagedIdentityFromWorkspaceRequest, UpdateManagedIdentityRequest,
        },
        ok, refused,
        workspace::{GetWorkspacesRequest, Workspace},
    },
    world::{World, id, trn},
};

fn new(group: &str, name: &str) -> CreateManagedIdentityRequest {
    CreateManagedIdentityRequest {
        r#type: ManagedIdentityType::AwsFederated.into(),
        name: name.to_owned(),
        group_id: format!("trn:group:{group}"),
        data: r#"{"role":"arn:aws:iam::1:role/deploy"}"#.to_owned(),
        ..CreateManagedIdentityRequest::default()
    }
}

async fn create(world: &World, group: &str, name: &str) -> ManagedIdentity {
    ok(world.client.identities().create_managed_identity(new(group, name)).await)
}

fn assign(
    identity: &ManagedIdentity,
    workspace: &Workspace,
) -> AssignManagedIdentityToWorkspaceRequest {
    AssignManagedIdentityToWorkspaceRequest {
        managed_identity_id: id(&identity.metadata),
        workspace_id: id(&workspace.metadata),
    }
}

async fn used_by(world: &World, workspace: &Workspace) -> Vec<String> {
    let workspace_id = id(&workspace.metadata);
    let request = GetManagedIdentitiesForWorkspaceRequest { workspace_id };
    let found = ok(world.client.identities().get_managed_identities_for_workspace(request).await);
    found.managed_identities.into_iter().map(|found| found.name).collect()
}

#[tokio::test]
async fn an_identity_has_a_name_and_is_found_where_it_is_inherited() {
    let world = World::new().await;
    world.prod().await;
    let aws = create(&world, "acme", "aws").await;
    assert_eq!(trn(&aws.metadata), "trn:managed_identity:acme/aws");
    assert_eq!((aws.r#type.as_str(), aws.created_by.as_str()), ("aws_federated", "jo"));
    let mut identities = world.client.identities();
    for id in [id(&aws.metadata), trn(&aws.metadata)] {
        let request = GetManagedIdentityByIdRequest { id };
        assert_eq!(ok(identities.get_managed_identity_by_id(request).await), aws);
    }
    let twin = identities.create_managed_identity(new("acme", "aws")).await;
    refused(twin, Code::AlreadyExists);
    for (inherited, count) in [(true, 1), (false, 0)] {
        let request = GetManagedIdentitiesRequest {
            namespace_path: "acme/prod".to_owned(),
            include_inherited: inherited,
            ..GetManagedIdentitiesRequest::default()
        };
        let found = ok(identities.get_managed_identities(request).await);
        assert_eq!(found.page_info.unwrap().total_count, count);
    }
    let update = UpdateManagedIdentityRequest {
        id: trn(&aws.metadata),
        description: Some("deploys".to_owned()),
        data: None,
    };
    let updated = ok(identities.update_managed_identity(update).await);
    assert_eq!((updated.description.as_str(), &updated.data), ("deploys", &aws.data));
}

#[tokio::test]
async fn what_nothing_would_heed_is_refused() {
    let world = World::new().await;
    world.prod().await;
    let mut identities = world.client.identities();
    for (request, expected) in [
        (CreateManagedIdentityRequest { data: String::new(), ..new("acme", "a") }, "data is empty"),
        (CreateManagedIdentityRequest { data: "x".repeat(4097), ..new("acme", "a") }, "4096 bytes"),
        (CreateManagedIdentityRequest { r#type: 9, ..new("acme", "a") }, "9"),
        (new("acme", "Not a name"), "not a valid name"),
        (
            CreateManagedIdentityRequest {
                access_rules: vec![ManagedIdentityAccessRuleInput::default()],
                ..new("acme", "a")
            },
            "access_rules is not supported",
        ),
    ] {
        let answer = identities.create_managed_identity(request).await;
        let message = refused(answer, Code::InvalidArgument);
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn a_workspace_uses_identities_of_the_groups_above_it() {
    let world = World::new().await;
    let prod = world.prod().await;
    world.group("other", None).await;
    let (near, far) = (create(&world, "acme", "near").await, create(&world, "other", "far").await);
    let mut identities = world.client.identities();
    let message = refused(
        identities.assign_managed_identity_to_workspace(assign(&far, &prod)).await,
        Code::InvalidArgument,
    );
    assert!(message.contains("is not below") && message.contains("alias"), "{message}");
    ok(identities.assign_managed_identity_to_workspace(assign(&near, &prod)).await);
    let twice = identities.assign_managed_identity_to_workspace(assign(&near, &prod)).await;
    refused(twice, Code::AlreadyExists);

    let alias = CreateManagedIdentityAliasRequest {
        name: "borrowed".to_owned(),
        alias_source_id: id(&far.metadata),
        group_id: "trn:group:acme".to_owned(),
    };
    let alias = ok(identities.create_managed_identity_alias(alias).await);
    assert_eq!((alias.alias_source_id(), &alias.data), (id(&far.metadata).as_str(), &far.data));
    ok(identities.assign_managed_identity_to_workspace(assign(&alias, &prod)).await);
    assert_eq!(used_by(&world, &prod).await, ["borrowed", "near"]);

    let users = GetWorkspacesRequest {
        assigned_managed_identity_id: Some(id(&near.metadata)),
        ..GetWorkspacesRequest::default()
    };
    let users = ok(world.client.workspaces().get_workspaces(users).await).workspaces;
    assert_eq!(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["prod"]);

    let remove = RemoveManagedIdentityFromWorkspaceRequest {
        managed_identity_id: id(&near.metadata),
        workspace_id: id(&prod.metadata),
    };
    ok(identities.remove_managed_identity_from_workspace(remove.clone()).await);
    let again = identities.remove_managed_identity_from_workspace(remove).await;
    refused(again, Code::AlreadyExists);
    assert_eq!(used_by(&world, &prod).await, ["borrowed"]);
}

#[tokio::test]
async fn one_in_use_goes_away_by_force_and_by_moving() {
    let world = World::new().await;
    let prod = world.prod().await;
    world.group("other", None).await;
    let aws = create(&world, "acme", "aws").await;
    let mut identities = world.client.identities();
    ok(identities.assign_managed_identity_to_workspace(assign(&aws, &prod)).await);
    let delete = |force| DeleteManagedIdentityRequest { id: id(&aws.metadata), force: Some(force) };
    let message =
        refused(identities.delete_managed_identity(delete(false)).await, Code::AlreadyExists);
    assert!(message.contains("workspaces use \"aws\""), "{message}");
    let not_an_alias = DeleteManagedIdentityAliasRequest { id: id(&aws.metadata), force: None };
    let answer = identities.delete_managed_identity_alias(not_an_alias).await;
    refused(answer, Code::InvalidArgument);

    let away = MoveManagedIdentityRequest {
        managed_identity_id: id(&aws.metadata),
        new_group_id: "trn:group:other".to_owned(),
    };
    let moved = ok(identities.move_managed_identity(away).await);
    assert_eq!(trn(&moved.metadata), "trn:managed_identity:other/aws");
    assert_eq!(used_by(&world, &prod).await, [""; 0]);
    ok(identities.delete_managed_identity(delete(false)).await);
}
