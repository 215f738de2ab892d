//! Variables from a file in the form of `.env`. What the environment says wins.
//!
//! The file of the current directory belongs to whoever made that directory, so it may say less
//! than one that the operator names: the variables of the Harness server that we replace, and with
//! a key of the environment none that would send the key elsewhere or let writes through.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use pilothouse_model::{Error, Result};

use super::Environment;

/// Looked for in the current directory.
pub(crate) const USUAL: &str = ".env";
/// A larger file is refused before it is read.
pub(crate) const MAX_BYTES: u64 = 256 * 1024;

const KEYS: [&str; 2] = ["HARNESS_API_KEY", "HARNESS_FME_API_KEY"];
/// Count in the file of a directory only beside a key of its own.
const GUARDED: [&str; 6] = [
    "HARNESS_BASE_URL",
    "HARNESS_FME_BASE_URL",
    "HARNESS_ALLOW_HTTP",
    "HARNESS_AUTO_APPROVE_RISK",
    "HARNESS_SKIP_ELICITATION",
    "HARNESS_MCP_AUTH_TOKEN",
];

/// Never counts there: it would write to any file of the user's.
const REFUSED: &str = "HARNESS_AUDIT_FILE";

impl Environment {
    /// With the variables of `stated`, a file that must exist, else of `.env` in `directory`, if
    /// there is one.
    ///
    /// # Errors
    /// When the file cannot be read, is too large or is not of that form.
    pub fn with_file(mut self, stated: Option<&Path>, directory: &Path) -> Result<Self> {
        let usual = directory.join(USUAL);
        let (path, is_stated): (PathBuf, bool) = match stated {
            Some(path) => (path.to_owned(), true),
            None if usual.is_file() => (usual, false),
            None => return Ok(self),
        };
        let has_key = KEYS.iter().any(|name| self.has(name));
        for (name, value) in read(&path)? {
            let counts = is_stated || (is_harness(&name) && !(has_key && is_guarded(&name)));
            if counts && !self.has(&name) {
                self.0.insert(name, value.into());
            }
        }
        Ok(self)
    }
}

fn is_harness(name: &str) -> bool {
    (name.starts_with("HARNESS_") && name != REFUSED)
        || matches!(name, "HOST" | "LOG_LEVEL" | "MCP_SESSION_TTL_MS" | "PORT")
}

fn is_guarded(name: &str) -> bool {
    GUARDED.contains(&name)
}

fn read(path: &Path) -> Result<Vec<(String, String)>> {
    let wrong = |what: String| {
        Error::invalid(format!("{}: {what}", path.display()))
            .hint("a line is NAME=value; other lines are empty or start with #")
    };
    let file = File::open(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let mut text = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(wrong(format!("is larger than {MAX_BYTES} bytes")));
    }
    // What is wrong with a line is not repeated: it may hold a secret.
    dotenvy::from_read_iter(text.as_slice())
        .enumerate()
        .map(|(index, entry)| {
            entry.map_err(|_| wrong(format!("entry {} is not of the form NAME=value", index + 1)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn with(text: &str, own: &[(&str, &str)], is_stated: bool) -> Result<Vec<String>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(USUAL);
        fs::write(&path, text).unwrap();
        let environment: Environment = own.iter().copied().collect();
        let stated = is_stated.then_some(path.as_path());
        let environment = environment.with_file(stated, directory.path())?;
        let shown = |name: &str| format!("{name}={}", environment.get(name).unwrap().display());
        Ok(environment.names().map(shown).collect())
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let text = "# ours\nHARNESS_ORG=file\nexport HARNESS_PROJECT='a b'\n\nLOG_LEVEL=debug\n";
        assert_eq!(
            with(text, &[("HARNESS_ORG", "own")], false).unwrap(),
            ["HARNESS_ORG=own", "HARNESS_PROJECT=a b", "LOG_LEVEL=debug"]
        );
    }

    #[test]
    fn the_file_of_a_directory_says_less_than_one_that_is_named() {
        let key = [("HARNESS_API_KEY", "k")];
        for (text, own, stated, counts) in [
            ("PILOTHOUSE_READ_ONLY=false", &[][..], false, false),
            ("PILOTHOUSE_READ_ONLY=false", &[], true, true),
            ("PATH=/tmp", &[], false, false),
            ("HARNESS_BASE_URL=https://evil.example", &[], false, true),
            ("HARNESS_BASE_URL=https://evil.example", &key, false, false),
            ("HARNESS_AUTO_APPROVE_RISK=all", &key, false, false),
            ("HARNESS_AUTO_APPROVE_RISK=all", &key, true, true),
            ("HARNESS_MCP_AUTH_TOKEN=known-to-others", &key, false, false),
            ("HARNESS_AUDIT_FILE=/etc/profile", &[], false, false),
            ("HARNESS_AUDIT_FILE=/log/audit", &[], true, true),
            ("HARNESS_READ_ONLY=true", &key, false, true),
        ] {
            let found = with(text, own, stated).unwrap();
            assert_eq!(found.iter().any(|it| it == text), counts, "{text} {own:?} {stated}");
        }
    }

    #[test]
    fn a_file_of_variables_has_a_largest_size_and_a_form() {
        let fits = "#".repeat(usize::try_from(MAX_BYTES).unwrap());
        assert!(with(&fits, &[], true).unwrap().is_empty());
        let error = with(&format!("{fits}#"), &[], true).unwrap_err();
        assert!(error.message.contains("is larger than 262144 bytes"), "{error}");
        let error = with("HARNESS_API_KEY pat.secret\n", &[], true).unwrap_err();
        assert!(error.message.contains("entry 1 is not of the form"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        let missing =
            Environment::default().with_file(Some(Path::new("/nowhere/.env")), Path::new("/"));
        assert!(missing.err().unwrap().message.contains("/nowhere/.env: cannot be read"));
        assert!(Environment::default().with_file(None, Path::new("/nowhere")).is_ok());
    }
}
