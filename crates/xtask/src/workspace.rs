//! What the rules look at: the files of the repository and what cargo knows about its crates.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};
use ignore::WalkBuilder;

/// Every crate of the workspace is named `pilothouse-<directory>`.
pub const PREFIX: &str = "pilothouse-";

/// One text file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the root, with `/` between the parts.
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|actual| actual == extension)
    }

    /// Below some crate's `src`, so neither a test program nor a benchmark.
    pub fn is_crate_source(&self) -> bool {
        self.is_rust() && self.path.starts_with("crates/") && self.path.contains("/src/")
    }

    pub fn line_count(&self) -> usize {
        self.text.lines().count()
    }
}

/// The directory that holds the workspace's `Cargo.toml`.
pub fn root() -> PathBuf {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_dir.ancestors().nth(2).unwrap_or(manifest_dir).to_owned()
}

/// Every text file below `root` that `.gitignore` does not exclude, in the order of its path.
pub fn files(root: &Path) -> Result<Vec<File>> {
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_path(Path::cmp)
        .build();
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let bytes = fs::read(entry.path()).with_context(|| entry.path().display().to_string())?;
        // A file that is not UTF-8 is an image or an archive, and no rule speaks about those.
        if let Ok(text) = String::from_utf8(bytes) {
            let relative = entry.path().strip_prefix(root)?;
            let path = relative.to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
    Ok(files)
}

/// What cargo knows about every crate in `Cargo.lock`. Fails when that file is not current.
pub fn metadata(root: &Path) -> Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cargo metadata --locked (run `cargo update --workspace` if Cargo.lock is stale)")
}

/// `name@version` of every crate that is compiled for one of the given target triples.
///
/// Asks `cargo tree`, because the metadata's graph joins the features of all targets and so holds
/// crates that are never built.
pub fn compiled_packages(root: &Path, targets: &[String]) -> Result<BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    #[expect(clippy::disallowed_methods, reason = "a development tool runs cargo, nothing else")]
    let mut command = std::process::Command::new(cargo);
    command.current_dir(root).args(["tree", "--locked", "--workspace", "--all-features"]);
    command.args(["--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}"]);
    for target in targets {
        command.args(["--target", target]);
    }
    let output = command.output().context("cargo tree")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo tree: {stderr}");
    Ok(String::from_utf8(output.stdout)?.lines().filter_map(name_and_version).collect())
}

/// `serde v1.0.0 (…)` → `serde@1.0.0`.
fn name_and_version(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (name, version) = (words.next()?, words.next()?);
    Some(format!("{name}@{}", version.strip_prefix('v')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_tree_become_names_and_versions() {
        for (line, expected) in [
            ("serde v1.0.228", Some("serde@1.0.228")),
            ("serde_derive v1.0.228 (proc-macro) (*)", Some("serde_derive@1.0.228")),
            ("", None),
        ] {
            assert_eq!(name_and_version(line).as_deref(), expected, "{line}");
        }
    }
}
