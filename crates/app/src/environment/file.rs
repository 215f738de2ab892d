//! Variables from a file in the form of `.env`. What the environment says wins.
//!
//! A file that the operator names is as good as the environment. The one of the current directory
//! belongs to whoever made that directory: only variables of the Harness server that we replace are
//! taken from it, and they are kept apart, for `config::layer` to weigh.

use std::{fs::File, io::Read as _, path::Path};

use pilothouse_model::{Error, Result};

use super::{Environment, Variables};

/// Looked for in the current directory.
pub(crate) const USUAL: &str = ".env";
/// A larger file is refused before it is read.
pub(crate) const MAX_BYTES: u64 = 256 * 1024;

impl Environment {
    /// With the variables of `stated`, a file that must exist, else of `.env` in `directory`, if
    /// there is one.
    ///
    /// # Errors
    /// When the file cannot be read, is too large or is not of that form.
    pub fn with_file(mut self, stated: Option<&Path>, directory: &Path) -> Result<Self> {
        let usual = directory.join(USUAL);
        let (path, is_stated) = match stated {
            Some(path) => (path, true),
            None if usual.is_file() => (usual.as_path(), false),
            None => return Ok(self),
        };
        let mut file: Variables =
            read(path)?.into_iter().map(|(name, value)| (name, value.into())).collect();
        file.retain(|name, _| !self.own.contains_key(name) && (is_stated || is_harness(name)));
        if is_stated {
            self.own.extend(file);
        } else {
            self.nearby = file;
        }
        Ok(self)
    }
}

fn is_harness(name: &str) -> bool {
    name.starts_with("HARNESS_")
        || matches!(name, "HOST" | "LOG_LEVEL" | "MCP_SESSION_TTL_MS" | "PORT")
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
    use std::{ffi::OsString, fs};

    use super::*;

    fn with(text: &str, own: &[(&str, &str)], is_stated: bool) -> Result<Environment> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(USUAL);
        fs::write(&path, text).unwrap();
        let environment: Environment = own.iter().copied().collect();
        let stated = is_stated.then_some(path.as_path());
        environment.with_file(stated, directory.path())
    }

    fn shown(variables: &Variables) -> Vec<String> {
        let shown = |(name, value): (&String, &OsString)| format!("{name}={}", value.display());
        variables.iter().map(shown).collect()
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let text = "# ours\nHARNESS_ORG=file\nexport HARNESS_PROJECT='a b'\n\nLOG_LEVEL=debug\n";
        for empty_or_not in ["own", ""] {
            let own = [("HARNESS_ORG", empty_or_not)];
            let own_line = format!("HARNESS_ORG={empty_or_not}");
            let stated = with(text, &own, true).unwrap();
            let all = [own_line.as_str(), "HARNESS_PROJECT=a b", "LOG_LEVEL=debug"];
            assert_eq!(shown(&stated.own), all);
            let usual = with(text, &own, false).unwrap();
            assert_eq!(shown(&usual.own), all[..1]);
            assert_eq!(shown(&usual.nearby), all[1..]);
        }
    }

    #[test]
    fn the_file_of_a_directory_says_nothing_but_what_the_harness_server_reads() {
        for (text, is_harness) in [
            ("HARNESS_ORG=default", true),
            ("PORT=3000", true),
            ("PILOTHOUSE_READ_ONLY=false", false),
            ("PATH=/tmp", false),
            ("HOME=/tmp", false),
        ] {
            let usual = with(text, &[], false).unwrap();
            assert!(usual.own.is_empty(), "{text}");
            assert_eq!(shown(&usual.nearby) == [text], is_harness, "{text}");
            assert_eq!(shown(&with(text, &[], true).unwrap().own), [text]);
        }
    }

    #[test]
    fn a_file_of_variables_has_a_largest_size_and_a_form() {
        let fits = "#".repeat(usize::try_from(MAX_BYTES).unwrap());
        assert!(with(&fits, &[], true).unwrap().own.is_empty());
        let error = with(&format!("{fits}#"), &[], true).err().unwrap();
        assert!(error.message.contains("is larger than 262144 bytes"), "{error}");
        let error = with("HARNESS_API_KEY pat.secret\n", &[], true).err().unwrap();
        assert!(error.message.contains("entry 1 is not of the form"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        let missing =
            Environment::default().with_file(Some(Path::new("/nowhere/.env")), Path::new("/"));
        assert!(missing.err().unwrap().message.contains("/nowhere/.env: cannot be read"));
        assert!(Environment::default().with_file(None, Path::new("/nowhere")).is_ok());
    }
}
