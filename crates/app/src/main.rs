//! The `pilothouse` program: reads the command line, does what it says, ends with an exit code.

use std::{
    ffi::OsString,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use mimalloc::MiMalloc;
use pilothouse_app::{
    cli::Cli,
    command,
    config::Config,
    environment::Environment,
    exit::{self, Exit},
    login,
    place::{Places, System},
    runtime, telemetry,
};
use pilothouse_control::process::supervisor;
use pilothouse_model::Error;

/// A call allocates hundreds of small pieces; with the C library's allocator it takes a quarter more
/// time in user mode.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == supervisor::COMMAND) {
        return supervise(arguments);
    }
    let cli = Cli::parse();
    let exit = run(&cli).unwrap_or_else(|error| {
        // Nothing is left to tell when standard error itself is gone.
        let _ = exit::report(&error, &mut anstream::stderr());
        Exit::of(error.kind)
    });
    exit.into()
}

/// A job's process, which reads no configuration.
fn supervise(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    supervisor::run(arguments)
        .unwrap_or_else(|error| {
            // The server may be gone.
            let _ = writeln!(anstream::stderr(), "pilothouse: {error}");
            supervisor::UNABLE
        })
        .into()
}

/// On Linux by a name that stays good when the file is replaced by a newer one.
fn executable() -> Option<PathBuf> {
    if cfg!(target_os = "linux") {
        return Some("/proc/self/exe".into());
    }
    std::env::current_exe().ok()
}

fn run(cli: &Cli) -> Result<Exit, Error> {
    let stated = cli.global.env_file.as_deref();
    let environment = Environment::of_process().with_file(stated, Path::new("."))?;
    let places = Places { system: System::current(), environment: &environment };
    let mut config = Config::load(&cli.configuration(), &places)?;
    config.terraform.supervisor = executable();
    config.private.push(stated.unwrap_or(Path::new(".env")).to_owned());
    config.private.extend(login::file::path(&places).ok());
    telemetry::start(&config.log)?;
    for (variable, instead) in &config.without_effect {
        tracing::warn!("{variable} has no effect: {instead}");
    }
    let runtime = runtime::of(&cli.command, config.server.workers).map_err(Error::internal)?;
    runtime.block_on(command::run(cli, config, &places))
}
