//! The operator's own token: made at first start, kept in a file only its owner can read. And a
//! token that an operator states, for all clients of one surface.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use pilothouse_model::{Error, Principal, PrincipalKind};

use crate::random::{self, Mark};

const MARK: &str = Mark::OperatorToken.as_str();
/// Characters after the prefix, at least.
const LEAST_RANDOM: usize = 32;

/// The token that proves its bearer is the operator of this data directory.
pub struct AdminToken {
    path: PathBuf,
    hash: blake3::Hash,
}

impl AdminToken {
    /// Reads the token under `data`, or makes it (mode 0600) when there is none.
    pub fn load_or_create(data: &Path) -> Result<Self, Error> {
        let path = data.join("admin.token");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(&path)?,
            Err(error) => return Err(unreadable(&path, error)),
        };
        let text = text.trim();
        if !text.starts_with(MARK) || text.len() < MARK.len() + LEAST_RANDOM {
            return Err(Error::invalid(format!("{} holds no operator token", path.display()))
                .hint("delete the file; the next start makes a new token"));
        }
        Ok(Self { hash: blake3::hash(text.as_bytes()), path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The operator, if `presented` is the token. Takes the same time for every wrong one.
    pub fn verify(&self, presented: &str) -> Option<Principal> {
        (blake3::hash(presented.as_bytes()) == self.hash).then(|| Principal::local_user("admin"))
    }
}

/// A token that an operator states and all clients of one surface share.
pub struct SharedToken {
    hash: blake3::Hash,
    name: &'static str,
}

impl SharedToken {
    /// `name` is how its bearers are recorded: who they are, nobody knows.
    pub fn new(token: &str, name: &'static str) -> Self {
        Self { hash: blake3::hash(token.as_bytes()), name }
    }

    /// Its bearer, if `presented` is the token. Takes the same time for every wrong one.
    pub fn verify(&self, presented: &str) -> Option<Principal> {
        (blake3::hash(presented.as_bytes()) == self.hash).then(|| Principal {
            id: format!("shared:{}", self.name),
            kind: PrincipalKind::External,
            name: self.name.to_owned(),
        })
    }
}

fn create(path: &Path) -> Result<String, Error> {
    let token = random::marked(Mark::OperatorToken)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        writeln!(file, "{token}")?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(token),
        // Another process was faster; its token is the token.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            fs::read_to_string(path).map_err(|error| unreadable(path, error))
        }
        Err(error) => {
            Err(Error::unavailable(format!("cannot write {}", path.display()))
                .hint(error.to_string()))
        }
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::unavailable(format!("cannot read {}: {error}", path.display())).source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_made_once_and_only_it_is_accepted() {
        let data = tempfile::tempdir().unwrap();
        let token = AdminToken::load_or_create(data.path()).unwrap();
        let text = fs::read_to_string(token.path()).unwrap();
        let again = AdminToken::load_or_create(data.path()).unwrap();
        assert!(again.verify(text.trim()).is_some());
        for wrong in ["", "plt_", text.trim_end().split_at(10).0, &format!("{text}x")] {
            assert!(again.verify(wrong).is_none(), "{wrong:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::tempdir().unwrap();
        let token = AdminToken::load_or_create(data.path()).unwrap();
        assert_eq!(fs::metadata(token.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("admin.token"), "").unwrap();
        let error = AdminToken::load_or_create(data.path()).err().unwrap().to_string();
        assert!(error.contains("admin.token") && error.contains("delete"), "{error}");
    }
}
