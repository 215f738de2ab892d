//! How long clients are kept.

use std::sync::Arc;

use pilothouse_store::Store;

use super::*;
use crate::{Bearers, Site, Vault, signing::SigningKeys, vault::KeySource};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

async fn oauth() -> OAuth {
    let store = Store::open("sqlite::memory:").await.unwrap();
    // Nothing is signed here, so there is no key to read.
    let vault = Vault::new(store.clone(), KeySource::Text(String::new().into()));
    let keys = SigningKeys::new(store.clone(), Arc::new(vault));
    let bearers = Bearers::new(store.clone(), Site::new("https://ops.example.com", []), keys);
    OAuth { store, bearers: Arc::new(bearers), documents: None }
}

#[tokio::test]
async fn clients_that_register_are_bounded_and_forgotten_unless_used() {
    let oauth = oauth().await;
    let redirect_uris = vec!["http://127.0.0.1/".to_owned()];
    let metadata = Metadata { redirect_uris, ..Metadata::default() };
    let register = async |now| oauth.register(metadata.clone(), now).await;
    let used = register(NOW).await.unwrap().id;
    for _ in 1..MOST_DYNAMIC {
        register(NOW).await.unwrap();
    }
    let client = oauth.client(&used, NOW).await.unwrap().unwrap();
    oauth.keep(&client, NOW).await.unwrap();
    let last = register(NOW).await.unwrap().id;
    let all = oauth.store.client_list().await.unwrap();
    assert_eq!(all.len(), MOST_DYNAMIC as usize, "one that nobody uses made room");
    assert!([&used, &last].iter().all(|id| all.iter().any(|client| client.id == **id)));

    let late = NOW.after(UNUSED + Duration::from_secs(1));
    register(late).await.unwrap();
    assert!(oauth.client(&used, late).await.unwrap().is_some(), "somebody consented to it");
    assert_eq!(oauth.store.client_list().await.unwrap().len(), 2, "the others are gone");
    assert!(oauth.client(&used, NOW.after(USED)).await.unwrap().is_none());
}

#[tokio::test]
async fn clients_that_somebody_uses_make_no_room() {
    let oauth = oauth().await;
    let redirect_uris = vec!["http://127.0.0.1/".to_owned()];
    let metadata = Metadata { redirect_uris, ..Metadata::default() };
    for _ in 0..MOST_DYNAMIC {
        let made = oauth.register(metadata.clone(), NOW).await.unwrap().id;
        oauth.store.client_extend(&made, NOW.after(USED)).await.unwrap();
    }
    let refusal = oauth.register(metadata, NOW).await.unwrap_err();
    assert_eq!((refusal.code, refusal.status()), ("temporarily_unavailable", 503));
}

#[tokio::test]
async fn a_client_that_an_operator_makes_is_for_people_or_for_itself() {
    let oauth = oauth().await;
    let create = async |uris: &[&str]| {
        let redirect_uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
        let new = NewClient { name: "aws", scopes: Scopes::READ, redirect_uris, jwks: None };
        oauth.create_client(new, NOW).await.map(|made| made.metadata.grant_types)
    };
    let back = "https://console.example/callback";
    assert_eq!(create(&[]).await.unwrap(), ["client_credentials"]);
    assert_eq!(create(&[back]).await.unwrap(), ["authorization_code", "refresh_token"]);
    for wrong in [&["http://console.example/"][..], &["javascript:x"], &[back; 11]] {
        assert!(create(wrong).await.is_err(), "{wrong:?}");
    }
}
