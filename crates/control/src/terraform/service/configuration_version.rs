//! Uploaded configurations: created pending, then given an archive once.

use futures::{Stream, StreamExt as _};
use pilothouse_model::{Caller, Error, Kind, id::ResourceType};
use pilothouse_store::terraform::{ConfigurationStatus, ConfigurationVersion, Meta};
use tempfile::NamedTempFile;
use tokio::io::{AsyncWriteExt as _, BufWriter};

use super::period_start;
use crate::terraform::{Terraform, executor, limit, reference};

/// Bytes of an upload that are written at once.
const BUFFER: usize = 256 * 1024;

/// Why an upload was not taken.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// More bytes than `limit`.
    TooLarge {
        limit: u64,
    },
    Refused(Error),
}

impl From<Error> for UploadError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Terraform {
    pub(crate) async fn configuration_version_create(
        &self,
        caller: &Caller,
        workspace: &str,
        speculative: bool,
    ) -> Result<ConfigurationVersion, Error> {
        let workspace = self.workspace_get(workspace).await?;
        let now = self.config.clock.now();
        let created = ConfigurationVersion {
            meta: Meta::new(now),
            workspace_id: workspace.meta.id,
            workspace_path: workspace.path,
            status: ConfigurationStatus::Pending,
            speculative,
            created_by: caller.principal.name.clone(),
            archive_bytes: 0,
            error_message: None,
            removed_at: None,
        };
        let most = limit::CONFIGURATION_VERSIONS_PER_WORKSPACE;
        self.store.configuration_version_create(&created, most, period_start(now)).await?;
        Ok(created)
    }

    pub(crate) async fn configuration_version_get(
        &self,
        id: &str,
    ) -> Result<ConfigurationVersion, Error> {
        let kind = ResourceType::ConfigurationVersion;
        let target = reference::target(kind, id)?;
        let found = self.store.configuration_version_get(&target.id).await?;
        found
            .filter(|found| target.is_in(&found.workspace_path))
            .ok_or_else(|| reference::not_found(kind, id))
    }

    /// Takes the archive of a pending configuration version. One that is not acceptable makes it
    /// errored; one that is cut off leaves it pending.
    pub(crate) async fn configuration_version_upload<Chunk, Cause>(
        &self,
        workspace: &str,
        id: &str,
        body: impl Stream<Item = Result<Chunk, Cause>> + Unpin,
    ) -> Result<(), UploadError>
    where
        Chunk: AsRef<[u8]>,
        Cause: std::error::Error + Send + Sync + 'static,
    {
        let workspace = self.workspace_get(workspace).await?;
        let configuration = self.configuration_version_get(id).await?;
        let id_of_row = &configuration.meta.id;
        if configuration.workspace_id != workspace.meta.id {
            return Err(reference::not_found(ResourceType::ConfigurationVersion, id).into());
        }
        let _upload = self
            .begin_upload(id_of_row)
            .ok_or_else(|| Error::conflict("another upload of it is under way"))?;
        let configuration = self.configuration_version_get(id).await?;
        if configuration.status != ConfigurationStatus::Pending {
            let status = configuration.status.as_str();
            return Err(Error::conflict(format!("the configuration version is {status}"))
                .hint("create a new one for each upload")
                .into());
        }
        let incoming = self.files.incoming().map_err(Error::internal)?;
        let bytes = receive(&incoming, body, self.config.upload_limit).await?;
        self.finish_upload(configuration, incoming, bytes).await?;
        Ok(())
    }

    async fn finish_upload(
        &self,
        mut configuration: ConfigurationVersion,
        incoming: NamedTempFile,
        bytes: u64,
    ) -> Result<(), Error> {
        let (limits, files) = (self.config.archive_limits(), self.files.clone());
        let id = configuration.meta.id.clone();
        let kept = tokio::task::spawn_blocking(move || {
            executor::inspect(incoming.path(), &limits)?;
            files.keep(incoming, &id).map_err(Error::internal)
        });
        let kept = kept.await.map_err(Error::internal)?;
        match &kept {
            Ok(()) => {
                configuration.status = ConfigurationStatus::Uploaded;
                configuration.archive_bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            }
            Err(error) if error.kind == Kind::Internal => return kept,
            Err(error) => {
                configuration.status = ConfigurationStatus::Errored;
                configuration.error_message = Some(error.to_string());
            }
        }
        self.store.configuration_version_finish(&configuration, self.config.clock.now()).await?;
        kept
    }

    /// The archive of an uploaded configuration version.
    pub(crate) async fn configuration_version_content(
        &self,
        id: &str,
    ) -> Result<tokio::fs::File, Error> {
        let configuration = self.configuration_version_get(id).await?;
        if configuration.status != ConfigurationStatus::Uploaded {
            let status = configuration.status.as_str();
            return Err(Error::conflict(format!("the configuration version is {status}")));
        }
        check_kept(&configuration)?;
        let path = self.files.archive(&configuration.meta.id);
        tokio::fs::File::open(path).await.map_err(Error::internal)
    }
}

/// Archives are kept for a while only.
pub(crate) fn check_kept(configuration: &ConfigurationVersion) -> Result<(), Error> {
    if configuration.removed_at.is_none() {
        return Ok(());
    }
    let most = limit::KEPT_ARCHIVES;
    let message = format!("its archive was removed: a workspace keeps the newest {most}");
    Err(Error::conflict(message).hint("upload the configuration again"))
}

/// Writes a body to a file, up to `limit` bytes; returns how many there were.
async fn receive<Chunk: AsRef<[u8]>, Cause: std::error::Error + Send + Sync + 'static>(
    incoming: &NamedTempFile,
    mut body: impl Stream<Item = Result<Chunk, Cause>> + Unpin,
    limit: u64,
) -> Result<u64, UploadError> {
    let file = tokio::fs::File::from_std(incoming.reopen().map_err(Error::internal)?);
    let mut file = BufWriter::with_capacity(BUFFER, file);
    let mut bytes = 0;
    while let Some(chunk) = body.next().await {
        let chunk =
            chunk.map_err(|cause| Error::invalid("the upload was cut off").source(cause))?;
        bytes += chunk.as_ref().len() as u64;
        if bytes > limit {
            return Err(UploadError::TooLarge { limit });
        }
        file.write_all(chunk.as_ref()).await.map_err(Error::internal)?;
    }
    file.flush().await.map_err(Error::internal)?;
    Ok(bytes)
}
