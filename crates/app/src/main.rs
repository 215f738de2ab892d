//! The `pilothouse` program: reads the command line, does what it says, ends with an exit code.

use std::{path::Path, process::ExitCode};

use clap::Parser;
use pilothouse_app::{
    cli::{Cli, Command},
    command,
    config::Config,
    environment::Environment,
    exit::{self, Exit},
    place::{Places, System},
    telemetry,
};
use pilothouse_model::Error;
use tokio::runtime::{Builder, Runtime};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let exit = run(&cli).unwrap_or_else(|error| {
        // Nothing is left to tell when standard error itself is gone.
        let _ = exit::report(&error, &mut anstream::stderr());
        Exit::of(error.kind)
    });
    exit.into()
}

fn run(cli: &Cli) -> Result<Exit, Error> {
    let stated = cli.global.env_file.as_deref();
    let environment = Environment::of_process().with_file(stated, Path::new("."))?;
    let places = Places { system: System::current(), environment: &environment };
    let config = Config::load(&cli.configuration(), &places)?;
    telemetry::start(&config.log)?;
    for (variable, instead) in &config.without_effect {
        tracing::warn!("{variable} has no effect: {instead}");
    }
    let runtime = runtime(&cli.command).map_err(Error::internal)?;
    runtime.block_on(command::run(cli, config, &places))
}

/// One thread is enough for one client; a server takes what the machine has.
fn runtime(command: &Command) -> std::io::Result<Runtime> {
    match command {
        Command::Serve(_) | Command::Tour(_) => Builder::new_multi_thread().enable_all().build(),
        _ => Builder::new_current_thread().enable_all().build(),
    }
}
