//! `clients`: programs that may act in their own name, or for people.

use std::{fs::File, io::Read as _, path::Path, sync::Arc};

use jsonwebtoken::jwk::JwkSet;
use pilothouse_access::{
    Bearers, OAuth, Site, Vault,
    oauth::{
        assertion,
        client::{NewClient, Registered},
    },
    signing::SigningKeys,
};
use pilothouse_model::{Error, Scopes, Timestamp};
use pilothouse_store::{Store, identity::Client};
use serde_json::{Value, json};

use super::screen;
use crate::{cli::ClientCommand, exit::Exit};

/// A larger file with keys is refused.
const MOST_KEY_BYTES: u64 = 64 * 1024;

pub(super) async fn run(
    store: &Store,
    vault: Vault,
    command: &ClientCommand,
) -> Result<Exit, Error> {
    let now = Timestamp::now();
    match command {
        ClientCommand::List { output } => {
            let found = store.client_list().await?;
            if output.json {
                return screen::json(&found.iter().map(view).collect::<Vec<_>>());
            }
            let rows = found.iter().map(row).collect();
            screen::table(&["id", "name", "kind", "since"], rows, "No client is known.")
        }
        ClientCommand::Create { name, scope, keys, redirects, output } => {
            let redirect_uris = redirects.clone();
            let (scopes, jwks) = (scopes(scope)?, jwks(keys.as_deref())?);
            let new = NewClient { name, scopes, jwks, redirect_uris };
            let made = create(store, vault, new, now).await?;
            if output.json {
                return screen::json(&json!({"client_id": made.id, "client_secret": made.secret}));
            }
            let note = made.secret.is_some().then(|| "The secret is not shown again.".to_owned());
            screen::fields(&[
                ("client id", Some(made.id)),
                ("client secret", made.secret),
                ("", note),
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

async fn create(
    store: &Store,
    vault: Vault,
    new: NewClient<'_>,
    now: Timestamp,
) -> Result<Registered, Error> {
    let signing = SigningKeys::new(store.clone(), Arc::new(vault));
    // Nothing is issued here, so the address does not matter.
    let bearers = Bearers::new(store.clone(), Site::new("http://localhost", []), signing);
    let oauth = OAuth { store: store.clone(), bearers: Arc::new(bearers), documents: None };
    let made = oauth.create_client(new, now).await;
    made.map_err(|refusal| Error::conflict(refusal.description))
}

fn scopes(text: &str) -> Result<Scopes, Error> {
    let scopes = Scopes::parse(text);
    if scopes.is_empty() {
        let known = Scopes::names().collect::<Vec<_>>().join(", ");
        return Err(
            Error::invalid(format!("{text:?} names no scope")).hint(format!("known are: {known}"))
        );
    }
    Ok(scopes)
}

fn jwks(file: Option<&Path>) -> Result<Option<JwkSet>, Error> {
    let text = file.map(read).transpose()?;
    text.as_deref().map(assertion::public_keys).transpose()
}

fn read(file: &Path) -> Result<String, Error> {
    let unreadable = |why: String| Error::invalid(format!("{}: {why}", file.display()));
    let mut text = String::new();
    let opened = File::open(file).map_err(|error| unreadable(error.to_string()))?;
    let read = opened.take(MOST_KEY_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > MOST_KEY_BYTES {
        return Err(unreadable(format!("keys have at most {MOST_KEY_BYTES} bytes")));
    }
    Ok(text)
}

fn name(client: &Client) -> String {
    let metadata: Value = serde_json::from_str(&client.metadata).unwrap_or_default();
    metadata["client_name"].as_str().unwrap_or_default().to_owned()
}

fn row(client: &Client) -> Vec<String> {
    let kind = client.kind.as_str().to_owned();
    vec![client.id.clone(), name(client), kind, client.created_at.to_string()]
}

fn view(client: &Client) -> Value {
    json!({
        "id": client.id,
        "name": name(client),
        "kind": client.kind.as_str(),
        "created_at": client.created_at.to_string(),
    })
}
