//! `login`, `logout` and `whoami`: a person at a running server.

use clap::Args;
use url::Url;

const EXAMPLES: &str = "\
Examples:
  pilothouse login                                   to the server on this machine
  pilothouse login --url https://ops.example.com
  pilothouse login --no-browser                      the browser is on another machine";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LoginArguments {
    /// The server [default: the one that the configuration describes]
    #[arg(long, value_name = "URL")]
    pub url: Option<Url>,
    /// What to ask for
    #[arg(long, value_name = "SCOPES", default_value = "mcp:read mcp:write")]
    pub scope: String,
    /// Wait for nothing on this machine: the address that the browser ends at is pasted here
    #[arg(long)]
    pub no_browser: bool,
}
