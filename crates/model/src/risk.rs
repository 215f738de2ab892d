//! How much harm an operation can do; the one scale that policy, confirmation and annotations use.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

/// Ordered: a policy that admits a risk admits every smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    Read,
    LowWrite,
    MediumWrite,
    HighWrite,
    Destructive,
}

/// The three-step scale shown outside (AWS DevOps Agent's words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Effect {
    ReadOnly,
    Mutative,
    Destructive,
}

impl Risk {
    pub const ALL: [Self; 5] =
        [Self::Read, Self::LowWrite, Self::MediumWrite, Self::HighWrite, Self::Destructive];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::LowWrite => "low_write",
            Self::MediumWrite => "medium_write",
            Self::HighWrite => "high_write",
            Self::Destructive => "destructive",
        }
    }

    pub fn is_read(self) -> bool {
        self == Self::Read
    }

    pub fn effect(self) -> Effect {
        match self {
            Self::Read => Effect::ReadOnly,
            Self::Destructive => Effect::Destructive,
            _ => Effect::Mutative,
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Risk {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|risk| risk.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid(format!("unknown risk {text:?}")).hint(format!("one of: {known}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_ordered_and_round_trips() {
        assert!(Risk::ALL.is_sorted());
        for risk in Risk::ALL {
            assert_eq!(risk.as_str().parse::<Risk>().unwrap(), risk);
        }
        assert!("scary".parse::<Risk>().is_err());
    }
}
