//! Resource names: `"trn:" TYPE ":" PATH`.

use std::{fmt, str::FromStr};

use super::{Gid, ResourceType};
use crate::{Error, text::prefix};

/// Twenty nested groups of 64 characters, a GID and a suffix fit with room to spare.
const MAX_LEN: usize = 2048;

/// A readable identifier. The path neither starts nor ends with `/` and is not empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trn {
    pub kind: ResourceType,
    path: String,
}

impl Trn {
    /// `path` as the platform builds it, without leading or trailing slash.
    pub fn new(kind: ResourceType, path: impl Into<String>) -> Self {
        Self { kind, path: path.into() }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The namespace before the last segment; empty for a root-level name.
    pub fn parent(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    pub fn last_segment(&self) -> &str {
        self.path.rsplit_once('/').map_or(&self.path, |(_, last)| last)
    }

    /// The GID in the path of an id-addressed resource: its last segment, or, in the newer
    /// spelling of plans and applies (`<workspace>/<run gid>/plan`), the one before.
    pub fn gid(&self) -> Option<Gid> {
        self.path.rsplit('/').take(2).find_map(|segment| segment.parse().ok())
    }

    /// The path without its GID and what follows it.
    pub fn namespace(&self) -> &str {
        let mut path = self.path.as_str();
        for _ in 0..2 {
            let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
            if last.parse::<Gid>().is_ok() {
                return parent;
            }
            path = parent;
        }
        self.parent()
    }
}

impl fmt::Display for Trn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trn:{}:{}", self.kind, self.path)
    }
}

impl FromStr for Trn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = |why: &str| {
            Error::invalid(format!("{:?} is not a TRN: {why}", prefix(text, 128)))
                .hint("the form is trn:TYPE:PATH, for instance trn:workspace:acme/network/prod")
        };
        if text.len() > MAX_LEN {
            return Err(invalid("it is too long"));
        }
        let rest =
            text.strip_prefix("trn:").ok_or_else(|| invalid("it does not start with trn:"))?;
        let (kind, path) = rest.split_once(':').ok_or_else(|| invalid("the path is missing"))?;
        if path.is_empty() || path.starts_with('/') || path.ends_with('/') {
            return Err(invalid("the path is empty or starts or ends with /"));
        }
        let kind = ResourceType::from_name(kind)
            .ok_or_else(|| invalid(&format!("unknown type {:?}", prefix(kind, 64))))?;
        Ok(Self { kind, path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RUN: &str = "Ul8wMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDE";

    #[test]
    fn parses_and_prints() {
        for text in [
            "trn:group:acme/net",
            "trn:workspace:acme/net/prod",
            "trn:variable:acme/net/prod/terraform/a:b",
            &format!("trn:plan:acme/net/prod/{RUN}/plan"),
        ] {
            assert_eq!(text.parse::<Trn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        for (text, why) in [
            ("run:acme", "does not start"),
            ("TRN:run:acme", "does not start"),
            ("trn:run", "path is missing"),
            ("trn:run:", "empty"),
            ("trn:run:/a", "starts or ends"),
            ("trn:run:a/", "starts or ends"),
            ("trn:rum:a", "unknown type \"rum\""),
        ] {
            let error = text.parse::<Trn>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn finds_the_gid_in_both_spellings() {
        for (text, namespace) in [
            (format!("trn:run:acme/net/prod/{RUN}"), "acme/net/prod"),
            (format!("trn:plan:acme/net/prod/{RUN}/plan"), "acme/net/prod"),
        ] {
            let trn: Trn = text.parse().unwrap();
            assert_eq!(trn.gid().unwrap().to_string(), RUN);
            assert_eq!(trn.namespace(), namespace);
        }
        assert_eq!("trn:workspace:acme/prod".parse::<Trn>().unwrap().gid(), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser_and_what_it_reads_it_writes_again(
            text in "(trn:)?(run|group|workspace|\\PC{0,8})?:?\\PC{0,40}"
        ) {
            if let Ok(trn) = text.parse::<Trn>() {
                prop_assert_eq!(&trn.to_string(), &text);
                prop_assert!(!trn.path().is_empty() && !trn.last_segment().is_empty());
                prop_assert!(trn.path().starts_with(trn.namespace()));
                prop_assert!(trn.path().starts_with(trn.parent()));
                prop_assert!(trn.gid().is_none_or(|gid| trn.path().contains(&gid.to_string())));
            }
            // Gids come from outside as well.
            let _ = text.parse::<Gid>();
        }

        #[test]
        fn any_path_is_read_back(path in "[a-z0-9_-]{1,12}(/[a-z0-9_-]{1,12}){0,5}") {
            let trn = Trn::new(ResourceType::Workspace, path.clone());
            let back: Trn = trn.to_string().parse().unwrap();
            prop_assert_eq!(back.path(), path);
        }
    }
}
