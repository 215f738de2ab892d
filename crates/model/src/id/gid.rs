//! Global identifiers: `base64url-nopad(CODE "_" UUID)`.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::ResourceType;
use crate::Error;

/// Longer than any real GID (five letters, `_`, 36 characters, encoded: 56).
const MAX_LEN: usize = 64;

/// An opaque identifier that knows the type of what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gid {
    pub kind: ResourceType,
    pub uuid: Uuid,
}

impl Gid {
    pub fn new(kind: ResourceType, uuid: Uuid) -> Self {
        Self { kind, uuid }
    }

    /// A new identifier that sorts after all earlier ones (`UUIDv7`).
    pub fn generate(kind: ResourceType) -> Self {
        Self::new(kind, Uuid::now_v7())
    }
}

impl fmt::Display for Gid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = format!("{}_{}", self.kind.code(), self.uuid.hyphenated());
        f.write_str(&URL_SAFE_NO_PAD.encode(plain))
    }
}

impl FromStr for Gid {
    type Err = Error;

    /// Accepts the encoded form only; padding is refused, as the platform refuses it.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| {
            Error::invalid(format!("{:?} is not a global id", crate::text::prefix(text, MAX_LEN)))
                .hint("use an id from an earlier answer, or a TRN such as trn:workspace:group/name")
        })
    }
}

fn parse(text: &str) -> Option<Gid> {
    if text.len() > MAX_LEN {
        return None;
    }
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (code, uuid) = plain.split_once('_')?;
    Some(Gid { kind: ResourceType::from_code(code)?, uuid: Uuid::try_parse(uuid).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_contract_example() {
        let gid = Gid::new(
            ResourceType::Run,
            Uuid::parse_str("00000000-0000-4000-8000-000000000001").unwrap(),
        );
        assert_eq!(gid.to_string(), "Ul8wMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDE");
        assert_eq!(gid.to_string().parse::<Gid>().unwrap(), gid);
    }

    #[test]
    fn refuses_what_is_not_a_gid() {
        for text in ["", "run-abc123", "U1Zf", "Ul8=", &"A".repeat(10_000), "ééé"] {
            assert!(text.parse::<Gid>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_type_round_trips() {
        for kind in ResourceType::ALL {
            let gid = Gid::generate(*kind);
            assert_eq!(gid.to_string().parse::<Gid>().unwrap(), gid);
        }
    }
}
