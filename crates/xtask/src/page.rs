//! The pages of `docs/reference` that are written from the code, so that they are never wrong.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use pilothouse_app::{cli, config};

use crate::{limit, workspace::File};

/// A generated file.
pub struct Page {
    /// Relative to the root.
    pub path: &'static str,
    pub text: String,
}

/// Every generated page as it should be now; `files` are those of the repository.
pub fn all(files: &[File]) -> Result<Vec<Page>> {
    Ok(vec![
        Page { path: "docs/reference/cli.md", text: cli::reference() },
        Page { path: "docs/reference/environment.md", text: config::reference() },
        Page { path: "docs/reference/limits.md", text: limit::page(files)? },
    ])
}

/// Writes the pages that are not as they should be, and gives their paths.
pub fn write(root: &Path, pages: &[Page]) -> Result<Vec<&'static str>> {
    let mut written = Vec::new();
    for page in pages {
        let path = root.join(page.path);
        if fs::read_to_string(&path).is_ok_and(|text| text == page.text) {
            continue;
        }
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        }
        fs::write(&path, &page.text).with_context(|| path.display().to_string())?;
        written.push(page.path);
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stale_pages_are_written() {
        let root = tempfile::tempdir().unwrap();
        let pages = [Page { path: "docs/a.md", text: "a".into() }];
        assert_eq!(write(root.path(), &pages).unwrap(), ["docs/a.md"]);
        assert!(write(root.path(), &pages).unwrap().is_empty());
        assert_eq!(fs::read_to_string(root.path().join("docs/a.md")).unwrap(), "a");
    }
}
