//! `audit`: the record of every call.

use clap::Args;

use super::{Limit, Output};

#[derive(Clone, Debug, Args)]
#[command(after_help = "Example:\n  pilothouse audit --tool infra_execute -n 5 --json")]
pub struct AuditArguments {
    /// Only calls of this principal, for instance user:ada
    #[arg(long, value_name = "ID")]
    pub principal: Option<String>,
    /// Only calls of this tool
    #[arg(long, value_name = "NAME")]
    pub tool: Option<String>,
    /// Only writes without an outcome: under way, or interrupted and their outcome unknown
    #[arg(long)]
    pub unfinished: bool,
    #[command(flatten)]
    pub limit: Limit,
    #[command(flatten)]
    pub output: Output,
}
