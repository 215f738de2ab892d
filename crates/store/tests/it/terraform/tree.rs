//! Groups and workspaces, their paths, and lists of them.

use std::collections::BTreeMap;

use pilothouse_model::Timestamp;
use pilothouse_store::{
    Store,
    terraform::{
        ChangeError, GroupFilter, GroupSort, NamespaceKind, PageRequest, SortKey, WorkspaceFilter,
        WorkspaceSort,
    },
};

use super::fixture::{MANY, NOW, group, stored_job, stored_workspace, workspace};
use crate::backend::on_each;

const BY_PATH: GroupSort = GroupSort::Path { descending: false };

async fn group_paths(store: &Store, filter: &GroupFilter, sort: GroupSort) -> Vec<String> {
    let page = store.group_list(filter, sort, &PageRequest::default()).await.unwrap();
    page.items.into_iter().map(|group| group.path).collect()
}

#[tokio::test]
async fn a_path_is_taken_once_by_groups_and_workspaces_together() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        let acme = store.group_get_by_path("acme").await.unwrap().unwrap();
        let twin = group(Some(&acme), "prod");
        let error = store.group_create(&twin, MANY).await.unwrap_err();
        assert!(matches!(&error, ChangeError::Store(error) if error.is_duplicate()), "{error}");
        assert!(store.group_get(&twin.meta.id).await.unwrap().is_none());

        assert_eq!(store.workspace_get(&prod.meta.id).await.unwrap().unwrap(), prod);
        assert_eq!(store.workspace_get_by_path("acme/prod").await.unwrap().unwrap(), prod);
        let found = store.namespace_get_by_path("acme/prod").await.unwrap().unwrap();
        assert_eq!((found.id, found.kind), (prod.meta.id, NamespaceKind::Workspace));
        let lineage = store.namespace_lineage("acme/prod").await.unwrap();
        let paths: Vec<_> = lineage.iter().map(|namespace| namespace.path.as_str()).collect();
        assert_eq!(paths, ["acme", "acme/prod"]);
    })
    .await;
}

#[tokio::test]
async fn moving_and_deleting_takes_the_subtree_and_nothing_else() {
    on_each(|store| async move {
        let acme = group(None, "acme");
        let net = group(Some(&acme), "net");
        let twin = group(Some(&acme), "net-2");
        let other = group(None, "other");
        for group in [&acme, &net, &twin, &other] {
            store.group_create(group, MANY).await.unwrap();
        }
        store.workspace_create(&workspace(&net, "prod"), MANY).await.unwrap();

        let parent = Some(other.meta.id.as_str());
        store.group_move(&net, parent, "other/net", MANY, Timestamp(2)).await.unwrap();
        assert!(store.workspace_get_by_path("other/net/prod").await.unwrap().is_some());
        let all = group_paths(&store, &GroupFilter::default(), BY_PATH).await;
        assert_eq!(all, ["acme", "acme/net-2", "other", "other/net"]);
        let again = store.group_move(&net, None, "net", MANY, NOW).await.unwrap_err();
        assert!(matches!(again, ChangeError::Stale), "moved from a version that is gone");

        store.namespace_delete("other").await.unwrap();
        assert!(store.workspace_get_by_path("other/net/prod").await.unwrap().is_none());
        let all = group_paths(&store, &GroupFilter::default(), BY_PATH).await;
        assert_eq!(all, ["acme", "acme/net-2"]);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_deleted_under_a_job() {
    on_each(|store| async move {
        let prod = stored_workspace(&store).await;
        stored_job(&store, &prod).await;
        let error = store.namespace_delete("acme").await.unwrap_err();
        assert!(matches!(error, ChangeError::Held), "{error}");
        assert!(store.workspace_get(&prod.meta.id).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn counts_have_limits() {
    on_each(|store| async move {
        let acme = group(None, "acme");
        store.group_create(&acme, 0).await.unwrap();
        store.group_create(&group(Some(&acme), "a"), 1).await.unwrap();
        let error = store.group_create(&group(Some(&acme), "b"), 1).await.unwrap_err();
        assert_eq!(error.to_string(), "the limit of 1 groups in a group is reached");
        store.workspace_create(&workspace(&acme, "c"), 1).await.unwrap();
        let error = store.workspace_create(&workspace(&acme, "d"), 1).await.unwrap_err();
        assert!(matches!(error, ChangeError::Limit { limit: 1, .. }), "{error}");
    })
    .await;
}

#[tokio::test]
async fn pages_walk_a_list_both_ways() {
    on_each(|store| async move {
        for name in ["e", "c", "a", "d", "b"] {
            store.group_create(&group(None, name), MANY).await.unwrap();
        }
        for (sort, expected) in [
            (BY_PATH, ["ab", "cd", "e"]),
            (GroupSort::Path { descending: true }, ["ed", "cb", "a"]),
        ] {
            let mut request = PageRequest { limit: 2, ..PageRequest::default() };
            let mut forward = Vec::new();
            loop {
                let page = store.group_list(&GroupFilter::default(), sort, &request).await.unwrap();
                assert_eq!(page.total, 5);
                assert_eq!(page.has_previous, !forward.is_empty());
                forward
                    .push(page.items.iter().map(|group| group.path.as_str()).collect::<String>());
                if !page.has_next {
                    break;
                }
                request.from = page.end;
            }
            assert_eq!(forward, expected);
        }
        let last = PageRequest { limit: 2, from: None, backward: true };
        let page = store.group_list(&GroupFilter::default(), BY_PATH, &last).await.unwrap();
        assert_eq!(page.items[0].path, "d");
        assert!(page.has_previous && !page.has_next);
        let before = PageRequest { limit: 2, from: page.start, backward: true };
        let page = store.group_list(&GroupFilter::default(), BY_PATH, &before).await.unwrap();
        assert_eq!(page.items[0].path, "b");
        assert!(page.has_previous && page.has_next);

        let level = GroupSort::Level { descending: false };
        let foreign = store.group_list(&GroupFilter::default(), level, &before).await.unwrap_err();
        assert!(matches!(foreign, ChangeError::Position), "a position of another order");
        assert!(matches!(before.from.unwrap().key, SortKey::Text(_)));
    })
    .await;
}

#[tokio::test]
async fn lists_are_filtered() {
    on_each(|store| async move {
        let acme = group(None, "acme");
        let net = group(Some(&acme), "net_1");
        store.group_create(&acme, MANY).await.unwrap();
        store.group_create(&net, MANY).await.unwrap();
        let labels = BTreeMap::from([("env".to_owned(), "Prod".to_owned())]);
        let mut prod = workspace(&net, "prod");
        prod.labels = labels.clone();
        store.workspace_create(&prod, MANY).await.unwrap();
        store.workspace_create(&workspace(&acme, "dev"), MANY).await.unwrap();

        let children =
            GroupFilter { parent_id: Some(acme.meta.id.clone()), search: None, visible: None };
        assert_eq!(group_paths(&store, &children, BY_PATH).await, ["acme/net_1"]);
        for (search, found) in [("net_", 1), ("ne_", 0), ("acme", 2), ("", 2), ("%", 0)] {
            let filter = GroupFilter { search: Some(search.to_owned()), ..GroupFilter::default() };
            assert_eq!(group_paths(&store, &filter, BY_PATH).await.len(), found, "{search:?}");
        }

        let by_path = WorkspaceSort::Path { descending: false };
        let default = WorkspaceFilter::default;
        let wrong = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
        for (filter, expected) in [
            (default(), vec!["acme/dev", "acme/net_1/prod"]),
            (WorkspaceFilter { group_id: Some(acme.meta.id), ..default() }, vec!["acme/dev"]),
            (WorkspaceFilter { labels, ..default() }, vec!["acme/net_1/prod"]),
            (WorkspaceFilter { labels: wrong, ..default() }, vec![]),
            (WorkspaceFilter { path: Some("acme/dev".to_owned()), ..default() }, vec!["acme/dev"]),
        ] {
            let page =
                store.workspace_list(&filter, by_path, &PageRequest::default()).await.unwrap();
            let paths: Vec<_> = page.items.iter().map(|found| found.path.as_str()).collect();
            assert_eq!(paths, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn an_update_names_the_version_it_was_made_from() {
    on_each(|store| async move {
        let mut prod = stored_workspace(&store).await;
        prod.locked = true;
        prod.description = "nul\0".to_owned();
        store.workspace_update(&prod, Timestamp(5)).await.unwrap();
        let stored = store.workspace_get(&prod.meta.id).await.unwrap().unwrap();
        assert!(stored.locked);
        assert_eq!((stored.meta.version, stored.meta.updated_at), (2, Timestamp(5)));
        let stale = store.workspace_update(&prod, NOW).await.unwrap_err();
        assert!(matches!(stale, ChangeError::Stale));
    })
    .await;
}
