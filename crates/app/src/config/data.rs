//! Where everything that must survive a restart lives.

use std::path::{Path, PathBuf};

use pilothouse_model::Error;
use secrecy::SecretString;

use super::{
    parse,
    reader::Reader,
    setting::{Group, Setting},
};
use crate::place::Places;

#[derive(Clone, Debug)]
pub struct Data {
    /// Database, keys, uploads and job directories.
    pub directory: PathBuf,
    /// It is where every command looks that is told nothing else.
    usual: bool,
    /// The database is not in it.
    elsewhere: bool,
    /// May hold a password.
    pub database_url: SecretString,
    /// Seals what is secret in the database; without it, a key file in the directory does.
    pub master_key: Option<SecretString>,
}

pub(super) const DIRECTORY: Setting = Setting::new(
    "data.directory",
    "PILOTHOUSE_DATA",
    "a directory",
    "Database, keys, uploads and job directories. Without it: `pilothouse` in the user's data directory.",
);
const DATABASE_URL: Setting = Setting::new(
    "data.database_url",
    "PILOTHOUSE_DATABASE_URL",
    "sqlite:///path/file.db or postgres://user@host/name",
    "The database. Without it: SQLite in the data directory.",
)
.secret();
const MASTER_KEY: Setting = Setting::new(
    "data.master_key",
    "PILOTHOUSE_MASTER_KEY",
    "32 bytes in base64; after a comma, the key before it",
    "Encrypts secrets in the database. Without it: `master.key` in the data directory, made at first start.",
)
.secret();

pub(super) static GROUP: Group = Group {
    title: "Data",
    about: "What must survive a restart.",
    settings: &[&DIRECTORY, &DATABASE_URL, &MASTER_KEY],
};

impl Data {
    pub(super) fn read(reader: &mut Reader<'_>, places: &Places<'_>) -> Option<Self> {
        let directory = reader.optional(&DIRECTORY, parse::path);
        let database_url = reader.optional(&DATABASE_URL, database_url);
        let master_key = reader.optional(&MASTER_KEY, parse::secret);
        let usual = places.data().map(|data| data.join("pilothouse"));
        let directory = directory.or_else(|| usual.clone());
        let Some(directory) = directory else {
            reader.problems.add(format!(
                "{} is not set and there is no home directory to put it in",
                DIRECTORY.variable
            ));
            return None;
        };
        let usual = usual.as_ref() == Some(&directory);
        let mut data = Self { usual, master_key, ..Self::in_directory(directory) };
        if let Some(url) = database_url {
            data.database_url = url;
            data.elsewhere = true;
        }
        Some(data)
    }

    /// Everything in one directory, with SQLite.
    pub fn in_directory(directory: PathBuf) -> Self {
        let database_url = SecretString::from(sqlite_url(&directory));
        Self { directory, usual: false, elsewhere: false, database_url, master_key: None }
    }

    /// Fails for a directory that somebody named and that is not there: only a server makes one, so
    /// that a mistyped name is not answered with nothing.
    pub fn require(&self) -> Result<(), Error> {
        if self.usual || self.elsewhere || self.directory.exists() {
            return Ok(());
        }
        let directory = self.directory.display();
        Err(Error::unavailable(format!("there is no data directory {directory}"))
            .hint("check --data and PILOTHOUSE_DATA; `pilothouse serve` makes the directory"))
    }

    /// How an operator calls this program about this directory, as a shell takes it.
    pub fn operator_command(&self) -> String {
        if self.usual {
            return "pilothouse".to_owned();
        }
        let absolute = std::path::absolute(&self.directory);
        let directory = absolute.as_deref().unwrap_or(&self.directory).display().to_string();
        let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
        if directory.chars().all(plain) {
            return format!("pilothouse --data {directory}");
        }
        format!("pilothouse --data '{}'", directory.replace('\'', r"'\''"))
    }
}

fn sqlite_url(directory: &Path) -> String {
    format!("sqlite://{}", directory.join("pilothouse.db").display())
}

fn database_url(text: &str) -> Option<SecretString> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    known.iter().any(|scheme| text.starts_with(scheme)).then(|| SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_directory_must_be_there_if_it_has_the_database() {
        let known = Data::in_directory(std::env::temp_dir());
        let mistyped = Data::in_directory("/nonexistent/pilothouse".into());
        for (data, good) in [
            (known, true),
            (Data { usual: true, ..mistyped.clone() }, true),
            (Data { elsewhere: true, ..mistyped.clone() }, true),
            (mistyped, false),
        ] {
            assert_eq!(data.require().is_ok(), good, "{data:?}");
        }
    }

    #[test]
    fn the_operator_is_told_the_directory_unless_it_is_the_usual_one() {
        for (directory, usual, command) in [
            ("/home/ada/.local/share/pilothouse", true, "pilothouse"),
            ("/srv/pilot", false, "pilothouse --data /srv/pilot"),
            ("/srv/my pilot's", false, r"pilothouse --data '/srv/my pilot'\''s'"),
        ] {
            let data = Data { usual, ..Data::in_directory(directory.into()) };
            assert_eq!(data.operator_command(), command);
        }
    }
}
