//! The one error that crosses crate borders. Each module has its own precise enum and folds it
//! into this at its edge; HTTP status, MCP result and exit code are each one `match` on [`Kind`].

use std::fmt;

use serde::{Deserialize, Serialize};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the caller's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The request is malformed or breaks a stated rule; sending it again will fail again.
    Invalid,
    /// No identity, or one that could not be verified.
    Unauthenticated,
    /// The identity is known and sees the target, but may not do this.
    Forbidden,
    /// The target does not exist, or the caller may not know that it does.
    NotFound,
    /// The target is not in a state that allows this.
    Conflict,
    /// A rate, size or count limit was reached.
    Limited,
    /// The platform behind the connector answered with an error.
    Upstream,
    /// The platform, or something on this machine, cannot be reached now.
    Unavailable,
    /// The caller no longer waits for the answer.
    Cancelled,
    /// A defect of Pilothouse itself.
    Internal,
}

impl Kind {
    /// The stable machine-readable name, as it appears in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Limited => "limited",
            Self::Upstream => "upstream",
            Self::Unavailable => "unavailable",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that carries this kind.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Limited => 429,
            Self::Upstream => 502,
            Self::Unavailable => 503,
            Self::Cancelled => 499,
            Self::Internal => 500,
        }
    }
}

/// A failure with a message for the person or model that caused it, and what to do next.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    /// The next step for whoever reads the message, when there is one.
    pub hint: Option<String>,
    /// Never shown outside; logged once where the error is handled.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// What a platform answered, if that is the reason.
    pub answered: Option<Box<Answered>>,
    /// Certainly nothing was changed, so that a write may be tried again. `false` where nobody
    /// knows, which the kind does not tell: what was carried out may fail on its way back.
    pub changed_nothing: bool,
}

/// A platform's refusal, for rules that depend on it; the message is for readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// HTTP's, where the platform speaks it.
    pub status: Option<u16>,
    /// Its own words, without who said them.
    pub said: String,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            source: None,
            answered: None,
            changed_nothing: false,
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    #[must_use]
    pub fn answered(mut self, status: Option<u16>, said: impl Into<String>) -> Self {
        self.answered = Some(Box::new(Answered { status, said: said.into() }));
        self
    }

    /// The error of something that certainly changed nothing.
    #[must_use]
    pub fn having_changed_nothing(mut self) -> Self {
        self.changed_nothing = true;
        self
    }

    /// The status of a platform's answer.
    pub fn answered_status(&self) -> Option<u16> {
        self.answered.as_ref()?.status
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(Kind::Unauthenticated, message)
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, message)
    }

    /// `what` is the kind of thing ("run"), `name` how the caller called it.
    pub fn not_found(what: &str, name: &str) -> Self {
        Self::new(Kind::NotFound, format!("{what} {name:?} not found"))
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    pub fn limited(message: impl Into<String>) -> Self {
        Self::new(Kind::Limited, message)
    }

    pub fn upstream(message: impl Into<String>) -> Self {
        Self::new(Kind::Upstream, message)
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    /// The message stays general; the details belong in `source` and the log.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, "an internal error occurred").source(source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
