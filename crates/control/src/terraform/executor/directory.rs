//! One job's directory: where its files are, what a dead job left in it, and how it goes away.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use pilothouse_model::Error;
use rustix::process::{Signal, getpgid};
use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::Limits;
use crate::process::{self, Holder};

/// How long a Terraform that outlived its server may take to finish when it is interrupted.
const PATIENCE: Duration = Duration::from_mins(5);
/// How long a supervisor may take, which gives its Terraform as long as that.
const SUPERVISOR_PATIENCE: Duration = Duration::from_mins(6);
/// How often it is asked whether it still runs.
const POLL: Duration = Duration::from_millis(200);

/// What the file beside a job's directory is called that its supervisor locks.
pub(crate) const LOCK_EXTENSION: &str = "lock";

/// Says that the directory holds a state that could not be handed over.
const KEEP: &str = "KEEP";

#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Creates the directory, which must not be there: it would be another job's.
    pub(super) fn create(&self) -> Result<(), Error> {
        let create = |path: &Path| DirBuilder::new().mode(0o700).create(path);
        if let Some(parent) = self.root.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .map_err(Error::internal)?;
        }
        for path in [self.root.clone(), self.configuration(), self.home(), self.temporary()] {
            create(&path).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    Error::conflict(format!("{} is already there", path.display())).source(error)
                }
                _ => Error::internal(error),
            })?;
        }
        Ok(())
    }

    /// The unpacked upload, in which Terraform runs.
    pub(super) fn configuration(&self) -> PathBuf {
        self.root.join("configuration")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Beside the configuration, where no upload can put a file.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Held by whoever supervises the job, beside its folder: what runs in there cannot reach it.
    pub(super) fn lock(&self) -> PathBuf {
        self.root.with_added_extension(LOCK_EXTENSION)
    }

    pub(super) fn state(&self) -> PathBuf {
        self.configuration().join("terraform.tfstate")
    }

    pub(super) fn lock_file(&self) -> PathBuf {
        self.configuration().join(".terraform.lock.hcl")
    }

    /// The state as it is now; `None` when there is none. On an error the directory is marked so
    /// that [`clean`] leaves it alone.
    pub(super) fn read_state(&self, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        let result = self.newest_state(limit);
        if result.is_err() {
            fs::write(self.beside(KEEP), "").map_err(Error::internal)?;
        }
        result
    }

    /// `errored.tfstate` is where Terraform puts a state that it could not store.
    fn newest_state(&self, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        for path in [self.configuration().join("errored.tfstate"), self.state()] {
            let Some(state) = read_bounded(&path, limit)? else { continue };
            if serde_json::from_slice::<IgnoredAny>(&state).is_err() {
                let message = format!("the state at {} is damaged", path.display());
                return Err(Error::unavailable(message).hint("see terraform.tfstate.backup there"));
            }
            return Ok(Some(state));
        }
        Ok(None)
    }
}

/// The bytes of a file; `None` when it is empty or not there.
pub(super) fn read_bounded(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::internal(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(Error::internal)?;
    if bytes.len() > limit {
        let message = format!("{} is larger than {limit} bytes", path.display());
        return Err(Error::limited(message));
    }
    Ok((!bytes.is_empty()).then_some(bytes))
}

/// The state that a dead server's job left in its directory, `None` when there is none.
///
/// A supervisor that noticed the death ends its Terraform by itself, which is awaited, and killed
/// with all it started when it takes too long. A Terraform without a supervisor is interrupted
/// first. After this nothing writes to the directory any more.
pub async fn leftover_state(directory: &Path) -> Result<Option<Vec<u8>>, Error> {
    let layout = Layout::at(directory.to_owned());
    await_supervisor(&layout.lock()).await?;
    end_leftover_process(&layout.state()).await?;
    layout.read_state(Limits::default().state)
}

/// Removes a job's directory once everything in it has been stored. One that is not there is
/// fine; one with a state that could not be handed over is an error and stays.
pub async fn clean(directory: &Path) -> Result<(), Error> {
    if directory.join(KEEP).exists() {
        let message = format!("{} holds a state that is stored nowhere else", directory.display());
        return Err(Error::conflict(message).hint("save the state by hand, then remove the folder"));
    }
    let lock = Layout::at(directory.to_owned()).lock();
    let removed = tokio::fs::remove_dir_all(directory).await;
    for removed in [removed, tokio::fs::remove_file(lock).await] {
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::internal(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Waits until no supervisor holds the lock; kills one that does not come to its end.
async fn await_supervisor(lock: &Path) -> Result<(), Error> {
    let mut patience = Instant::now() + SUPERVISOR_PATIENCE;
    let mut killed = false;
    while process::holder(lock).map_err(Error::internal)? != Holder::Nobody {
        if Instant::now() >= patience {
            let owner = process::owner(lock).map_err(Error::internal)?;
            let Some(owner) = owner.filter(|_| !killed) else {
                let message = format!("a process that cannot be ended holds {}", lock.display());
                return Err(Error::unavailable(message)
                    .hint("it may run on another machine or in another container"));
            };
            tracing::warn!(pid = %owner, "killing a job that outlived its server for too long");
            process::signal_group(owner, Signal::KILL).map_err(Error::internal)?;
            killed = true;
            patience = Instant::now() + POLL * 25;
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Terraform holds a lock on the state file for as long as it may write to it.
async fn end_leftover_process(state: &Path) -> Result<(), Error> {
    let mut patience = Instant::now() + PATIENCE;
    let mut told = None;
    while let Holder::Process(holder) = process::holder(state).map_err(Error::internal)? {
        let signal = if told.is_none() { Signal::INT } else { Signal::KILL };
        if told.is_none() || Instant::now() >= patience {
            if told == Some(Signal::KILL) {
                let message =
                    format!("process {holder} cannot be ended; it holds {}", state.display());
                return Err(Error::unavailable(message));
            }
            tracing::warn!(pid = %holder, ?signal, "ending a Terraform that outlived its server");
            let group = getpgid(Some(holder)).unwrap_or(holder);
            process::signal_group(group, signal).map_err(Error::internal)?;
            told = Some(signal);
            patience = Instant::now() + PATIENCE;
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path().join("jobs/one"));
        layout.create().unwrap();
        (folder, layout)
    }

    #[test]
    fn a_directory_that_is_there_is_another_jobs() {
        let (_folder, layout) = job();
        let message = layout.create().unwrap_err().to_string();
        assert!(message.ends_with("jobs/one is already there"), "{message}");
    }

    #[tokio::test]
    async fn the_newest_state_is_left_over() {
        let (_folder, layout) = job();
        assert_eq!(leftover_state(&layout.root).await.unwrap(), None);
        fs::write(layout.state(), "").unwrap();
        assert_eq!(leftover_state(&layout.root).await.unwrap(), None, "an empty file is no state");
        fs::write(layout.state(), "{\"serial\":1}").unwrap();
        assert_eq!(leftover_state(&layout.root).await.unwrap().unwrap(), b"{\"serial\":1}");
        fs::write(layout.configuration().join("errored.tfstate"), "{\"serial\":2}").unwrap();
        assert_eq!(leftover_state(&layout.root).await.unwrap().unwrap(), b"{\"serial\":2}");
        clean(&layout.root).await.unwrap();
        clean(&layout.root).await.unwrap();
        assert_eq!(leftover_state(&layout.root).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_state_that_cannot_be_handed_over_is_never_removed() {
        for (content, limit, expected) in
            [("{\"serial\":1}", 5, "is larger than 5 bytes"), ("{\"ser", 100, "is damaged")]
        {
            let (_folder, layout) = job();
            fs::write(layout.state(), content).unwrap();
            let message = layout.read_state(limit).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            let message = clean(&layout.root).await.unwrap_err().to_string();
            assert!(message.contains("stored nowhere else"), "{message}");
            assert!(layout.state().exists());
        }
    }
}
