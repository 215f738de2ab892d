//! Managed identities, their aliases, and the workspaces that use them.

use pilothouse_store::{
    Store,
    terraform::{
        ChangeError, Group, IdentityKind, ManagedIdentity, ManagedIdentityFilter,
        ManagedIdentitySort, Meta, PageRequest, WorkspaceFilter, WorkspaceSort,
    },
};

use super::fixture::{MANY, NOW, group, workspace};
use crate::backend::on_each;

fn identity(group: &Group, name: &str) -> ManagedIdentity {
    ManagedIdentity {
        meta: Meta::new(NOW),
        group_id: group.meta.id.clone(),
        group_path: group.path.clone(),
        name: name.to_owned(),
        description: String::new(),
        kind: IdentityKind::AwsFederated,
        data: "role-a".to_owned(),
        alias_source_id: None,
        created_by: "root".to_owned(),
    }
}

async fn stored(store: &Store, group: &Group, name: &str) -> ManagedIdentity {
    let identity = identity(group, name);
    store.managed_identity_create(&identity, MANY).await.unwrap();
    identity
}

async fn stored_group(store: &Store, parent: Option<&Group>, name: &str) -> Group {
    let group = group(parent, name);
    store.group_create(&group, MANY).await.unwrap();
    group
}

async fn names(store: &Store, filter: ManagedIdentityFilter) -> Vec<String> {
    let sort = ManagedIdentitySort::Level { descending: false };
    let page = store.managed_identity_list(&filter, sort, &PageRequest::default()).await.unwrap();
    page.items.into_iter().map(|found| found.name).collect()
}

#[tokio::test]
async fn lists_go_by_group_lineage_and_name() {
    on_each(|store| async move {
        let acme = stored_group(&store, None, "acme").await;
        let net = stored_group(&store, Some(&acme), "net").await;
        let other = stored_group(&store, None, "acm").await;
        for (group, name) in [(&acme, "aws"), (&net, "aws-net"), (&other, "azure")] {
            stored(&store, group, name).await;
        }
        let all = ManagedIdentityFilter::default;
        let own = ManagedIdentityFilter { group_path: Some("acme/net".to_owned()), ..all() };
        assert_eq!(names(&store, own).await, ["aws-net"]);
        let above = ManagedIdentityFilter { lineage_of: Some("acme/net/prod".to_owned()), ..all() };
        assert_eq!(names(&store, above.clone()).await, ["aws", "aws-net"]);
        let part = ManagedIdentityFilter { search: Some("net".to_owned()), ..above };
        assert_eq!(names(&store, part).await, ["aws-net"]);
    })
    .await;
}

#[tokio::test]
async fn an_alias_shows_what_its_source_is() {
    on_each(|store| async move {
        let acme = stored_group(&store, None, "acme").await;
        let other = stored_group(&store, None, "other").await;
        let mut source = stored(&store, &acme, "aws").await;
        let alias = ManagedIdentity {
            alias_source_id: Some(source.meta.id.clone()),
            ..identity(&other, "theirs")
        };
        store.managed_identity_create(&alias, MANY).await.unwrap();
        "role-b".clone_into(&mut source.data);
        store.managed_identity_update(&source, NOW).await.unwrap();
        let found = store.managed_identity_get_by_name("other", "theirs").await.unwrap().unwrap();
        assert_eq!((found.data.as_str(), found.meta.version), ("role-b", 1));
        let stale = store.managed_identity_update(&source, NOW).await.unwrap_err();
        assert!(matches!(stale, ChangeError::Stale));
        store.managed_identity_delete(&source.meta.id, false).await.unwrap();
        assert_eq!(store.managed_identity_get(&alias.meta.id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_used_identity_is_deleted_only_by_force_and_lost_by_moving_away() {
    on_each(|store| async move {
        let acme = stored_group(&store, None, "acme").await;
        let other = stored_group(&store, None, "other").await;
        let mut prod = workspace(&acme, "prod");
        store.workspace_create(&prod, MANY).await.unwrap();
        let aws = stored(&store, &acme, "aws").await;
        let (id, workspace_id) = (&aws.meta.id, &prod.meta.id);
        store.managed_identity_assign(id, workspace_id, 1, NOW).await.unwrap();
        let full = store.managed_identity_assign(id, workspace_id, 1, NOW).await.unwrap_err();
        assert!(matches!(full, ChangeError::Limit { limit: 1, .. }), "{full}");
        let twin = store.managed_identity_assign(id, workspace_id, 9, NOW).await.unwrap_err();
        assert!(matches!(&twin, ChangeError::Store(error) if error.is_duplicate()), "{twin}");
        let used = store.managed_identity_list_for_workspace(workspace_id).await.unwrap();
        assert_eq!(used.iter().map(|used| used.meta.id.as_str()).collect::<Vec<_>>(), [id]);
        let users =
            WorkspaceFilter { managed_identity_id: Some(id.clone()), ..WorkspaceFilter::default() };
        let sort = WorkspaceSort::Path { descending: false };
        let users = store.workspace_list(&users, sort, &PageRequest::default()).await.unwrap();
        assert_eq!(users.total, 1);
        let held = store.managed_identity_delete(id, false).await.unwrap_err();
        assert!(matches!(held, ChangeError::Held));

        "other/prod".clone_into(&mut prod.path);
        prod.group_id.clone_from(&other.meta.id);
        store.workspace_move(&prod, "acme/prod", MANY, NOW).await.unwrap();
        assert_eq!(store.managed_identity_list_for_workspace(workspace_id).await.unwrap(), []);
        assert!(!store.managed_identity_unassign(id, workspace_id).await.unwrap());
        store.managed_identity_delete(id, false).await.unwrap();
    })
    .await;
}
