//! Accounts, grants, refresh tokens and things that work once.

use std::time::Duration;

use pilothouse_model::Timestamp;
use pilothouse_store::{
    Store,
    identity::{Account, Client, ClientKind, Grant, GrantState, RefreshOutcome, UseOutcome},
};

use crate::backend::{NOW, later, on_each};

fn account(name: &str) -> Account {
    Account {
        id: format!("id-{name}"),
        name: name.to_owned(),
        password: Some("hash".to_owned()),
        identity: None,
        admin: false,
        disabled: false,
        failures: 0,
        locked_until: Timestamp(0),
        created_at: NOW,
    }
}

fn grant(id: &str, account: Option<&str>) -> Grant {
    Grant {
        id: id.to_owned(),
        client: "client".to_owned(),
        client_name: "Client".to_owned(),
        principal: "user:jo".to_owned(),
        principal_name: "jo".to_owned(),
        account: account.map(str::to_owned),
        scope: "mcp:read".to_owned(),
        resource: "http://h/mcp".to_owned(),
        created_at: NOW,
        expires_at: NOW.after(Duration::from_mins(1)),
        revoked_at: None,
    }
}

async fn state(store: &Store, id: &str, now: Timestamp) -> GrantState {
    store.grant_state(id, now).await.unwrap()
}

#[tokio::test]
async fn an_account_is_found_by_name_and_identity_which_are_unique() {
    on_each(|store| async move {
        assert!(!store.account_exists().await.unwrap());
        let identity = Some(("https://issuer".to_owned(), "1".to_owned()));
        let jo = Account { identity, password: None, ..account("jo") };
        store.account_create(&jo).await.unwrap();
        assert!(store.account_exists().await.unwrap());
        assert_eq!(store.account_by_name("jo").await.unwrap(), Some(jo.clone()));
        let found = store.account_by_identity("https://issuer", "1").await.unwrap();
        assert_eq!(found, Some(jo.clone()));
        assert_eq!(store.account_by_identity("https://issuer", "2").await.unwrap(), None);
        for taken in [
            Account { id: "other".to_owned(), ..account("jo") },
            Account { name: "al".to_owned(), id: "other".to_owned(), ..jo },
        ] {
            assert!(store.account_create(&taken).await.unwrap_err().is_duplicate());
        }
    })
    .await;
}

#[tokio::test]
async fn each_failure_counts_once() {
    on_each(|store| async move {
        store.account_create(&account("jo")).await.unwrap();
        assert!(store.account_failed("id-jo", 0, later(5)).await.unwrap());
        assert!(!store.account_failed("id-jo", 0, later(9)).await.unwrap());
        let jo = store.account_get("id-jo").await.unwrap().unwrap();
        assert_eq!((jo.failures, jo.locked_until), (1, later(5)));
        store.account_succeeded("id-jo").await.unwrap();
        assert_eq!(store.account_get("id-jo").await.unwrap(), Some(account("jo")));
    })
    .await;
}

#[tokio::test]
async fn a_grant_lives_until_it_expires_is_revoked_or_its_account_is_disabled() {
    on_each(|store| async move {
        store.account_create(&account("jo")).await.unwrap();
        store.grant_save(&grant("a", Some("id-jo"))).await.unwrap();
        store.grant_save(&grant("b", None)).await.unwrap();
        assert_eq!(store.grant_get("a").await.unwrap(), Some(grant("a", Some("id-jo"))));
        assert_eq!(state(&store, "a", NOW).await, GrantState::Live);
        assert_eq!(state(&store, "none", NOW).await, GrantState::Ended);
        let late = NOW.after(Duration::from_mins(1));
        assert_eq!(state(&store, "a", late).await, GrantState::Ended);

        store.account_set_disabled("id-jo", true).await.unwrap();
        assert_eq!(state(&store, "a", NOW).await, GrantState::Disabled);
        assert_eq!(state(&store, "b", NOW).await, GrantState::Live);
        assert!(store.grant_revoke("b", NOW).await.unwrap());
        assert!(!store.grant_revoke("b", NOW).await.unwrap());
        assert_eq!(state(&store, "b", NOW).await, GrantState::Ended);
        assert_eq!(store.grant_list(false, NOW).await.unwrap().len(), 1);
        assert_eq!(store.grant_list(true, NOW).await.unwrap().len(), 2);
        assert_eq!(store.grant_purge(late.after(Duration::from_secs(1))).await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn the_second_use_of_a_refresh_token_ends_its_family() {
    on_each(|store| async move {
        store.grant_save(&grant("a", None)).await.unwrap();
        store.refresh_create("h", "a").await.unwrap();
        let first = store.refresh_use("h", NOW).await.unwrap();
        assert_eq!(first, RefreshOutcome::Used(Box::new(grant("a", None))));
        assert_eq!(state(&store, "a", NOW).await, GrantState::Live);
        let second = store.refresh_use("h", NOW).await.unwrap();
        assert!(matches!(second, RefreshOutcome::Reused(_)), "{second:?}");
        assert_eq!(state(&store, "a", NOW).await, GrantState::Ended);
        assert_eq!(store.refresh_use("x", NOW).await.unwrap(), RefreshOutcome::Unknown);
    })
    .await;
}

#[tokio::test]
async fn a_thing_that_works_once_works_once_and_in_time() {
    on_each(|store| async move {
        assert!(store.one_time_create("h", "code", "text", later(10)).await.unwrap());
        assert!(!store.one_time_create("h", "code", "other", later(10)).await.unwrap());
        assert_eq!(store.one_time_use("h", "setup", NOW).await.unwrap(), UseOutcome::Unknown);
        assert_eq!(store.one_time_use("h", "code", later(10)).await.unwrap(), UseOutcome::Unknown);
        let used = store.one_time_use("h", "code", NOW).await.unwrap();
        assert_eq!(used, UseOutcome::Used("text".to_owned()));
        let again = store.one_time_use("h", "code", NOW).await.unwrap();
        assert_eq!(again, UseOutcome::Replayed("text".to_owned()));
        assert_eq!(store.one_time_purge(later(11)).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn clients_of_a_kind_are_bounded_and_expire() {
    on_each(|store| async move {
        let client = |id: &str| Client {
            id: id.to_owned(),
            kind: ClientKind::Dynamic,
            metadata: "{}".to_owned(),
            secret: None,
            created_at: NOW,
            expires_at: Some(later(10)),
        };
        assert!(store.client_create(&client("a"), 2).await.unwrap());
        assert!(store.client_create(&client("b"), 2).await.unwrap());
        assert!(!store.client_create(&client("c"), 2).await.unwrap());
        assert!(!store.client_save(&client("c"), 2).await.unwrap());
        let renewed = Client { metadata: "{\"x\":1}".to_owned(), ..client("b") };
        assert!(store.client_save(&renewed, 2).await.unwrap());
        assert_eq!(store.client_get("b", NOW).await.unwrap(), Some(renewed));
        assert_eq!(store.client_get("a", NOW).await.unwrap(), Some(client("a")));
        assert_eq!(store.client_get("a", later(10)).await.unwrap(), None);
        store.client_extend("a", later(50)).await.unwrap();
        let forget = async |at| store.client_forget_first(ClientKind::Dynamic, later(at)).await;
        assert!(!forget(9).await.unwrap(), "none ends by then");
        assert!(forget(60).await.unwrap());
        assert_eq!(store.client_get("b", NOW).await.unwrap(), None, "the first one to end");
        assert!(store.client_create(&client("b"), 2).await.unwrap());
        assert_eq!(store.client_purge(later(20)).await.unwrap(), 1);
        assert_eq!(store.client_list().await.unwrap().len(), 1);
    })
    .await;
}
