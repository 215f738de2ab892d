//! `policy`: rules of the operator's own.

use std::path::PathBuf;

use clap::Subcommand;

const EXAMPLES: &str = "\
Example of a rule:
  [[rule]]
  id = \"freeze\"
  effect = \"forbid\"                  # or ask
  reason = \"nothing changes in production until Monday\"
  operations = [\"write\"]             # tharsis.run.apply, tharsis.run.*, destructive
  namespaces = [\"acme/prod\"]
  except = [\"user:release\"]";

#[derive(Clone, Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum PolicyCommand {
    /// Check a file with rules
    Check { file: PathBuf },
    /// Run the *.case.toml files of a directory against its rules
    Test { directory: PathBuf },
}
