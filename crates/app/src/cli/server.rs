//! `serve`, `stdio` and `tour`: the ways to run a server.

use clap::{Args, ValueEnum};

const SERVE_EXAMPLES: &str = "\
Examples:
  pilothouse serve
  pilothouse serve --listen 127.0.0.1:0 --data ./state
  PILOTHOUSE_DATABASE_URL=postgres://pilothouse@db/pilothouse pilothouse serve";

const STDIO_EXAMPLES: &str = "\
Examples:
  pilothouse stdio
  pilothouse stdio --surface tharsis";

#[derive(Clone, Debug, Args)]
#[command(after_help = SERVE_EXAMPLES)]
pub struct ServeArguments {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:7777]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Only the port: listen on 127.0.0.1
    #[arg(long, value_name = "NUMBER", conflicts_with = "listen")]
    pub port: Option<u16>,
}

#[derive(Clone, Debug, Args)]
#[command(after_help = STDIO_EXAMPLES)]
pub struct StdioArguments {
    /// The set of tools to offer
    #[arg(long, value_enum, default_value_t)]
    pub surface: Surface,
    /// Offer the tools of this agent space instead
    #[arg(long, value_name = "ID", conflicts_with = "surface")]
    pub space: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct TourArguments {
    /// The platform to work on
    #[arg(long, value_enum, default_value_t)]
    pub platform: TourPlatform,
    /// Leave the server running afterwards, until interrupted
    #[arg(long)]
    pub keep: bool,
}

/// What a tour is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TourPlatform {
    /// Terraform on the embedded platform: a run fails, is fixed and applied
    #[default]
    Tharsis,
    /// A Harness in memory: a deployment failed, and is repeated
    Harness,
}

/// The set of MCP tools that a client sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Surface {
    /// A dozen generic verbs over every platform
    #[default]
    Unified,
    /// The tools of the Harness MCP server
    Harness,
    /// The tools of the Tharsis MCP server
    Tharsis,
    /// The tools of the MCTL MCP server
    Mctl,
    /// The tools of the Thanos MCP server
    Thanos,
}

impl Surface {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unified => "unified",
            Self::Harness => "harness",
            Self::Tharsis => "tharsis",
            Self::Mctl => "mctl",
            Self::Thanos => "thanos",
        }
    }
}
