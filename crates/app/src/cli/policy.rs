//! `policy`: policies of the operator's own.

use std::path::PathBuf;

use clap::Subcommand;

const EXAMPLES: &str = "\
Example of a policy:
  @id(\"freeze\")
  @reason(\"nothing changes in production until Monday\")
  forbid (principal, action in Action::\"write\", resource in Namespace::\"acme/prod\")
  unless { principal == User::\"user:release\" };";

#[derive(Clone, Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum PolicyCommand {
    /// Check a *.cedar file
    Check { file: PathBuf },
    /// Run the *.case.toml files of a directory against its policies
    Test { directory: PathBuf },
    /// Print the schema that policies are checked against
    Schema,
}
