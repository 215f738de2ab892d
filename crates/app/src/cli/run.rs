//! `runs`: looking at Terraform runs.

use clap::{Args, Subcommand};

use super::{Limit, Output};

const LOGS_EXAMPLES: &str = "\
Examples:
  pilothouse runs logs RUN
  pilothouse runs logs -f RUN          until the run has ended; exits 1 if it failed";

#[derive(Clone, Debug, Subcommand)]
pub enum RunCommand {
    /// List runs, newest first
    List(RunListArguments),
    /// Show one run with its plan, its apply and what went wrong
    Show {
        /// Identifier or TRN of the run
        run: String,
        #[command(flatten)]
        output: Output,
    },
    /// Print the log of a run
    #[command(after_help = LOGS_EXAMPLES)]
    Logs(RunLogsArguments),
}

#[derive(Clone, Debug, Args)]
pub struct RunListArguments {
    /// Only runs of this workspace, for instance acme/network
    #[arg(long, value_name = "PATH")]
    pub workspace: Option<String>,
    #[command(flatten)]
    pub limit: Limit,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, Args)]
pub struct RunLogsArguments {
    /// Identifier or TRN of the run
    pub run: String,
    /// Keep printing until the run has ended
    #[arg(long, short)]
    pub follow: bool,
}
