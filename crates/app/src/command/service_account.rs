//! `accounts service`: identities of machines on the embedded platform.

use std::time::Duration;

use pilothouse_control::terraform::operator::{Account, NewAccount};
use pilothouse_model::Error;
use pilothouse_store::access::TrustPolicy;
use serde_json::{Value, json};

use super::screen;
use crate::{
    cli::{Output, SecretLifetime, ServiceAccountCommand, ServiceAccountCreate},
    compose::Product,
    exit::Exit,
};

pub(super) async fn run(product: &Product, command: &ServiceAccountCommand) -> Result<Exit, Error> {
    use ServiceAccountCommand as Command;
    let caller = product.operator();
    let operator = product.terraform.operator(&caller)?;
    match command {
        Command::List { output } => list(&operator.account_list().await?, *output),
        Command::Create(wanted) => {
            made(&operator.account_create(new(wanted)).await?, wanted.output)
        }
        Command::Rotate { name, lifetime, output } => {
            let lifetime = Some(duration(*lifetime));
            made(&operator.account_rotate(&name.account, lifetime).await?, *output)
        }
        Command::Disable { name } => {
            let account = operator.account_set_disabled(&name.account, true).await?;
            screen::text_line(&format!("Nothing is accepted from {} any more.", account.path))
        }
        Command::Enable { name } => {
            let account = operator.account_set_disabled(&name.account, false).await?;
            screen::text_line(&format!("{} can sign in again.", account.path))
        }
        Command::Delete { name } => {
            operator.account_delete(&name.account).await?;
            screen::text_line(&format!("{} is gone, with its roles.", name.account))
        }
    }
}

fn duration(lifetime: SecretLifetime) -> Duration {
    Duration::from_hours(24 * u64::from(lifetime.days))
}

fn new(wanted: &ServiceAccountCreate) -> NewAccount<'_> {
    let trust_policy = wanted.issuer.as_ref().map(|issuer| TrustPolicy {
        issuer: issuer.clone(),
        glob: wanted.claims.iter().any(|(_, value)| value.contains('*')),
        bound_claims: wanted.claims.iter().cloned().collect(),
    });
    NewAccount {
        path: &wanted.name.account,
        description: &wanted.description,
        client_credentials: trust_policy.is_none(),
        lifetime: trust_policy.is_none().then(|| duration(wanted.lifetime)),
        trust_policy,
    }
}

fn list(accounts: &[Account], output: Output) -> Result<Exit, Error> {
    if output.json {
        return screen::json(&accounts.iter().map(view).collect::<Vec<_>>());
    }
    let rows = accounts.iter().map(row).collect();
    let header = ["account", "subject", "state", "secret expires", "trusts"];
    screen::table(&header, rows, "There are no service accounts.")
}

/// An account whose secret, if one was made, is shown this once.
fn made(account: &Account, output: Output) -> Result<Exit, Error> {
    if output.json {
        return screen::json(&view(account));
    }
    let Account { path, id, subject, .. } = account;
    let roles = format!("It is {subject}; give it roles with pilothouse members grant.");
    match (&account.secret, account.secret_expires_at) {
        (Some(secret), Some(end)) => screen::text_line(&format!(
            "client id      {id}\nclient secret  {secret}\n\n\
             This is the only time the secret of {path} is shown. It expires at {end}.\n{roles}"
        )),
        _ => screen::text_line(&format!(
            "account id  {id}\n\n{path} signs in with tokens of {}.\n{roles}",
            account.issuers.join(", ")
        )),
    }
}

fn state(account: &Account) -> &'static str {
    if account.disabled { "disabled" } else { "ok" }
}

fn row(account: &Account) -> Vec<String> {
    let expires = account.secret_expires_at.map_or_else(String::new, |at| at.to_string());
    vec![
        account.path.clone(),
        account.subject.clone(),
        state(account).to_owned(),
        expires,
        account.issuers.join(", "),
    ]
}

fn view(account: &Account) -> Value {
    let mut view = json!({
        "account": account.path,
        "client_id": account.id,
        "subject": account.subject,
        "state": state(account),
        "client_secret_expires_at": account.secret_expires_at.map(|at| at.to_string()),
        "issuers": account.issuers,
    });
    if let Some(secret) = &account.secret {
        view["client_secret"] = json!(secret);
    }
    view
}
