//! API keys and what they may do.

use pilothouse_model::Role;
use pilothouse_store::access::ApiKey;

use super::membership::{grants, membership};
use crate::backend::{NOW, later, on_each};

fn key(name: &str) -> ApiKey {
    ApiKey {
        id: uuid::Uuid::now_v7().to_string(),
        name: name.to_owned(),
        hash: format!("hash of {name}"),
        spaces: vec!["look".to_owned(), "Deploy-2".to_owned()],
        created_by: "jo".to_owned(),
        created_at: NOW,
        expires_at: later(1000),
        revoked_at: None,
    }
}

#[tokio::test]
async fn a_key_is_found_by_its_hash_until_somebody_revokes_it() {
    on_each(|store| async move {
        let ci = key("ci");
        let granted = membership(&ci.subject(), Role::Viewer, "*");
        store.api_key_create(&ci, &[granted]).await.unwrap();
        assert_eq!(grants(&store, &ci.subject()).await, [(Role::Viewer, "*".to_owned())]);
        assert_eq!(store.api_key_get_by_hash(&ci.hash).await.unwrap(), Some(ci.clone()));
        assert_eq!(store.api_key_get_by_hash("other").await.unwrap(), None);

        let revision = store.access_revision().await.unwrap();
        assert!(store.api_key_revoke(&ci.id, later(5)).await.unwrap());
        assert!(!store.api_key_revoke(&ci.id, later(6)).await.unwrap(), "once");
        assert!(store.access_revision().await.unwrap() > revision);
        let revoked = store.api_key_get_by_hash(&ci.hash).await.unwrap().unwrap();
        assert_eq!(revoked.revoked_at, Some(later(5)));
        assert_eq!(grants(&store, &ci.subject()).await, []);
    })
    .await;
}

#[tokio::test]
async fn names_are_unique() {
    on_each(|store| async move {
        store.api_key_create(&key("ci"), &[]).await.unwrap();
        let twice = store.api_key_create(&key("ci"), &[]).await;
        assert!(twice.unwrap_err().is_duplicate());
        assert_eq!(store.api_key_list().await.unwrap().len(), 1);
    })
    .await;
}
