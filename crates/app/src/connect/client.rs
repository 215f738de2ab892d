//! The MCP clients that we know, and how each wants to be told about a server.
//!
//! Sources: each client's own documentation of its configuration file.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::place::Places;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Client {
    /// Claude Desktop
    Claude,
    /// Claude Code
    ClaudeCode,
    /// Cursor
    Cursor,
    /// Visual Studio Code
    Vscode,
    /// Windsurf
    Windsurf,
    /// Gemini CLI
    Gemini,
    /// Amazon Q Developer CLI
    Q,
    /// Kiro
    Kiro,
}

/// How a client writes a server that it reaches by address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remote {
    /// The key of the address.
    pub address: &'static str,
    /// Whether the entry says that it speaks HTTP.
    pub typed: bool,
    /// What stands before and after a variable's name for the client to put its value there.
    pub variable: (&'static str, &'static str),
}

impl Client {
    pub fn title(self) -> &'static str {
        match self {
            Self::Claude => "Claude Desktop",
            Self::ClaudeCode => "Claude Code",
            Self::Cursor => "Cursor",
            Self::Vscode => "Visual Studio Code",
            Self::Windsurf => "Windsurf",
            Self::Gemini => "Gemini CLI",
            Self::Q => "Amazon Q Developer CLI",
            Self::Kiro => "Kiro",
        }
    }

    /// The file with the servers of one user.
    pub fn file(self, places: &Places<'_>) -> Option<PathBuf> {
        let in_home = |path: &str| Some(places.home()?.join(path));
        let in_application_support = |path: &str| Some(places.application_support()?.join(path));
        match self {
            Self::Claude => in_application_support("Claude/claude_desktop_config.json"),
            Self::ClaudeCode => in_home(".claude.json"),
            Self::Cursor => in_home(".cursor/mcp.json"),
            Self::Vscode => in_application_support("Code/User/mcp.json"),
            Self::Windsurf => in_home(".codeium/windsurf/mcp_config.json"),
            Self::Gemini => in_home(".gemini/settings.json"),
            Self::Q => in_home(".aws/amazonq/mcp.json"),
            Self::Kiro => in_home(".kiro/settings/mcp.json"),
        }
    }

    /// The key of the object that holds all servers.
    pub fn servers_key(self) -> &'static str {
        if self == Self::Vscode { "servers" } else { "mcpServers" }
    }

    /// Whether an entry that starts a program says so.
    pub(super) fn types_programs(self) -> bool {
        matches!(self, Self::ClaudeCode | Self::Vscode)
    }

    /// `None` for a client whose file can only start programs.
    pub(super) fn remote(self) -> Option<Remote> {
        let braces = ("${", "}");
        let env = ("${env:", "}");
        let (address, typed, variable) = match self {
            Self::Claude => return None,
            Self::ClaudeCode => ("url", true, braces),
            Self::Cursor => ("url", false, env),
            Self::Vscode | Self::Q => ("url", true, env),
            Self::Windsurf => ("serverUrl", false, env),
            Self::Gemini => ("httpUrl", false, braces),
            Self::Kiro => ("url", false, braces),
        };
        Some(Remote { address, typed, variable })
    }

    /// What the user does for the client to notice.
    pub fn afterwards(self) -> &'static str {
        match self {
            Self::Claude => "Restart Claude Desktop to use it.",
            Self::ClaudeCode => {
                "Start a new session of Claude Code to use it; /mcp shows the connection. A session \
                 that is running may write its own copy of the file over this one."
            }
            Self::Cursor => "Switch it on in Cursor's settings, under MCP.",
            Self::Vscode => {
                "Run the command `MCP: List Servers` in Visual Studio Code to start it."
            }
            Self::Windsurf => "Refresh the MCP servers in Windsurf's Cascade panel.",
            Self::Gemini => "Restart Gemini CLI; /mcp shows the connection.",
            Self::Q => "Start a new `q chat`; /tools shows its tools.",
            Self::Kiro => "Kiro connects when the file changes; the MCP panel shows it.",
        }
    }
}
