//! The `pilothouse` program: reads the command line, does what it says, ends with an exit code.

use std::process::ExitCode;

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
    let environment = Environment::of_process();
    let places = Places { system: System::current(), environment: &environment };
    let exit = run(&cli, &places).unwrap_or_else(|error| {
        // Nothing is left to tell when standard error itself is gone.
        let _ = exit::report(&error, &mut anstream::stderr());
        Exit::of(error.kind)
    });
    exit.into()
}

fn run(cli: &Cli, places: &Places<'_>) -> Result<Exit, Error> {
    let config = Config::load(&cli.configuration(), places)?;
    telemetry::start(&config.log)?;
    let runtime = runtime(&cli.command).map_err(Error::internal)?;
    runtime.block_on(command::run(cli, config, places))
}

/// One thread is enough for one client; a server takes what the machine has.
fn runtime(command: &Command) -> std::io::Result<Runtime> {
    match command {
        Command::Serve(_) | Command::Tour(_) => Builder::new_multi_thread().enable_all().build(),
        _ => Builder::new_current_thread().enable_all().build(),
    }
}
