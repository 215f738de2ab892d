//! `keys`: API keys.

use std::time::Duration;

use pilothouse_access::api_key::{self, NewApiKey};
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::access::ApiKey;
use serde_json::{Value, json};

use super::screen;
use crate::{
    cli::{KeyCommand, KeyCreateArguments},
    compose::Product,
    exit::Exit,
};

pub(super) async fn run(product: &Product, command: &KeyCommand) -> Result<Exit, Error> {
    match command {
        KeyCommand::Create(arguments) => create(product, arguments).await,
        KeyCommand::List(output) => {
            let found = product.store.api_key_list().await?;
            if output.json {
                return screen::json(&found.iter().map(view).collect::<Vec<_>>());
            }
            let rows = found.iter().map(row).collect();
            screen::table(
                &["name", "id", "state", "spaces", "expires", "by"],
                rows,
                "There are no keys.",
            )
        }
        KeyCommand::Revoke { key } => revoke(product, key).await,
    }
}

async fn create(product: &Product, arguments: &KeyCreateArguments) -> Result<Exit, Error> {
    let new = NewApiKey {
        name: &arguments.name,
        grants: &arguments.grants,
        spaces: &arguments.spaces,
        lifetime: Duration::from_hours(u64::from(arguments.days) * 24),
        created_by: &product.operator.id,
    };
    let (key, text) = api_key::create(&product.store, new, Timestamp::now()).await?;
    if arguments.output.json {
        let mut shown = view(&key);
        shown["key"] = json!(text);
        return screen::json(&shown);
    }
    screen::text_line(&format!(
        "{text}\n\nThis is the only time the key is shown. It is {} and expires at {}.",
        key.subject(),
        key.expires_at
    ))
}

async fn revoke(product: &Product, name: &str) -> Result<Exit, Error> {
    let keys = product.store.api_key_list().await?;
    let Some(key) = keys.iter().find(|key| key.name == name || key.id == name) else {
        return Err(Error::not_found("API key", name).hint("pilothouse keys list shows the keys"));
    };
    if !product.store.api_key_revoke(&key.id, Timestamp::now()).await? {
        return Err(Error::conflict(format!("the key {:?} was revoked before", key.name)));
    }
    screen::text_line(&format!("The key {:?} is worth nothing from the next call on.", key.name))
}

fn state(key: &ApiKey) -> &'static str {
    if key.revoked_at.is_some() {
        "revoked"
    } else if key.expires_at <= Timestamp::now() {
        "expired"
    } else {
        "ok"
    }
}

fn row(key: &ApiKey) -> Vec<String> {
    vec![
        key.name.clone(),
        key.id.clone(),
        state(key).to_owned(),
        if key.spaces.is_empty() { "-".to_owned() } else { key.spaces.join(", ") },
        key.expires_at.to_string(),
        key.created_by.clone(),
    ]
}

fn view(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "subject": key.subject(),
        "name": key.name,
        "state": state(key),
        "spaces": key.spaces,
        "created_by": key.created_by,
        "created_at": key.created_at.to_string(),
        "expires_at": key.expires_at.to_string(),
        "revoked_at": key.revoked_at.map(|at| at.to_string()),
    })
}
