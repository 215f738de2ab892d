//! `accounts`, `clients`, `tokens` and `secrets`: who may sign in, which programs may, and what was
//! given to them.

use std::path::PathBuf;

use clap::Subcommand;

use super::Output;

const CLIENT_EXAMPLES: &str = "\
Examples:
  pilothouse clients create nightly --scope \"mcp:read tharsis:write\"
  pilothouse clients create nightly --keys public.jwk.json
  pilothouse clients create aws --redirect https://console.example.com/callback
  pilothouse members grant client:ID deployer acme      a client may do what it is granted";

#[derive(Clone, Debug, Subcommand)]
pub enum AccountCommand {
    /// List who may sign in
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Make an account; the password is read from standard input
    Create {
        name: String,
        /// May administer Pilothouse itself
        #[arg(long)]
        admin: bool,
    },
    /// Shut an account out and end everything it granted
    Disable { name: String },
    /// Let a disabled account in again
    Enable { name: String },
    /// Let the person whom another provider vouches for in under this account
    Link {
        name: String,
        /// The address that the provider issues under
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// Its unchanging id of the person; the page that refuses them shows it
        #[arg(long, value_name = "ID")]
        subject: String,
    },
    /// Take the identity of another provider from an account
    Unlink { name: String },
    /// Set another password, read from standard input, and end the account's sessions
    Password { name: String },
    /// Identities of machines, with secrets or trusted issuers
    #[command(subcommand)]
    Service(super::ServiceAccountCommand),
}

#[derive(Clone, Debug, Subcommand)]
pub enum ClientCommand {
    /// List the OAuth clients that are known
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Make a client that acts in its own name, or for people; its secret is shown once
    #[command(after_help = CLIENT_EXAMPLES)]
    Create {
        name: String,
        /// What it may have at most, for instance "mcp:read tharsis:write"
        #[arg(long, value_name = "SCOPES", default_value = "mcp:read")]
        scope: String,
        /// File with its public keys, as a JSON Web Key or a set of them: it signs with its own
        /// key, by a JWT, and gets no secret
        #[arg(long, value_name = "FILE")]
        keys: Option<PathBuf>,
        /// Where people return to who sign in for it, so that it acts for them; may be repeated
        #[arg(long = "redirect", value_name = "URL")]
        redirects: Vec<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Forget a client and end everything granted to it
    Delete { id: String },
}

#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// List what people and programs hold tokens for
    List {
        /// Also what was revoked or has expired
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        output: Output,
    },
    /// End a grant and all its tokens
    Revoke { id: String },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum SecretCommand {
    /// Make a new master key and encrypt every secret with it
    RotateKey,
    /// Encrypt the variables, states and plans that were stored before they were encrypted
    Seal,
    /// Make a new key that signs tokens; the one before it verifies until its tokens are gone
    RotateSigningKey,
}
