//! What a workspace keeps of runs that are over: their logs, diffs and states stay, the files that
//! were needed to make them stay for a while.

use pilothouse_model::Error;

use super::Worker;
use crate::terraform::limit;

impl Worker {
    /// Drops plan files and archives that nothing will need. What fails is left for the next time.
    pub(super) async fn forget_old(&self, workspace_id: &str) {
        if let Err(error) = self.try_forget_old(workspace_id).await {
            tracing::warn!(%error, workspace = %workspace_id, "old files of a workspace stay");
        }
    }

    async fn try_forget_old(&self, workspace_id: &str) -> Result<(), Error> {
        let platform = &self.platform;
        platform.store.report_forget_plan_files(workspace_id, limit::KEPT_PLANS).await?;
        let now = platform.config.clock.now();
        let keep = limit::KEPT_ARCHIVES;
        let old = platform.store.configuration_version_remove_old(workspace_id, keep, now).await?;
        let files = platform.files.clone();
        tokio::task::spawn_blocking(move || files.forget(&old)).await.map_err(Error::internal)
    }
}
