//! `keys`: API keys.

use clap::{Args, Subcommand};
use pilothouse_model::{Namespace, Role};

use super::Output;

const EXAMPLES: &str = "\
Examples:
  pilothouse keys create ci --role viewer=acme/prod
  pilothouse keys create ops --role deployer=acme --role viewer=harness: --days 30";

#[derive(Clone, Debug, Subcommand)]
pub enum KeyCommand {
    /// Make an API key; it is shown this once
    #[command(after_help = EXAMPLES)]
    Create(KeyCreateArguments),
    /// List API keys, without the keys
    List(Output),
    /// End an API key at once
    Revoke {
        /// Name or identifier of the key
        key: String,
    },
}

#[derive(Clone, Debug, Args)]
pub struct KeyCreateArguments {
    /// What it is for
    pub name: String,
    /// A role and where, for instance viewer=acme/prod; may be repeated
    #[arg(long = "role", value_name = "ROLE=NAMESPACE", required = true, value_parser = grant)]
    pub grants: Vec<(Role, Namespace)>,
    /// An agent space, if the key shall open nothing else; may be repeated
    #[arg(long = "space", value_name = "ID")]
    pub spaces: Vec<String>,
    /// Until it expires
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=365))]
    pub days: u16,
    #[command(flatten)]
    pub output: Output,
}

fn grant(text: &str) -> Result<(Role, Namespace), pilothouse_model::Error> {
    let (role, namespace) = text
        .split_once('=')
        .ok_or_else(|| pilothouse_model::Error::invalid("write it as role=namespace"))?;
    Ok((role.parse()?, namespace.parse()?))
}
