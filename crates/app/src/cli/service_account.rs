//! `accounts service`: identities of machines.

use clap::{Args, Subcommand};

use super::Output;

const EXAMPLES: &str = "\
Examples:
  pilothouse accounts service create acme/ci --days 30
  pilothouse accounts service create acme/github --issuer https://token.actions.githubusercontent.com \\
      --claim 'sub=repo:acme/infra:*' --claim aud=pilothouse
  pilothouse members grant sa:0193… deployer acme";

/// A path as people write it.
#[derive(Clone, Debug, Args)]
pub struct ServiceAccountName {
    /// The group's path and the account's name, as in acme/ci
    #[arg(value_name = "ACCOUNT")]
    pub account: String,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct SecretLifetime {
    /// Until the secret expires
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=90))]
    pub days: u16,
}

#[derive(Clone, Debug, Subcommand)]
pub enum ServiceAccountCommand {
    /// List service accounts and when their secrets expire
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Make a service account in a group; its secret is shown this once
    #[command(after_help = EXAMPLES)]
    Create(ServiceAccountCreate),
    /// Make a new secret; the present one works for one more day
    Rotate {
        #[command(flatten)]
        name: ServiceAccountName,
        #[command(flatten)]
        lifetime: SecretLifetime,
        #[command(flatten)]
        output: Output,
    },
    /// Accept nothing from an account any more, tokens that it has included
    Disable {
        #[command(flatten)]
        name: ServiceAccountName,
    },
    /// Accept a disabled account again
    Enable {
        #[command(flatten)]
        name: ServiceAccountName,
    },
    /// Delete an account with its secrets and its roles
    Delete {
        #[command(flatten)]
        name: ServiceAccountName,
    },
}

#[derive(Clone, Debug, Args)]
pub struct ServiceAccountCreate {
    #[command(flatten)]
    pub name: ServiceAccountName,
    /// What it is for
    #[arg(long, default_value = "")]
    pub description: String,
    #[command(flatten)]
    pub lifetime: SecretLifetime,
    /// Instead of a secret: trust tokens of this issuer
    #[arg(long, value_name = "URL", requires = "claims")]
    pub issuer: Option<String>,
    /// What they must say, for instance sub=repo:acme/*; may be repeated
    #[arg(long = "claim", value_name = "NAME=VALUE", requires = "issuer", value_parser = claim)]
    pub claims: Vec<(String, String)>,
    #[command(flatten)]
    pub output: Output,
}

fn claim(text: &str) -> Result<(String, String), pilothouse_model::Error> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| pilothouse_model::Error::invalid("write it as name=value"))?;
    Ok((name.to_owned(), value.to_owned()))
}
