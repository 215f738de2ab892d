//! `tokens` and `secrets`: what was given to whom, and the keys behind it.

use std::sync::Arc;

use pilothouse_access::{Vault, signing::SigningKeys};
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::{Store, identity::Grant};
use serde_json::{Value, json};

use super::screen;
use crate::{
    cli::{SecretCommand, TokenCommand},
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
            screen::text_line("Revoked. A running server knows in a moment.")
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
        SecretCommand::Seal => {
            let count = store.seal_clear().await?;
            screen::text_line(&format!("{count} values were in the clear and are encrypted now."))
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
