//! A session can be restored by any replica, and stays its principal's.

use pilothouse_model::{Error, Kind};
use pilothouse_store::McpSession;

use crate::backend::{NOW, later, on_each};

#[tokio::test]
async fn a_session_is_saved_replaced_touched_and_deleted() {
    on_each(|store| async move {
        let first = McpSession {
            id: "s".to_owned(),
            principal: "jo".to_owned(),
            state: "{}".to_owned(),
            created_at: NOW,
            touched_at: NOW,
        };
        assert_eq!(store.mcp_session_load("s").await.unwrap(), None);
        store.mcp_session_save("s", "jo", "{}", NOW).await.unwrap();
        assert_eq!(store.mcp_session_load("s").await.unwrap(), Some(first.clone()));

        store.mcp_session_save("s", "jo", "[1]", later(1)).await.unwrap();
        let saved = McpSession { state: "[1]".to_owned(), touched_at: later(1), ..first };
        assert_eq!(store.mcp_session_load("s").await.unwrap(), Some(saved.clone()));

        assert!(store.mcp_session_touch("s", later(2)).await.unwrap());
        let touched = McpSession { touched_at: later(2), ..saved };
        assert_eq!(store.mcp_session_load("s").await.unwrap(), Some(touched));

        assert!(store.mcp_session_delete("s").await.unwrap());
        assert!(!store.mcp_session_delete("s").await.unwrap());
        assert!(!store.mcp_session_touch("s", NOW).await.unwrap());
        assert_eq!(store.mcp_session_load("s").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn another_principal_cannot_take_a_session_over() {
    on_each(|store| async move {
        store.mcp_session_save("s", "jo", "{}", NOW).await.unwrap();
        let error = Error::from(store.mcp_session_save("s", "kim", "[]", NOW).await.unwrap_err());
        assert_eq!(error.kind, Kind::Conflict);
        let session = store.mcp_session_load("s").await.unwrap().unwrap();
        assert_eq!((session.principal.as_str(), session.state.as_str()), ("jo", "{}"));
    })
    .await;
}

#[tokio::test]
async fn purging_deletes_exactly_the_idle_sessions() {
    on_each(|store| async move {
        store.mcp_session_save("idle", "jo", "{}", NOW).await.unwrap();
        store.mcp_session_save("used", "jo", "{}", NOW).await.unwrap();
        store.mcp_session_touch("used", later(1)).await.unwrap();
        assert_eq!(store.mcp_session_purge(NOW).await.unwrap(), 0);
        assert_eq!(store.mcp_session_purge(later(1)).await.unwrap(), 1);
        assert!(store.mcp_session_load("idle").await.unwrap().is_none());
        assert!(store.mcp_session_load("used").await.unwrap().is_some());
    })
    .await;
}
