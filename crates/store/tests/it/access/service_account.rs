//! Service accounts and their secrets.

use std::collections::BTreeMap;

use pilothouse_model::Role;
use pilothouse_store::{
    Store,
    access::{Secret, ServiceAccount, ServiceAccountFilter, ServiceAccountSort, TrustPolicy},
    terraform::{ChangeError, Group, Meta, PageRequest},
};

use super::membership::{grants, group, membership};
use crate::backend::{NOW, later, on_each};

fn account(group: &Group, name: &str) -> ServiceAccount {
    let claims = BTreeMap::from([("sub".to_owned(), "repo:acme/*".to_owned())]);
    ServiceAccount {
        meta: Meta::new(NOW),
        name: name.to_owned(),
        description: "builds".to_owned(),
        group_id: group.meta.id.clone(),
        group_path: group.path.clone(),
        created_by: "jo".to_owned(),
        disabled: false,
        trust_policies: vec![TrustPolicy {
            issuer: "https://ci.example".to_owned(),
            glob: true,
            bound_claims: claims,
        }],
        client_credentials: true,
    }
}

fn secret(account: &ServiceAccount, hash: &str, expires_in: i64) -> Secret {
    Secret {
        id: uuid::Uuid::now_v7().to_string(),
        service_account_id: account.meta.id.clone(),
        hash: hash.to_owned(),
        created_at: NOW,
        expires_at: later(expires_in),
        replaced: false,
        noticed_at: None,
    }
}

async fn created(store: &Store) -> ServiceAccount {
    let acme = group(store, "acme", None).await;
    let ci = account(&acme, "ci");
    store.service_account_create(&ci, Some(&secret(&ci, "one", 1000)), 10).await.unwrap();
    ci
}

async fn working(store: &Store, account: &ServiceAccount, at: i64) -> Vec<String> {
    let found = store.service_account_secrets(&account.meta.id, later(at)).await.unwrap();
    found.into_iter().map(|secret| secret.hash).collect()
}

#[tokio::test]
async fn an_account_is_found_by_id_and_path_and_takes_everything_along() {
    on_each(|store| async move {
        let ci = created(&store).await;
        assert_eq!(store.service_account_get(&ci.meta.id).await.unwrap(), Some(ci.clone()));
        let by_path = store.service_account_get_by_path("acme", "ci").await.unwrap();
        assert_eq!(by_path, Some(ci.clone()));
        store.membership_create(&membership(&ci.subject(), Role::Owner, "*")).await.unwrap();

        let stale = store.service_account_delete(&ci.meta.id, 7).await;
        assert!(matches!(stale, Err(ChangeError::Stale)));
        store.service_account_delete(&ci.meta.id, 1).await.unwrap();
        assert_eq!(store.service_account_get(&ci.meta.id).await.unwrap(), None);
        assert_eq!(grants(&store, &ci.subject()).await, []);
        assert!(working(&store, &ci, 0).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn names_are_unique_in_a_group_and_counted() {
    on_each(|store| async move {
        let ci = created(&store).await;
        let twin = ServiceAccount { meta: Meta::new(NOW), ..ci.clone() };
        match store.service_account_create(&twin, None, 10).await {
            Err(ChangeError::Store(error)) => assert!(error.is_duplicate()),
            other => panic!("{other:?}"),
        }
        let more = ServiceAccount { meta: Meta::new(NOW), name: "cd".to_owned(), ..ci };
        let full = store.service_account_create(&more, None, 1).await;
        assert!(matches!(full, Err(ChangeError::Limit { limit: 1, .. })));
    })
    .await;
}

#[tokio::test]
async fn two_secrets_overlap_and_never_three() {
    on_each(|store| async move {
        let mut ci = created(&store).await;
        let rotate = |version: i64, hash: &'static str, at: i64| {
            let (store, mut ci) = (store.clone(), ci.clone());
            async move {
                ci.meta.version = version;
                let new = secret(&ci, hash, 1000);
                let overlap = later(at + 100);
                store.service_account_update(&ci, Some((&new, overlap)), later(at)).await.unwrap();
            }
        };
        rotate(1, "two", 10).await;
        assert_eq!(working(&store, &ci, 20).await, ["two", "one"]);
        assert_eq!(working(&store, &ci, 110).await, ["two"], "the overlap is over");
        rotate(2, "three", 30).await;
        assert_eq!(working(&store, &ci, 40).await, ["three", "two"], "the oldest ended at once");
        assert_eq!(working(&store, &ci, 130).await, ["three"]);

        ci.meta.version = 3;
        ci.client_credentials = false;
        store.service_account_update(&ci, None, later(50)).await.unwrap();
        assert!(working(&store, &ci, 60).await.is_empty(), "switched off, the secrets are gone");
    })
    .await;
}

#[tokio::test]
async fn an_overlap_does_not_prolong_a_secret() {
    on_each(|store| async move {
        let ci = created(&store).await;
        let new = secret(&ci, "two", 9000);
        store.service_account_update(&ci, Some((&new, later(5000))), later(10)).await.unwrap();
        assert_eq!(working(&store, &ci, 1000).await, ["two"]);
    })
    .await;
}

#[tokio::test]
async fn a_notice_is_claimed_once_and_again_when_its_server_dies() {
    on_each(|store| async move {
        let ci = created(&store).await;
        assert_eq!(store.secret_next_due(NOW).await.unwrap(), Some(later(1000)));
        let claim = |at: i64| {
            let store = store.clone();
            async move {
                let due = store.secret_claim_due(later(at), later(2000), later(at + 50)).await;
                due.unwrap().len()
            }
        };
        assert_eq!((claim(0).await, claim(10).await, claim(60).await), (1, 0, 1));
        let [only] = &store.secret_list_expiring(later(60), later(2000)).await.unwrap()[..] else {
            panic!("one secret expires");
        };
        assert_eq!(only.service_account_id, ci.meta.id);
        store.secret_noticed(&only.id, later(70)).await.unwrap();
        assert_eq!((claim(500).await, claim(1500).await), (0, 0));
        assert_eq!(store.secret_next_due(NOW).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn lists_are_of_groups_and_names() {
    on_each(|store| async move {
        let ci = created(&store).await;
        let other = group(&store, "other", None).await;
        store.service_account_create(&account(&other, "robot"), None, 10).await.unwrap();
        let paths = |paths: &[&str]| Some(paths.iter().map(|path| (*path).to_owned()).collect());
        for (group_paths, search, expected) in [
            (None, None, 2),
            (paths(&["acme"]), None, 1),
            (paths(&["acme", "other"]), Some("rob".to_owned()), 1),
            (paths(&[]), None, 0),
        ] {
            let filter = ServiceAccountFilter { group_paths, search };
            let sort = ServiceAccountSort::CreatedAt { descending: false };
            let page = store.service_account_list(&filter, sort, &PageRequest::default()).await;
            assert_eq!(page.unwrap().items.len(), expected, "{filter:?}");
        }
        drop(ci);
    })
    .await;
}
