//! Variables from a file in the form of `.env`. What the environment says wins.
//!
//! A file that the operator names is as good as the environment, and must be right. The one of the
//! current directory belongs to whoever made that directory, and may be in the form of another
//! program: only lines that give variables of the Harness server that we replace are read of it, and
//! what they say is kept apart, for `config::layer` to weigh.

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
        let text = read(path)?;
        let file = if is_stated { all(path, &text)? } else { of_harness(&text) };
        let others = file.into_iter().filter(|(name, _)| !self.own.contains_key(name));
        let file: Variables = others.map(|(name, value)| (name, value.into())).collect();
        if is_stated {
            self.own.extend(file);
        } else {
            self.nearby = file;
        }
        Ok(self)
    }
}

/// Names that belong to the Harness server alone.
const PREFIX: &str = "HARNESS_";
/// Those that other programs have, too: they count beside one that they have not.
const COMMON: [&str; 4] = ["HOST", "LOG_LEVEL", "MCP_SESSION_TTL_MS", "PORT"];
/// Some editors begin a file with it.
const BYTE_ORDER_MARK: char = '\u{feff}';

fn wrong(path: &Path, what: &str) -> Error {
    Error::invalid(format!("{}: {what}", path.display()))
}

fn read(path: &Path) -> Result<String> {
    let unreadable = |error| wrong(path, &format!("cannot be read: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(wrong(path, &format!("is larger than {MAX_BYTES} bytes")));
    }
    // Bytes that are no text can only be in lines that say nothing to us, or in a wrong value.
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text).to_owned())
}

/// Every variable of the file.
fn all(path: &Path, text: &str) -> Result<Vec<(String, String)>> {
    let entry = |entry: dotenvy::Result<(String, String)>| {
        entry.map_err(|error| {
            // What is wrong with a line is not repeated: it may hold a secret.
            let line = line_of(text, &error).map(|line| format!("line {line}"));
            let line = line.as_deref().unwrap_or("a line");
            wrong(path, &format!("{line} is not of the form NAME=value"))
                .hint("other lines are empty or start with #; quote a value with spaces")
        })
    };
    dotenvy::from_read_iter(text.as_bytes()).map(entry).collect()
}

/// The number of the line that an error is about.
fn line_of(text: &str, error: &dotenvy::Error) -> Option<usize> {
    let dotenvy::Error::LineParse(entry, _) = error else { return None };
    let first = entry.lines().next()?.trim_end();
    text.lines().position(|line| line.trim_end() == first).map(|at| at + 1)
}

/// The variables of the Harness server, each by the line that gives it.
fn of_harness(text: &str) -> Vec<(String, String)> {
    let name = |line: &str| {
        let (name, _) = line.split_once('=')?;
        let name = name.trim();
        Some(name.strip_prefix("export ").unwrap_or(name).trim().to_owned())
    };
    let lines: Vec<(String, &str)> =
        text.lines().filter_map(|line| Some((name(line)?, line))).collect();
    let is_ours = lines.iter().any(|(name, _)| name.starts_with(PREFIX));
    let counts = |name: &str| name.starts_with(PREFIX) || is_ours && COMMON.contains(&name);
    let counting = lines.into_iter().filter(|(name, _)| counts(name));
    // A line that cannot be read is another program's way to write: it gives nothing.
    let value = |(_, line): (String, &str)| dotenvy::from_read_iter(line.as_bytes()).next()?.ok();
    counting.filter_map(value).collect()
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
            ("PORT=3000", false),
            ("LOG_LEVEL=verbose", false),
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
    fn the_file_of_another_program_stops_nothing() {
        for text in [
            "APP_NAME=My App\nHARNESS_ORG=o",
            "export DB_URL\nHARNESS_ORG=o",
            "foo-bar=1\nexport HARNESS_ORG=o",
            "A=`date`\nB='\nHARNESS_ORG=o",
            "just words\n\u{feff}\nHARNESS_ORG='o'\nHARNESS_PROJECT=two words",
        ] {
            let usual = with(text, &[], false).unwrap();
            assert_eq!(shown(&usual.nearby), ["HARNESS_ORG=o"], "{text}");
        }
        let common = with("PORT=3000\nHARNESS_ORG=o", &[], false).unwrap();
        assert_eq!(shown(&common.nearby), ["HARNESS_ORG=o", "PORT=3000"]);
        assert_eq!(shown(&with("APP=My App", &[], false).unwrap().nearby), [""; 0]);
        let marked = with("\u{feff}HARNESS_ORG=o\n", &[], true).unwrap();
        assert_eq!(shown(&marked.own), ["HARNESS_ORG=o"]);
    }

    #[test]
    fn a_file_of_variables_has_a_largest_size_and_a_form() {
        let fits = "#".repeat(usize::try_from(MAX_BYTES).unwrap());
        assert!(with(&fits, &[], true).unwrap().own.is_empty());
        let error = with(&format!("{fits}#"), &[], true).err().unwrap();
        assert!(error.message.contains("is larger than 262144 bytes"), "{error}");
        let text = "# ours\n\nHARNESS_ORG=o\nHARNESS_API_KEY pat.secret\n";
        let error = with(text, &[], true).err().unwrap();
        assert!(error.message.contains("line 4 is not of the form"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        let missing =
            Environment::default().with_file(Some(Path::new("/nowhere/.env")), Path::new("/"));
        let missing = missing.err().unwrap();
        assert!(missing.message.contains("/nowhere/.env: cannot be read"));
        assert_eq!(missing.hint, None);
        assert!(Environment::default().with_file(None, Path::new("/nowhere")).is_ok());
    }
}
