//! What a sign-in left behind: a file in the user's configuration directory that only its owner can
//! read.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use pilothouse_model::{Error, Timestamp};
use serde::{Deserialize, Serialize};

use crate::place::Places;

/// A larger file is none of ours.
pub const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A server, and what it gave us. No `Debug`: it holds tokens.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    pub url: String,
    pub token_endpoint: String,
    pub client: String,
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_at: Timestamp,
}

/// Where it is kept.
pub fn path(places: &Places<'_>) -> Result<PathBuf, Error> {
    let directory = places.configuration().ok_or_else(|| {
        Error::unavailable("the user's configuration directory is not known")
            .hint("set HOME or XDG_CONFIG_HOME")
    })?;
    Ok(directory.join("pilothouse/login.json"))
}

pub fn read(path: &Path) -> Result<Login, Error> {
    let unreadable = |why: String| Error::unavailable(format!("{}: {why}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::unauthenticated("nobody is signed in on this machine")
                .hint("sign in with `pilothouse login`"));
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let mut text = String::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(unreadable(format!("it has more than {MAX_FILE_BYTES} bytes")));
    }
    serde_json::from_str(&text).map_err(|_| {
        unreadable("it holds no sign-in".to_owned()).hint("sign in again: pilothouse login")
    })
}

/// Replaces the file in one step.
pub fn write(path: &Path, login: &Login) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(login).map_err(Error::internal)?;
    let written = || -> std::io::Result<()> {
        let directory = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        // Such a file is its owner's alone from the first moment.
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        writeln!(file, "{text}")?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    written()
        .map_err(|error| Error::unavailable(format!("cannot write {}: {error}", path.display())))
}

/// False when there was none.
pub fn delete(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::unavailable(format!("cannot delete {}: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login {
            url: "https://ops.example.com".into(),
            token_endpoint: "https://ops.example.com/oauth/token".into(),
            client: "c".into(),
            access_token: "a".into(),
            refresh_token: Some("r".into()),
            expires_at: Timestamp(1),
        }
    }

    #[test]
    fn what_is_kept_is_read_again_by_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/pilothouse/login.json");
        assert!(read(&path).err().unwrap().message.contains("nobody is signed in"));
        write(&path, &login()).unwrap();
        write(&path, &Login { access_token: "b".into(), ..login() }).unwrap();
        assert_eq!(read(&path).unwrap().access_token, "b");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(delete(&path).unwrap() && !delete(&path).unwrap());
    }

    #[test]
    fn a_sign_in_that_is_none_is_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("login.json");
        let too_long = "x".repeat(usize::try_from(MAX_FILE_BYTES).unwrap() + 1);
        for text in ["", "{}", too_long.as_str()] {
            fs::write(&path, text).unwrap();
            assert!(read(&path).err().unwrap().message.contains("login.json"), "{}", text.len());
        }
    }
}
