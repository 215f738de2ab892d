//! Groups and workspaces.

use std::collections::HashMap;

use tonic::Code;

use super::{
    client::{
        group::{
            CreateGroupRequest, DeleteGroupRequest, GetGroupByIdRequest, GetGroupsRequest,
            MigrateGroupRequest, UpdateGroupRequest,
        },
        namespace::{
            NamespaceDriftDetectionEnabledInput, NamespaceProviderMirrorEnabledInput,
            NamespaceRunnerTagsInput, namespace_drift_detection_enabled_input,
            namespace_provider_mirror_enabled_input,
        },
        ok, refused,
        run::RunStatus,
        workspace::{
            CreateWorkspaceRequest, DeleteWorkspaceRequest, GetWorkspaceByIdRequest,
            GetWorkspacesRequest, MigrateWorkspaceRequest, UpdateWorkspaceRequest,
        },
    },
    world::{World, id, trn},
};

#[tokio::test]
async fn names_follow_the_rule() {
    let world = World::new().await;
    let acme = world.group("acme", None).await;
    for name in ["", "Acme", "a b", "-a", "a/b", &"a".repeat(65)] {
        let request = CreateGroupRequest { name: name.to_owned(), ..CreateGroupRequest::default() };
        refused(world.client.groups().create_group(request).await, Code::InvalidArgument);
        let request = CreateWorkspaceRequest {
            name: name.to_owned(),
            group_id: id(&acme.metadata),
            ..CreateWorkspaceRequest::default()
        };
        refused(world.client.workspaces().create_workspace(request).await, Code::InvalidArgument);
    }
    let request = CreateGroupRequest {
        name: "wordy".to_owned(),
        description: "x".repeat(101),
        ..CreateGroupRequest::default()
    };
    let message = refused(world.client.groups().create_group(request).await, Code::InvalidArgument);
    assert!(message.contains("longer than 100 characters"), "{message}");
    let twin = CreateGroupRequest { name: "acme".to_owned(), ..CreateGroupRequest::default() };
    let message = refused(world.client.groups().create_group(twin).await, Code::AlreadyExists);
    assert_eq!(message, "the path \"acme\" already exists");
}

#[tokio::test]
async fn ids_are_gids_or_trns() {
    let world = World::new().await;
    let acme = world.group("acme", None).await;
    let net = world.group("net", Some(&trn(&acme.metadata))).await;
    assert_eq!((net.full_path.as_str(), net.created_by.as_str()), ("acme/net", "jo"));
    assert_eq!(net.parent_id, id(&acme.metadata));
    let prod = world.workspace(&net, "prod").await;
    assert_eq!(trn(&prod.metadata), "trn:workspace:acme/net/prod");

    let mut groups = world.client.groups();
    for id in [id(&net.metadata), trn(&net.metadata)] {
        assert_eq!(ok(groups.get_group_by_id(GetGroupByIdRequest { id }).await), net);
    }
    for (id, code) in [
        (id(&prod.metadata), Code::NotFound),
        ("trn:group:nowhere".to_owned(), Code::NotFound),
        ("trn:workspace:acme/net/prod".to_owned(), Code::NotFound),
        ("acme/net".to_owned(), Code::InvalidArgument),
        ("trn:grupp:acme".to_owned(), Code::InvalidArgument),
        (String::new(), Code::InvalidArgument),
    ] {
        refused(groups.get_group_by_id(GetGroupByIdRequest { id }).await, code);
    }
}

#[tokio::test]
async fn a_tree_has_a_depth() {
    let world = World::new().await;
    let mut parent = world.group("g", None).await;
    for _ in 2..=20 {
        parent = world.group("g", Some(&id(&parent.metadata))).await;
    }
    let request = CreateGroupRequest {
        name: "g".to_owned(),
        parent_id: Some(id(&parent.metadata)),
        ..CreateGroupRequest::default()
    };
    let message =
        refused(world.client.groups().create_group(request).await, Code::ResourceExhausted);
    assert_eq!(message, "groups can be nested 20 deep, not 21");
}

#[tokio::test]
async fn an_update_from_an_old_version_is_aborted() {
    let world = World::new().await;
    let acme = world.group("acme", None).await;
    let update = |version, description: &str| UpdateGroupRequest {
        id: id(&acme.metadata),
        version: Some(version),
        description: Some(description.to_owned()),
        ..UpdateGroupRequest::default()
    };
    let mut groups = world.client.groups();
    let updated = ok(groups.update_group(update(1, "first")).await);
    assert_eq!((updated.description.as_str(), updated.metadata.unwrap().version), ("first", 2));
    refused(groups.update_group(update(1, "second")).await, Code::Aborted);
}

#[tokio::test]
async fn a_workspace_keeps_what_is_not_updated() {
    let world = World::new().await;
    let acme = world.group("acme", None).await;
    let request = CreateWorkspaceRequest {
        name: "prod".to_owned(),
        description: "kept".to_owned(),
        group_id: id(&acme.metadata),
        terraform_version: "1.9.8".to_owned(),
        labels: HashMap::from([("env".to_owned(), "Prod".to_owned())]),
        ..CreateWorkspaceRequest::default()
    };
    let mut workspaces = world.client.workspaces();
    let prod = ok(workspaces.create_workspace(request).await);
    let request = UpdateWorkspaceRequest {
        id: id(&prod.metadata),
        max_job_duration: Some(5),
        ..UpdateWorkspaceRequest::default()
    };
    let updated = ok(workspaces.update_workspace(request.clone()).await);
    assert_eq!((updated.description.as_str(), updated.labels["env"].as_str()), ("kept", "Prod"));
    let too_long = UpdateWorkspaceRequest { max_job_duration: Some(1441), ..request };
    refused(workspaces.update_workspace(too_long).await, Code::InvalidArgument);

    let list = |value: &str| GetWorkspacesRequest {
        label_filters: HashMap::from([("env".to_owned(), value.to_owned())]),
        ..GetWorkspacesRequest::default()
    };
    assert_eq!(ok(workspaces.get_workspaces(list("Prod")).await).workspaces, [updated]);
    assert_eq!(ok(workspaces.get_workspaces(list("Dev")).await).workspaces, []);
}

#[tokio::test]
async fn what_moves_keeps_its_id_and_gets_a_new_path() {
    let world = World::new().await;
    let acme = world.group("acme", None).await;
    let net = world.group("net", Some(&id(&acme.metadata))).await;
    let prod = world.workspace(&net, "prod").await;
    let other = world.group("other", None).await;
    let into = |group: &super::client::group::Group| MigrateGroupRequest {
        group_id: id(&acme.metadata),
        new_parent_id: Some(id(&group.metadata)),
    };
    let mut groups = world.client.groups();
    let message = refused(groups.migrate_group(into(&net)).await, Code::InvalidArgument);
    assert_eq!(message, "a group cannot be moved into itself");
    let moved = ok(groups.migrate_group(into(&other)).await);
    assert_eq!(moved.full_path, "other/acme");
    assert_eq!(world.reread(&prod).await.full_path, "other/acme/net/prod");

    let request = MigrateWorkspaceRequest {
        workspace_id: id(&prod.metadata),
        new_group_id: id(&other.metadata),
    };
    let moved = ok(world.client.workspaces().migrate_workspace(request).await);
    assert_eq!((moved.full_path.as_str(), moved.group_id), ("other/prod", id(&other.metadata)));
}

#[tokio::test]
async fn deleting_needs_an_empty_group_or_force() {
    let world = World::new().await;
    let acme = world.group("acme", None).await;
    let prod = world.workspace(&acme, "prod").await;
    world.uploaded(&prod, false).await;
    let archives = world.folder().join("terraform/configurations");
    assert_eq!(std::fs::read_dir(&archives).unwrap().count(), 1);
    let delete = |force| DeleteGroupRequest {
        id: id(&acme.metadata),
        force: Some(force),
        ..DeleteGroupRequest::default()
    };
    let mut groups = world.client.groups();
    let message = refused(groups.delete_group(delete(false)).await, Code::AlreadyExists);
    assert!(message.contains("1 groups and workspaces"), "{message}");
    ok(groups.delete_group(delete(true)).await);
    let request = GetWorkspaceByIdRequest { id: id(&prod.metadata) };
    refused(world.client.workspaces().get_workspace_by_id(request).await, Code::NotFound);
    assert_eq!(std::fs::read_dir(&archives).unwrap().count(), 0);
}

#[tokio::test]
async fn a_workspace_with_state_is_not_deleted_by_mistake() {
    let world = World::new().await;
    let prod = world.prod().await;
    let delete = |force| DeleteWorkspaceRequest {
        id: id(&prod.metadata),
        force: Some(force),
        ..DeleteWorkspaceRequest::default()
    };
    let mut workspaces = world.client.workspaces();
    let server = world.start();
    let run = world.applied(&prod).await;
    server.shut_down().await;
    let message = refused(workspaces.delete_workspace(delete(false)).await, Code::AlreadyExists);
    assert!(message.contains("run a destroy run first"), "{message}");

    let waiting = world.run(&prod).await;
    assert_eq!(waiting.status(), RunStatus::PlanQueued);
    let message = refused(workspaces.delete_workspace(delete(true)).await, Code::AlreadyExists);
    assert!(message.contains("in use by another run"), "{message}");
    let cancel = super::client::run::CancelRunRequest { id: id(&waiting.metadata), force: None };
    ok(world.client.runs().cancel_run(cancel).await);
    ok(workspaces.delete_workspace(delete(true)).await);
    let request = super::client::run::GetRunByIdRequest { id: id(&run.metadata) };
    refused(world.client.runs().get_run_by_id(request).await, Code::NotFound);
}

#[tokio::test]
async fn groups_are_listed_by_parent_and_search() {
    let world = World::new().await;
    let acme = world.group("acme", None).await;
    world.group("net", Some(&id(&acme.metadata))).await;
    world.group("other", None).await;
    let search = |text: &str| Some(text.to_owned());
    for (request, expected) in [
        (GetGroupsRequest::default(), vec!["acme", "acme/net", "other"]),
        (
            GetGroupsRequest { sort: Some(1), ..Default::default() },
            vec!["other", "acme/net", "acme"],
        ),
        (
            GetGroupsRequest { parent_id: Some(id(&acme.metadata)), ..Default::default() },
            vec!["acme/net"],
        ),
        (GetGroupsRequest { search: search("NET"), ..Default::default() }, vec!["acme/net"]),
    ] {
        let found = ok(world.client.groups().get_groups(request).await);
        let paths: Vec<_> = found.groups.iter().map(|group| group.full_path.as_str()).collect();
        assert_eq!(paths, expected);
    }
    let bad = GetGroupsRequest { sort: Some(99), ..Default::default() };
    refused(world.client.groups().get_groups(bad).await, Code::InvalidArgument);
    let long = GetGroupsRequest { search: Some("x".repeat(257)), ..Default::default() };
    refused(world.client.groups().get_groups(long).await, Code::InvalidArgument);
}

#[tokio::test]
async fn a_workspace_shows_its_settings_and_refuses_what_nothing_would_do() {
    let world = World::new().await;
    let acme = world.group("acme", None).await;
    let drift = |enabled| NamespaceDriftDetectionEnabledInput {
        value: Some(namespace_drift_detection_enabled_input::Value::Enabled(enabled)),
    };
    let mirror = NamespaceProviderMirrorEnabledInput {
        value: Some(namespace_provider_mirror_enabled_input::Value::Enabled(true)),
    };
    let request = CreateWorkspaceRequest {
        name: "prod".to_owned(),
        group_id: id(&acme.metadata),
        terraform_version: "1.9.8".to_owned(),
        max_job_duration: Some(30),
        drift_detection_enabled: Some(drift(false)),
        ..CreateWorkspaceRequest::default()
    };
    let created = ok(world.client.workspaces().create_workspace(request.clone()).await);
    assert_eq!(
        (created.terraform_version.as_deref(), created.max_job_duration),
        (Some("1.9.8"), Some(30))
    );
    let tags = NamespaceRunnerTagsInput { inherit: false, tags: vec!["gpu".to_owned()] };
    for (request, field) in [
        (
            CreateWorkspaceRequest {
                drift_detection_enabled: Some(drift(true)),
                ..request.clone()
            },
            "drift_detection_enabled",
        ),
        (
            CreateWorkspaceRequest { provider_mirror_enabled: Some(mirror), ..request.clone() },
            "provider_mirror_enabled",
        ),
        (CreateWorkspaceRequest { runner_tags: Some(tags), ..request }, "runner_tags"),
    ] {
        let answer = world.client.workspaces().create_workspace(request).await;
        let message = refused(answer, Code::InvalidArgument);
        assert!(message.contains(&format!("{field} is not supported")), "{message}");
    }
}
