//! The rules for the name of one file in an archive, and for all names of one archive together.

use std::collections::HashMap;

use pilothouse_model::Error;

use super::ArchiveLimits;

/// A relative path below the root of a configuration, without `.`, `..` or empty parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// Checks `raw`, the name as the archive has it. `None` is the root itself.
    pub(super) fn parse(raw: &[u8], limits: &ArchiveLimits) -> Result<Option<Self>, Error> {
        if raw.len() > limits.path_bytes {
            let start = String::from_utf8_lossy(&raw[..raw.len().min(64)]).into_owned();
            return Err(Error::invalid(format!(
                "the name starting with {start:?} is longer than {} bytes",
                limits.path_bytes
            )));
        }
        let text = std::str::from_utf8(raw)
            .map_err(|_| refused(&String::from_utf8_lossy(raw), "its name is not valid UTF-8"))?;
        if text.contains(char::is_control) {
            return Err(refused(text, "its name holds a NUL or another control character"));
        }
        if text.starts_with('/') {
            return Err(refused(text, "its name is absolute; names are relative to the root"));
        }
        let parts: Vec<&str> =
            text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if parts.contains(&"..") {
            return Err(refused(text, "its name leads upwards with \"..\""));
        }
        if let Some(part) = parts.iter().find(|part| part.len() > limits.component_bytes) {
            let start: String = part.chars().take(32).collect();
            let most = limits.component_bytes;
            return Err(Error::invalid(format!(
                "archive entry {text:?} is refused: the part starting with {start:?} is longer than {most} bytes"
            )));
        }
        if parts.len() > limits.depth {
            return Err(refused(text, &format!("it lies deeper than {} folders", limits.depth)));
        }
        Ok((!parts.is_empty()).then(|| Self(parts.join("/"))))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is, or lies in, a state file or folder or Terraform's working folder.
    pub(super) fn never_belongs_to_a_configuration(&self) -> bool {
        self.0.split('/').any(|part| {
            part == ".terraform"
                || part == "errored.tfstate"
                || part.starts_with("terraform.tfstate")
        })
    }

    /// The folders it lies in, outermost first, then itself.
    fn lineage(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at]).chain([self.0.as_str()])
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// The names seen so far in one archive.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, (String, bool)>);

impl Names {
    /// Refuses a name that is taken, that differs from another only by case, or that lies in a
    /// file.
    pub(super) fn add(&mut self, name: &Name, directory: bool) -> Result<(), Error> {
        for path in name.lineage() {
            let is_directory = directory || path.len() < name.0.len();
            match self.0.get(&path.to_lowercase()) {
                None => {
                    self.0.insert(path.to_lowercase(), (path.to_owned(), is_directory));
                }
                Some((other, _)) if other != path => {
                    let rule = format!("its name differs from {other:?} only by case");
                    return Err(refused(&name.0, &rule));
                }
                Some((_, true)) if is_directory => {}
                Some(_) => {
                    return Err(refused(&name.0, &format!("{path:?} is in the archive twice")));
                }
            }
        }
        Ok(())
    }
}

pub(super) fn refused(name: &str, rule: &str) -> Error {
    Error::invalid(format!("archive entry {name:?} is refused: {rule}"))
}
