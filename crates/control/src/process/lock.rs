//! A file that tells whether a process lives, and which one: the process locks it, which ends with
//! it whatever happens, and writes its id into it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rustix::{
    fs::{FlockOperation, fcntl_lock},
    io::Errno,
    process::{Flock, FlockType, Pid, fcntl_getlk},
};

/// Held while it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Nobody,
    Process(Pid),
    /// On another machine, or in another container.
    Elsewhere,
}

/// Locks the file; an error when another process has.
pub(super) fn take(path: &Path) -> io::Result<Lock> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(false).mode(0o600).open(path)?;
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)?;
    file.set_len(0)?;
    write!(file, "{}", std::process::id())?;
    Ok(Lock { _file: file })
}

/// Who holds a lock on the file; nobody does when there is none.
pub(crate) fn holder(path: &Path) -> io::Result<Holder> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Holder::Nobody),
        Err(error) => return Err(error),
    };
    match fcntl_getlk(&file, &Flock::from(FlockType::WriteLock)) {
        Ok(None) | Err(Errno::NOSYS | Errno::INVAL | Errno::NOLCK) => Ok(Holder::Nobody),
        Ok(Some(lock)) => Ok(lock.pid.map_or(Holder::Elsewhere, Holder::Process)),
        Err(errno) => Err(errno.into()),
    }
}

/// The process that holds the file and wrote its id into it. Only such a one may be ended: the
/// two differ where a number of another machine or container means another process here.
pub(crate) fn owner(path: &Path) -> io::Result<Option<Pid>> {
    let Holder::Process(pid) = holder(path)? else { return Ok(None) };
    let written = std::fs::read_to_string(path)?;
    Ok((written == pid.as_raw_nonzero().to_string()).then_some(pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_nobody_locked_has_no_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert_eq!(holder(&path).unwrap(), Holder::Nobody);
        std::fs::write(&path, std::process::id().to_string()).unwrap();
        assert_eq!((holder(&path).unwrap(), owner(&path).unwrap()), (Holder::Nobody, None));
    }

    #[test]
    fn a_lock_names_who_took_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::fs::write(&path, "a longer text than any number").unwrap();
        let _lock = take(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), std::process::id().to_string());
    }
}
