//! The link to make the first account, left where only the owner of the data directory finds it: what
//! is written to standard error may be collected and read by many.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use pilothouse_model::Error;

/// Its name in the data directory.
pub(crate) const FILE: &str = "setup.url";

/// Writes `link` to a new file with mode 0600; without a link, takes an older one away.
pub(crate) fn leave(directory: &Path, link: Option<&str>) -> Result<Option<PathBuf>, Error> {
    let path = directory.join(FILE);
    let written = remove(&path).and_then(|()| link.map_or(Ok(()), |link| create(&path, link)));
    match written {
        Ok(()) => Ok(link.map(|_| path)),
        Err(error) => Err(Error::unavailable(format!("cannot write {}", path.display()))
            .hint("serve once on a terminal, which shows the link instead")
            .source(error)),
    }
}

/// An older link is of no use, and its file may be readable by others.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn create(path: &Path, link: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(path)?, "{link}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_the_owners_and_goes_when_it_is_not_needed() {
        let directory = tempfile::tempdir().unwrap();
        for link in ["http://h/oauth/setup?secret=a", "http://h/oauth/setup?secret=b"] {
            let path = leave(directory.path(), Some(link)).unwrap().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap().trim(), link);
            #[cfg(unix)]
            {
                let mode = std::os::unix::fs::PermissionsExt::mode(
                    &fs::metadata(&path).unwrap().permissions(),
                );
                assert_eq!(mode & 0o777, 0o600);
            }
        }
        assert_eq!(leave(directory.path(), None).unwrap(), None);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
