//! Third-party crates: where they come from, which are banned, and which exist twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use cargo_metadata::Metadata;

use crate::policy::{Bans, Sources};

/// One resolved third-party crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    pub name: String,
    pub version: String,
    /// An SPDX expression.
    pub licence: Option<String>,
    /// `None` for a path dependency.
    pub source: Option<String>,
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// The crates of `compiled` (`name@version`) that do not belong to the workspace.
pub fn third_party(metadata: &Metadata, compiled: &BTreeSet<String>) -> Vec<Package> {
    let mut packages: Vec<Package> = metadata
        .packages
        .iter()
        .filter(|package| !metadata.workspace_members.contains(&package.id))
        .map(|package| Package {
            name: package.name.to_string(),
            version: package.version.to_string(),
            licence: package.license.clone(),
            source: package.source.as_ref().map(|source| source.repr.clone()),
        })
        .filter(|package| compiled.contains(&package.to_string()))
        .collect();
    packages.sort();
    packages
}

/// Crates that come from somewhere else than the admitted registries.
pub fn foreign(packages: &[Package], sources: &Sources) -> Vec<String> {
    packages
        .iter()
        .filter(|package| {
            let registry = package.source.as_deref().and_then(|source| {
                source.strip_prefix("registry+").or_else(|| source.strip_prefix("sparse+"))
            });
            !registry.is_some_and(|url| sources.allow_registry.iter().any(|allow| allow == url))
        })
        .map(|package| {
            format!("{package} comes from {}", package.source.as_deref().unwrap_or("a path"))
        })
        .collect()
}

/// Crates on the ban list.
pub fn banned(packages: &[Package], bans: &Bans) -> Vec<String> {
    packages
        .iter()
        .filter_map(|package| {
            let ban = bans.deny.iter().find(|ban| ban.name == package.name)?;
            Some(format!("{package} is banned: {}", ban.reason))
        })
        .collect()
}

/// Crates that are there in more than one version without a reason, and reasons without need.
pub fn duplicates(packages: &[Package], bans: &Bans) -> Vec<String> {
    let mut by_name: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in packages {
        by_name.entry(&package.name).or_default().push(package.to_string());
    }
    by_name.retain(|_, versions| versions.len() > 1);
    let skipped = |version: &String| bans.skip.iter().any(|skip| skip.name == *version);
    let mut violations: Vec<String> = by_name
        .values()
        .filter(|versions| versions.iter().filter(|version| !skipped(version)).count() > 1)
        .map(|versions| format!("several versions: {}", versions.join(", ")))
        .collect();
    let is_duplicate = |name: &String| by_name.values().flatten().any(|version| version == name);
    violations.extend(
        bans.skip
            .iter()
            .filter(|skip| !is_duplicate(&skip.name))
            .map(|skip| format!("the exception for {} is not needed any more", skip.name)),
    );
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Level, Reasoned};

    const CRATES_IO: &str = "https://github.com/rust-lang/crates.io-index";

    fn package(name: &str, version: &str, source: Option<&str>) -> Package {
        let source = source.map(ToOwned::to_owned);
        Package { name: name.into(), version: version.into(), licence: None, source }
    }

    fn bans(deny: &[&str], skip: &[&str]) -> Bans {
        let reasoned = |names: &[&str]| {
            names
                .iter()
                .map(|name| Reasoned { name: (*name).into(), reason: "because".into() })
                .collect()
        };
        Bans { multiple_versions: Level::Deny, deny: reasoned(deny), skip: reasoned(skip) }
    }

    #[test]
    fn only_admitted_registries_are_sources() {
        let sources = Sources {
            unknown_registry: Level::Deny,
            unknown_git: Level::Deny,
            allow_registry: vec![CRATES_IO.into()],
        };
        for (source, foreign_count) in [
            (Some(format!("registry+{CRATES_IO}")), 0),
            (Some("registry+https://example.com/index".to_owned()), 1),
            (Some("git+https://github.com/a/b#0123".to_owned()), 1),
            (None, 1),
        ] {
            let packages = [package("a", "1.0.0", source.as_deref())];
            assert_eq!(foreign(&packages, &sources).len(), foreign_count, "{source:?}");
        }
    }

    #[test]
    fn banned_crates_are_found_with_the_reason() {
        let packages = [package("openssl-sys", "0.9.0", None), package("a", "1.0.0", None)];
        let found = banned(&packages, &bans(&["openssl-sys"], &[]));
        assert_eq!(found, ["openssl-sys@0.9.0 is banned: because"]);
    }

    #[test]
    fn a_second_version_needs_a_reason_that_is_still_true() {
        let twice = [package("a", "1.0.0", None), package("a", "2.0.0", None)];
        assert_eq!(duplicates(&twice, &bans(&[], &[])).len(), 1);
        assert_eq!(duplicates(&twice, &bans(&[], &["a@1.0.0"])).len(), 0);
        assert_eq!(duplicates(&twice[..1], &bans(&[], &["a@1.0.0"])).len(), 1);
        assert_eq!(duplicates(&twice, &bans(&[], &["a@0.9.0"])).len(), 2);
    }
}
