//! What each command does. The command line itself is `cli`'s business.

mod account;
mod approval;
mod audit;
mod client;
mod doctor;
mod health;
mod key;
mod login;
mod member;
mod policy;
mod run;
mod screen;
mod service_account;
mod team;
mod token;

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use pilothouse_model::Error;

use crate::{
    cli::{Cli, Command},
    compose::{Product, compose},
    config::Config,
    connect,
    exit::{Exit, after_write},
    place::Places,
    serve, stdio, tour,
};

/// Carries out `cli` under `config`.
pub async fn run(cli: &Cli, config: Config, places: &Places<'_>) -> Result<Exit, Error> {
    match &cli.command {
        Command::Serve(_) => serve::run(config).await,
        Command::Stdio(arguments) => stdio::run(&config, arguments).await,
        Command::Tour(arguments) => Box::pin(tour::run(config, arguments)).await,
        Command::Connect(arguments) => connect::run(arguments, &cli.global, *places),
        Command::Doctor(output) => doctor::run(&config, *output).await,
        Command::Health => health::run(&config).await,
        Command::Login(arguments) => login::run(&config, places, arguments).await,
        Command::Logout => login::logout(places),
        Command::Whoami(output) => login::whoami(places, *output).await,
        Command::Runs(command) => run::run(&open(&config).await?, command).await,
        Command::Approvals(command) => approval::run(&open(&config).await?, command).await,
        Command::Members(command) => member::run(&open(&config).await?, command).await,
        Command::Teams(command) => team::run(&open(&config).await?, command).await,
        Command::Keys(command) => key::run(&open(&config).await?, command).await,
        Command::Audit(arguments) => audit::run(&open(&config).await?, arguments).await,
        Command::Accounts(command) => account::run(&open(&config).await?, command).await,
        Command::Tokens(command) => token::run(&open(&config).await?.store, command).await,
        Command::Clients(command) => {
            let store = open(&config).await?.store;
            client::run(&store, serve::vault(&config, &store), command).await
        }
        Command::Secrets(command) => {
            let store = open(&config).await?.store;
            token::secrets(&store, serve::vault(&config, &store), *command).await
        }
        Command::Policy(command) => policy::run(command),
        Command::Completions { shell } => completions(*shell),
    }
}

/// The product, for a command about what is there already.
async fn open(config: &Config) -> Result<Product, Error> {
    config.data.require()?;
    compose(config).await
}

fn completions(shell: clap_complete::Shell) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pilothouse", &mut script);
    after_write(io::stdout().write_all(&script))
}
