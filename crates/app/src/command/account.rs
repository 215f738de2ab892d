//! `accounts`: who may sign in.

use std::io::{self, BufRead as _};

use pilothouse_access::people;
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::identity::Account;
use serde_json::{Value, json};

use super::{screen, service_account};
use crate::{cli::AccountCommand, compose::Product, exit::Exit};

pub(super) async fn run(product: &Product, command: &AccountCommand) -> Result<Exit, Error> {
    let store = &product.store;
    let now = Timestamp::now();
    match command {
        AccountCommand::List { output } => {
            let found = store.account_list().await?;
            if output.json {
                return screen::json(&found.iter().map(view).collect::<Vec<_>>());
            }
            let rows = found.iter().map(row).collect();
            screen::table(&["name", "role", "state", "since"], rows, "Nobody has an account.")
        }
        AccountCommand::Create { name, admin } => {
            let made = people::create(store, name, &password()?, *admin, now).await?;
            screen::text_line(&format!("{} can sign in.", made.name))
        }
        AccountCommand::Disable { name } => {
            people::set_disabled(store, name, true, now).await?;
            screen::text_line(&format!("{name} is shut out."))
        }
        AccountCommand::Enable { name } => {
            people::set_disabled(store, name, false, now).await?;
            screen::text_line(&format!("{name} can sign in again."))
        }
        AccountCommand::Link { name, issuer, subject } => {
            people::link(store, name, issuer, subject).await?;
            screen::text_line(&format!("{subject} of {issuer} signs in as {name}."))
        }
        AccountCommand::Unlink { name } => {
            people::unlink(store, name).await?;
            screen::text_line(&format!("{name} signs in with a password only."))
        }
        AccountCommand::Password { name } => {
            people::set_password(store, name, &password()?).await?;
            screen::text_line(&format!("{name} has a new password."))
        }
        AccountCommand::Service(command) => service_account::run(product, command).await,
    }
}

/// The first line of standard input: never an argument, which others on the machine can read.
fn password() -> Result<String, Error> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn state(account: &Account) -> &'static str {
    if account.disabled { "disabled" } else { "ok" }
}

fn row(account: &Account) -> Vec<String> {
    let role = if account.admin { "admin" } else { "user" };
    vec![
        account.name.clone(),
        role.to_owned(),
        state(account).to_owned(),
        account.created_at.to_string(),
    ]
}

fn view(account: &Account) -> Value {
    json!({
        "name": account.name,
        "admin": account.admin,
        "issuer": account.identity.as_ref().map(|(issuer, _)| issuer),
        "subject": account.identity.as_ref().map(|(_, subject)| subject),
        "state": state(account),
        "created_at": account.created_at.to_string(),
    })
}
