//! `teams`: what is granted to a team is granted to its members.

use clap::{Args, Subcommand};

use super::Output;

const EXAMPLES: &str = "\
Examples:
  pilothouse teams create ops
  pilothouse teams add ops user:jo
  pilothouse members grant team:ops deployer acme";

#[derive(Clone, Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum TeamCommand {
    /// List teams and who is in them
    List(Output),
    /// Make a team
    Create {
        name: String,
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Delete a team, with all that was granted to it
    Delete { name: String },
    /// Put somebody into a team
    Add(TeamMember),
    /// Take somebody out of a team
    Remove(TeamMember),
}

#[derive(Clone, Debug, Args)]
pub struct TeamMember {
    pub team: String,
    /// Who: user:ID, sa:ID, key:ID or github:LOGIN
    pub subject: String,
}
