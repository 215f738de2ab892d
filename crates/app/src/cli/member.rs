//! `members`: who has which role where.

use clap::{Args, Subcommand};
use pilothouse_model::{Namespace, Role};

use super::Output;

const EXAMPLES: &str = "\
Examples:
  pilothouse members grant key:0193… viewer acme/prod
  pilothouse members grant team:ops owner '*'
  pilothouse members revoke user:jo acme";

#[derive(Clone, Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum MemberCommand {
    /// List roles, of everybody or of one subject, everywhere or in one namespace
    List {
        #[arg(long, value_name = "SUBJECT")]
        subject: Option<String>,
        #[arg(long, value_name = "NAMESPACE")]
        namespace: Option<Namespace>,
        #[command(flatten)]
        output: Output,
    },
    /// Give a role in a namespace and everything below it, instead of the one held there
    Grant {
        #[command(flatten)]
        member: Member,
        /// viewer, publisher, deployer or owner
        role: Role,
        #[command(flatten)]
        place: Place,
    },
    /// Take a role away; what is held above stays
    Revoke {
        #[command(flatten)]
        member: Member,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Clone, Debug, Args)]
pub struct Member {
    /// Who: user:ID, sa:ID, key:ID, github:LOGIN or team:NAME
    pub subject: String,
}

#[derive(Clone, Debug, Args)]
pub struct Place {
    /// Where: acme/network, harness:default/web, harness: or *
    pub namespace: Namespace,
}
