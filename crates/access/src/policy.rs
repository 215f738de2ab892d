//! What an operator allows without asking.

use std::{fmt, str::FromStr, sync::Arc};

use pilothouse_model::{Error, Risk};
use serde::{Deserialize, Serialize};

use crate::cedar::Policies;

/// The largest risk that runs without a person's word. Reads never ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoApprove {
    #[default]
    None,
    LowWrite,
    MediumWrite,
    HighWrite,
    All,
}

impl AutoApprove {
    pub const NAMES: [&'static str; 5] = ["none", "low_write", "medium_write", "high_write", "all"];

    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    pub fn covers(self, risk: Risk) -> bool {
        match self {
            Self::None => risk.is_read(),
            Self::LowWrite => risk <= Risk::LowWrite,
            Self::MediumWrite => risk <= Risk::MediumWrite,
            Self::HighWrite => risk <= Risk::HighWrite,
            Self::All => true,
        }
    }
}

impl fmt::Display for AutoApprove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AutoApprove {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let all = [Self::None, Self::LowWrite, Self::MediumWrite, Self::HighWrite, Self::All];
        all.into_iter().find(|level| level.as_str() == text).ok_or_else(|| {
            Error::invalid(format!("unknown approval level {text:?}"))
                .hint(format!("one of: {}", Self::NAMES.join(", ")))
        })
    }
}

/// The rules of one surface or space.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub auto_approve: AutoApprove,
    /// Refuses every write, approved or not.
    pub read_only: bool,
    /// What an operator wrote beside, for all surfaces.
    pub written: Option<Arc<Policies>>,
}

impl Policy {
    /// Changes whenever anything of it does, so that a plan made under another one is void.
    pub fn revision(&self) -> String {
        let Self { auto_approve, read_only, written } = self;
        let written = written.as_ref().map(|written| written.revision()).unwrap_or_default();
        format!("auto_approve={auto_approve} read_only={read_only} written={written}")
    }
}
