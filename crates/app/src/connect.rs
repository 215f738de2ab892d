//! `pilothouse connect`: the configuration of MCP clients, printed or merged into their own files.
//!
//! Knows the clients' files and nothing of what a server does.

mod client;
mod entry;
mod file;
mod merge;

#[cfg(test)]
mod tests;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anstyle::{AnsiColor, Style};
use pilothouse_model::Error;
use pilothouse_registry::Catalog;
use serde_json::{Map, Value};

use self::entry::HARNESS_KEY;
pub use self::{
    client::Client,
    entry::{Reach, Remote, Start},
    file::MAX_FILE_BYTES,
};
use crate::{
    cli::{ConnectArguments, Global, Surface},
    config::TOKEN_VARIABLE,
    exit::{Exit, after_write},
    place::Places,
};

/// The parts of this machine that a client's configuration refers to.
struct Machine<'a> {
    places: Places<'a>,
    /// This program, absolute.
    program: PathBuf,
}

/// Where the command answers: the snippet alone on `out`, so that it can be piped.
struct Streams<'a> {
    out: &'a mut dyn Write,
    notes: &'a mut dyn Write,
}

const PATH: Style = AnsiColor::Cyan.on_default();

/// Prints the client's configuration, or with `--write` merges it into the client's file.
pub fn run(
    arguments: &ConnectArguments,
    global: &Global,
    places: Places<'_>,
) -> Result<Exit, Error> {
    let program = std::env::current_exe().map_err(Error::internal)?;
    let machine = Machine { places, program };
    let (mut out, mut notes) = (anstream::stdout(), anstream::stderr());
    connect(arguments, global, &machine, &mut Streams { out: &mut out, notes: &mut notes })
}

fn connect(
    arguments: &ConnectArguments,
    global: &Global,
    machine: &Machine<'_>,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    check_served(arguments)?;
    let client = arguments.client;
    let name = arguments.name.clone().unwrap_or_else(|| default_name(arguments));
    let entry = client.entry(&reach(arguments, global, machine)?)?;
    let file = client.file(&machine.places).ok_or_else(|| {
        Error::unavailable("cannot find a home directory for the client's file")
            .hint("set HOME (USERPROFILE and APPDATA on Windows)")
    })?;
    if arguments.write {
        let written = file::write(&file, client.servers_key(), &name, &entry)?;
        return after_write(tell(arguments, &written, streams.notes));
    }
    after_write(show(arguments, &file, &snippet(client, &name, entry), streams))
}

/// The smallest file that holds the entry.
fn snippet(client: Client, name: &str, entry: Map<String, Value>) -> Value {
    let servers = Map::from_iter([(name.to_owned(), Value::Object(entry))]);
    Map::from_iter([(client.servers_key().to_owned(), Value::Object(servers))]).into()
}

fn reach(
    arguments: &ConnectArguments,
    global: &Global,
    machine: &Machine<'_>,
) -> Result<Reach, Error> {
    if let Some(url) = &arguments.url {
        return Ok(Reach::Url(Remote { url: url.clone(), token: arguments.token }));
    }
    let mut words = vec!["stdio".to_owned()];
    if arguments.surface != Surface::default() {
        words.extend(["--surface".to_owned(), arguments.surface.as_str().to_owned()]);
    }
    for (flag, path) in
        [("--data", &global.data), ("--config", &global.config), ("--env-file", &global.env_file)]
    {
        if let Some(path) = path {
            let path = std::path::absolute(path)
                .map_err(|error| Error::invalid(format!("{flag} {}: {error}", path.display())))?;
            words.extend([flag.to_owned(), utf8(&path)?]);
        }
    }
    let mut environment = entry::environment(machine.places.environment);
    if arguments.surface == Surface::Harness {
        environment.extend(entry::harness(arguments.client, machine.places.environment));
    }
    Ok(Reach::Start(Start { program: utf8(&machine.program)?, arguments: words, environment }))
}

/// A client could not start what this program does not serve.
fn check_served(arguments: &ConnectArguments) -> Result<(), Error> {
    let name = arguments.surface.as_str();
    let served: Vec<&str> = Catalog::embedded().names().collect();
    if arguments.surface == Surface::Unified || served.contains(&name) {
        return Ok(());
    }
    Err(Error::not_found("surface", name)
        .hint(format!("this version serves unified, {}", served.join(", "))))
}

fn default_name(arguments: &ConnectArguments) -> String {
    match arguments.surface {
        Surface::Unified => "pilothouse".to_owned(),
        surface => format!("pilothouse-{}", surface.as_str()),
    }
}

fn utf8(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Error::invalid(format!("{} cannot be written into JSON", path.display()))
            .hint("a client's file can only name paths that are UTF-8")
    })
}

fn show(
    arguments: &ConnectArguments,
    file: &Path,
    snippet: &Value,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    let title = arguments.client.title();
    writeln!(streams.notes, "{title} reads {PATH}{}{PATH:#}.", file.display())?;
    writeln!(streams.notes, "Merge this into it, or run the command again with --write:\n")?;
    streams.notes.flush()?;
    writeln!(streams.out, "{snippet:#}")?;
    writeln!(streams.notes)?;
    advise(arguments, streams.notes)
}

fn tell(
    arguments: &ConnectArguments,
    written: &file::Written,
    notes: &mut dyn Write,
) -> io::Result<()> {
    let path = written.path.display();
    if !written.changed {
        return writeln!(notes, "{PATH}{path}{PATH:#} is up to date.");
    }
    writeln!(notes, "Wrote {PATH}{path}{PATH:#}.")?;
    if let Some(backup) = &written.backup {
        writeln!(notes, "What it was before is in {PATH}{}{PATH:#}.", backup.display())?;
    }
    advise(arguments, notes)
}

/// What is left to do for a person.
fn advise(arguments: &ConnectArguments, notes: &mut dyn Write) -> io::Result<()> {
    if arguments.surface == Surface::Harness {
        match arguments.client.remote() {
            Some(_) => writeln!(notes, "Set {HARNESS_KEY} where the client starts.")?,
            None => writeln!(notes, "Put your key in the place of {HARNESS_KEY} in that file.")?,
        }
    }
    if arguments.url.is_some() && !arguments.token {
        writeln!(
            notes,
            "It signs in with a browser when it first connects. `pilothouse serve` says how the \
             first account is made; --token is for who cannot sign in."
        )?;
    }
    if arguments.token {
        writeln!(
            notes,
            "Set {TOKEN_VARIABLE} where the client starts; `pilothouse serve` says where the token is."
        )?;
    }
    writeln!(notes, "{}", arguments.client.afterwards())
}
