//! The rules of the repository, run on the repository.
#![expect(clippy::unwrap_used, reason = "a rule that cannot be checked is a failed test")]

mod architecture;
mod dependency;
mod deploy;
mod repository;
mod source_file;

use std::sync::LazyLock;

use cargo_metadata::Metadata;
use pilothouse_xtask::{
    policy::Policy,
    workspace::{self, File},
};

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| workspace::files(&workspace::root()).unwrap());
static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::read(&workspace::root()).unwrap());
static METADATA: LazyLock<Metadata> =
    LazyLock::new(|| workspace::metadata(&workspace::root()).unwrap());

fn rust_files() -> Vec<&'static File> {
    let files: Vec<_> = FILES.iter().filter(|file| file.is_rust()).collect();
    assert!(files.len() > 10, "the walk found only {} Rust files", files.len());
    files
}

/// Fails with every violation on a line of its own.
#[track_caller]
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n  {}\n", violations.join("\n  "));
}
