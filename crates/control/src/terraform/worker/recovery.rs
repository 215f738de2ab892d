//! What a starting server sets right: runs whose turn came while no server ran, and directories
//! of jobs that ended without being tidied up.

use pilothouse_model::Error;

use super::Worker;

impl Worker {
    pub(super) async fn recover(&self) -> Result<(), Error> {
        let platform = &self.platform;
        for workspace_id in platform.store.workspace_ids_waited_for().await? {
            platform.admit(&workspace_id).await?;
        }
        for job_id in platform.files.job_ids().map_err(Error::internal)? {
            let job = platform.store.job_get(&job_id).await?;
            if job.is_none_or(|job| job.status.is_final()) {
                self.tidy(&job_id).await;
            }
        }
        Ok(())
    }

    /// Removes a job's directory; one that cannot be removed is left and said so.
    pub(super) async fn tidy(&self, job_id: &str) {
        let directory = self.platform.files.job(job_id);
        if let Err(error) = self.platform.runner.clean(&directory).await {
            tracing::warn!(%error, directory = %directory.display(), "a job's directory stays");
        }
    }
}
