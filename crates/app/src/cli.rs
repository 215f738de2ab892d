//! The command line: what can be said, not what it does.

mod account;
mod approval;
mod audit;
mod connect;
mod key;
mod login;
mod member;
mod policy;
mod reference;
mod run;
mod server;
mod service_account;
mod team;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand,
    builder::{Styles, styling::AnsiColor},
};

pub use self::{
    account::{AccountCommand, ClientCommand, SecretCommand, TokenCommand},
    approval::{ApprovalCommand, ApprovalDecision},
    audit::AuditArguments,
    connect::ConnectArguments,
    key::{KeyCommand, KeyCreateArguments},
    login::LoginArguments,
    member::{Member, MemberCommand, Place},
    policy::PolicyCommand,
    reference::reference,
    run::{RunCommand, RunListArguments, RunLogsArguments},
    server::{ServeArguments, StdioArguments, Surface, TourArguments, TourPlatform},
    service_account::{
        SecretLifetime, ServiceAccountCommand, ServiceAccountCreate, ServiceAccountName,
    },
    team::{TeamCommand, TeamMember},
};
use crate::config;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  pilothouse tour                                watch an agent find, fix and apply a failed run
  pilothouse serve                               everything over HTTP, on 127.0.0.1:7777
  pilothouse connect claude-code --write         let Claude Code use it
  pilothouse runs logs -f RUN                    follow a run
  pilothouse approvals approve ID                release a write that waits for a person

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 something must be installed first.";

/// Lets AI agents operate infrastructure, under rules that people set
#[derive(Clone, Debug, Parser)]
#[command(name = "pilothouse", version, styles = STYLES, after_help = EXAMPLES)]
#[command(disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Database, keys and job directories [default: the user's data directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Configuration file, in TOML
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// File of environment variables [default: .env in the current directory, for Harness' own]
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve MCP and the platforms' own APIs over HTTP
    Serve(ServeArguments),
    /// Serve MCP on standard input and output, for a client that starts this program
    Stdio(StdioArguments),
    /// Watch the main job from end to end: a run fails, is diagnosed, fixed and repeated
    Tour(TourArguments),
    /// Show or write an MCP client's configuration
    Connect(ConnectArguments),
    /// Say what is configured, reachable and missing
    Doctor(Output),
    /// Ask a running server whether it is ready
    Health,
    /// Sign in to a running server, in a browser
    Login(LoginArguments),
    /// Forget that sign-in
    Logout,
    /// Say who is signed in, and what they may do
    Whoami(Output),
    /// Look at Terraform runs
    #[command(subcommand)]
    Runs(RunCommand),
    /// Decide about writes that wait for a person
    #[command(subcommand)]
    Approvals(ApprovalCommand),
    /// Say who has which role where
    #[command(subcommand)]
    Members(MemberCommand),
    /// Make teams, whose members have what they are granted
    #[command(subcommand)]
    Teams(TeamCommand),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Keys(KeyCommand),
    /// Check and try policies of your own
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Show what was called, by whom, and how it ended
    Audit(AuditArguments),
    /// Say who may sign in
    #[command(subcommand)]
    Accounts(AccountCommand),
    /// Say which programs may act in their own name
    #[command(subcommand)]
    Clients(ClientCommand),
    /// Look at and revoke what was granted to clients
    #[command(subcommand)]
    Tokens(TokenCommand),
    /// Change the keys behind secrets and tokens
    #[command(subcommand)]
    Secrets(SecretCommand),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  pilothouse completions bash > ~/.local/share/bash-completion/completions/pilothouse"
    )]
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// How an operator command answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
pub struct Output {
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// How many rows a list has at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct Limit {
    /// Show at most this many, newest first
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
}

impl Cli {
    /// What this command line says about the configuration.
    pub fn configuration(&self) -> config::Arguments {
        let mut flags = Vec::new();
        if let Some(data) = &self.global.data {
            flags.push(config::Flag::data(data));
        }
        if let Command::Serve(serve) = &self.command {
            flags.extend(serve.listen.as_deref().map(config::Flag::listen));
            flags.extend(serve.port.map(config::Flag::port));
        }
        config::Arguments { file: self.global.config.clone(), flags }
    }
}
