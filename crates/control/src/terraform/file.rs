//! Where the platform's files are, and how an upload becomes one of them.

use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use pilothouse_model::Error;
use tempfile::NamedTempFile;

/// Below the data directory. Names are ids, which no caller chooses.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    configurations: PathBuf,
    jobs: PathBuf,
}

impl Files {
    /// Creates the folders that are missing, for their owner only.
    pub(crate) fn open(data_dir: &Path) -> Result<Self, Error> {
        let root = data_dir.join("terraform");
        let files = Self { configurations: root.join("configurations"), jobs: root.join("jobs") };
        for folder in [&files.configurations, &files.jobs] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
                Error::unavailable(format!("cannot create the folder {}", folder.display()))
                    .hint("check that the data directory can be written")
                    .source(error)
            })?;
        }
        Ok(files)
    }

    /// The archive of a configuration version.
    pub(crate) fn archive(&self, configuration_version_id: &str) -> PathBuf {
        self.configurations.join(format!("{configuration_version_id}.tar.gz"))
    }

    /// The directory of a job; the executor creates it.
    pub(crate) fn job(&self, job_id: &str) -> PathBuf {
        self.jobs.join(job_id)
    }

    /// The ids of jobs that have a directory, or a lock beside it.
    pub(crate) fn job_ids(&self) -> io::Result<BTreeSet<String>> {
        fs::read_dir(&self.jobs)?
            .map(|entry| {
                let name = PathBuf::from(entry?.file_name());
                Ok(name.file_stem().unwrap_or_default().to_string_lossy().into_owned())
            })
            .collect()
    }

    /// A file for an upload, gone when it is dropped.
    pub(crate) fn incoming(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(&self.configurations)
    }

    /// Makes an upload the archive of a configuration version. Once this returns it survives a
    /// crash.
    pub(crate) fn keep(&self, incoming: NamedTempFile, id: &str) -> io::Result<()> {
        incoming.as_file().sync_all()?;
        incoming.persist(self.archive(id)).map_err(|failed| failed.error)?;
        File::open(&self.configurations)?.sync_all()
    }

    /// Removes the archives of configuration versions that are gone; a missing one is fine.
    pub(crate) fn forget(&self, ids: &[String]) {
        for id in ids {
            match fs::remove_file(self.archive(id)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, %id, "an archive that nothing refers to stays behind");
                }
                _ => {}
            }
        }
    }
}
