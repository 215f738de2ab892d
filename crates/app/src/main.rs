//! The `pilothouse` program: reads the command line, does what it says, ends with an exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};
use pilothouse_app::{
    cli::{Cli, Command},
    connect,
    environment::Environment,
    exit::{self, Exit},
    place::{Places, System},
};
use pilothouse_model::Error;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let environment = Environment::of_process();
    let places = Places { system: System::current(), environment: &environment };
    let exit = run(&cli, places).unwrap_or_else(|error| {
        // Nothing is left to tell when standard error itself is gone.
        let _ = exit::report(&error, &mut anstream::stderr());
        Exit::of(error.kind)
    });
    exit.into()
}

fn run(cli: &Cli, places: Places<'_>) -> Result<Exit, Error> {
    match &cli.command {
        Command::Connect(arguments) => connect::run(arguments, &cli.global, places),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "pilothouse", &mut script);
            exit::after_write(io::stdout().write_all(&script))
        }
        _ => Err(Error::unavailable("this build has no such command yet")),
    }
}
