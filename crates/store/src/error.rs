//! How the store fails, and what of it a caller may read.

use pilothouse_model::{Error, Kind};
use sqlx::{error::ErrorKind, migrate::MigrateError};

use crate::dialect::{is_transient, is_unstorable};

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A failure of the store. Folds into [`Error`] at the edge of a crate that uses it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database that can be opened. Never repeats the URL: it may hold a password.
    #[error("the database URL cannot be used: {0}")]
    Url(String),
    /// The database exists or should exist, but opening it failed.
    #[error("cannot open the database {name}: {source}")]
    Open { name: String, source: Box<dyn std::error::Error + Send + Sync> },
    /// The schema was written by a program that knows more migrations.
    #[error("the database has migration {0}, which this version does not know")]
    SchemaNewer(i64),
    /// A migration that was applied is not the one this program holds.
    #[error("migration {0} of the database differs from the one of this version")]
    SchemaDiffers(i64),
    #[error("the database schema could not be brought up to date: {0}")]
    Migration(#[source] MigrateError),
    /// A unique key is taken.
    #[error("it already exists")]
    Duplicate(#[source] sqlx::Error),
    /// A row refers to one that is missing, or is still referred to.
    #[error("it refers to something that does not exist, or something still refers to it")]
    Reference(#[source] sqlx::Error),
    /// The target is not in a state that allows this.
    #[error("{0}")]
    Conflict(&'static str),
    /// Text with a character that the engine cannot hold, such as NUL in PostgreSQL.
    #[error("a text holds a character that cannot be stored")]
    Character(#[source] sqlx::Error),
    /// No connection in time, or the engine is busy: trying again may help.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A stored value that this program cannot have written.
    #[error("column {column} holds {value:?}, which has no meaning")]
    Corrupt { column: &'static str, value: String },
    /// A sealed value could not be made or opened.
    #[error("a value could not be sealed or opened: {0}")]
    Sealing(#[source] Error),
    #[error("a statement failed: {0}")]
    Statement(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether a unique key was taken.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Duplicate(_))
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Url(_) | Self::Character(_) => Kind::Invalid,
            Self::SchemaNewer(_)
            | Self::SchemaDiffers(_)
            | Self::Duplicate(_)
            | Self::Reference(_)
            | Self::Conflict(_) => Kind::Conflict,
            Self::Open { .. } | Self::Unavailable(_) => Kind::Unavailable,
            Self::Migration(_) | Self::Corrupt { .. } | Self::Sealing(_) | Self::Statement(_) => {
                Kind::Internal
            }
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Url(_) => Some("use sqlite:///absolute/path.db or postgres://user@host/database"),
            Self::Open { .. } => Some("check that it exists, runs, and that you may use it"),
            Self::SchemaNewer(_) => Some("run the newer version, or open another database"),
            Self::SchemaDiffers(_) => Some("restore a backup, or open another database"),
            Self::Unavailable(_) => Some("try again in a moment"),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(database) if is_transient(database.as_ref()) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(database) if is_unstorable(database.as_ref()) => {
                Self::Character(error)
            }
            sqlx::Error::Database(database) => match database.kind() {
                ErrorKind::UniqueViolation => Self::Duplicate(error),
                ErrorKind::ForeignKeyViolation => Self::Reference(error),
                _ => Self::Statement(error),
            },
            _ => Self::Statement(error),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = error.kind();
        let folded = match (kind, error.hint()) {
            (Kind::Internal, _) => return Self::internal(error),
            // The engine's own words stay in the log.
            (Kind::Unavailable, hint) if matches!(error, StoreError::Unavailable(_)) => {
                (Self::unavailable("the database is not available"), hint)
            }
            (_, hint) => (Self::new(kind, error.to_string()), hint),
        };
        match folded {
            (folded, Some(hint)) => folded.hint(hint).source(error),
            (folded, None) => folded.source(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_folds_into_the_kind_that_its_reader_can_act_on() {
        let io = || sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        for (error, kind, message) in [
            (sqlx::Error::PoolTimedOut.into(), Kind::Unavailable, "the database is not available"),
            (io().into(), Kind::Unavailable, "the database is not available"),
            (StoreError::Duplicate(io()), Kind::Conflict, "it already exists"),
            (StoreError::Conflict("the run is final"), Kind::Conflict, "the run is final"),
            (StoreError::Character(io()), Kind::Invalid, "cannot be stored"),
            (StoreError::SchemaNewer(7), Kind::Conflict, "migration 7"),
            (sqlx::Error::RowNotFound.into(), Kind::Internal, "an internal error occurred"),
            (
                StoreError::Corrupt { column: "run.status", value: "?".to_owned() },
                Kind::Internal,
                "an internal error occurred",
            ),
        ] {
            let text = format!("{error:?}");
            let folded = Error::from(error);
            assert_eq!(folded.kind, kind, "{text}");
            assert!(folded.message.contains(message), "{text}: {}", folded.message);
            assert!(folded.source.is_some(), "{text}");
        }
    }
}
