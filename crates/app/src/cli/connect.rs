//! `connect`: configuration for MCP clients.

use clap::Args;
use url::Url;

use super::Surface;
use crate::connect::Client;

const EXAMPLES: &str = "\
Examples:
  pilothouse connect cursor
  pilothouse connect claude --surface tharsis --write
  pilothouse connect vscode --url http://127.0.0.1:7777/mcp --write

With --url the client signs in when it first connects. With --token it sends the bearer token that
it finds in the variable PILOTHOUSE_TOKEN instead; no secret is written into its file.";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ConnectArguments {
    #[arg(value_enum)]
    pub client: Client,
    /// The set of tools to offer
    #[arg(long, value_enum, default_value_t, conflicts_with = "url")]
    pub surface: Surface,
    /// Connect to a running server instead of starting one
    #[arg(long, value_name = "URL")]
    pub url: Option<Url>,
    /// Present a token from the client's environment, such as an API key, instead of signing in
    #[arg(long, requires = "url")]
    pub token: bool,
    /// What the client calls this server [default: pilothouse, with the surface behind it]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Merge it into the client's own file, which is backed up first
    #[arg(long)]
    pub write: bool,
}
