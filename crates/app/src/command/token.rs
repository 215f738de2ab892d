//! `tokens`, `clients` and `secrets`: what was given to whom, and the keys behind it.

use std::sync::Arc;

use pilothouse_access::{Bearers, OAuth, Site, Vault, signing::SigningKeys};
use pilothouse_model::{Error, Scopes, Timestamp};
use pilothouse_store::{Store, identity::Grant};
use serde_json::{Value, json};

use super::screen;
use crate::{
    cli::{ClientCommand, SecretCommand, TokenCommand},
    exit::Exit,
};

pub(super) async fn run(store: &Store, command: &TokenCommand) -> Result<Exit, Error> {
    let now = Timestamp::now();
    match command {
        TokenCommand::List { all, output } => {
            let found = store.grant_list(*all, now).await?;
            if output.json {
                return screen::json(&found.iter().map(view).collect::<Vec<_>>());
            }
            let row = |grant: &Grant| {
                vec![
                    grant.id.clone(),
                    grant.principal_name.clone(),
                    grant.client_name.clone(),
                    grant.scope.clone(),
                    grant.resource.clone(),
                    grant.expires_at.to_string(),
                ]
            };
            let header = ["id", "who", "client", "scope", "for", "until"];
            screen::table(&header, found.iter().map(row).collect(), "Nobody holds a token.")
        }
        TokenCommand::Revoke { id } => {
            if !store.grant_revoke(id, now).await? {
                return Err(Error::not_found("grant", id)
                    .hint("pilothouse tokens list shows what can be revoked"));
            }
            screen::text_line("Revoked. A running server knows within a second.")
        }
    }
}

pub(super) async fn clients(
    store: &Store,
    vault: Vault,
    command: &ClientCommand,
) -> Result<Exit, Error> {
    let now = Timestamp::now();
    match command {
        ClientCommand::List { output } => {
            let found = store.client_list().await?;
            let name = |metadata: &str| {
                let parsed: Value = serde_json::from_str(metadata).unwrap_or_default();
                parsed["client_name"].as_str().unwrap_or_default().to_owned()
            };
            let rows: Vec<_> = found
                .iter()
                .map(|client| {
                    let kind = client.kind.as_str().to_owned();
                    vec![
                        client.id.clone(),
                        name(&client.metadata),
                        kind,
                        client.created_at.to_string(),
                    ]
                })
                .collect();
            if output.json {
                let view = |row: &Vec<String>| json!({"id": row[0], "name": row[1], "kind": row[2], "created_at": row[3]});
                return screen::json(&rows.iter().map(view).collect::<Vec<_>>());
            }
            screen::table(&["id", "name", "kind", "since"], rows, "No client is known.")
        }
        ClientCommand::Create { name, scope, output } => {
            let scopes = Scopes::parse(scope);
            if scopes.is_empty() {
                return Err(Error::invalid(format!("{scope:?} names no scope")).hint(format!(
                    "known are: {}",
                    Scopes::names().collect::<Vec<_>>().join(", ")
                )));
            }
            let keys = SigningKeys::new(store.clone(), Arc::new(vault));
            // Nothing is issued here, so the address does not matter.
            let site = Site::new("http://localhost", []);
            let bearers = Arc::new(Bearers::new(store.clone(), site, keys));
            let oauth = OAuth { store: store.clone(), bearers };
            let made = oauth.create_client(name, scopes, None, now).await;
            let made = made.map_err(|refusal| Error::conflict(refusal.description))?;
            if output.json {
                return screen::json(&json!({"client_id": made.id, "client_secret": made.secret}));
            }
            screen::fields(&[
                ("client id", Some(made.id)),
                ("client secret", made.secret),
                ("", Some("The secret is not shown again.".to_owned())),
            ])
        }
        ClientCommand::Delete { id } => {
            if !store.client_delete(id).await? {
                return Err(Error::not_found("client", id));
            }
            let ended = store.grant_revoke_client(id, now).await?;
            screen::text_line(&format!("Forgotten; {ended} grants ended."))
        }
    }
}

pub(super) async fn secrets(
    store: &Store,
    vault: Vault,
    command: SecretCommand,
) -> Result<Exit, Error> {
    let now = Timestamp::now();
    match command {
        SecretCommand::RotateKey => {
            let count = vault.rotate_key(now).await?;
            screen::text_line(&format!("{count} secrets are encrypted with the new key."))
        }
        SecretCommand::RotateSigningKey => {
            let id = SigningKeys::new(store.clone(), Arc::new(vault)).rotate(now).await?;
            screen::text_line(&format!(
                "Key {id} signs tokens; running servers use it within five minutes."
            ))
        }
    }
}

fn view(grant: &Grant) -> Value {
    json!({
        "id": grant.id,
        "principal": grant.principal,
        "client": grant.client,
        "client_name": grant.client_name,
        "scope": grant.scope,
        "resource": grant.resource,
        "created_at": grant.created_at.to_string(),
        "expires_at": grant.expires_at.to_string(),
        "revoked_at": grant.revoked_at.map(|at| at.to_string()),
    })
}
