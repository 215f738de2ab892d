//! Answers that go on: events of runs, and a job's log as it grows.
//!
//! A stream sleeps until this process notices a change. Changes made by other servers on the same
//! store show at the next [`TICK`].

use std::{pin::Pin, sync::Arc, time::Duration};

use futures::{Stream, stream};
use pilothouse_model::{Error, Namespace};
use pilothouse_store::terraform::RunRecord;
use tokio::time::timeout;
use tonic::Status;

use super::{proto, status};
use crate::terraform::{Change, Notice, Terraform, Watch, api::view};
use proto::{
    job::{JobLogStreamEvent, JobLogStreamEventData},
    run::RunEvent,
};

pub(super) type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

const TICK: Duration = Duration::from_secs(5);

/// Bytes of a log that one event carries.
const LOG_CHUNK: i64 = 64 * 1024;

const UPDATED: &str = "UPDATE";

/// The runs that a watcher wants to hear of.
pub(super) enum RunScope {
    Run {
        id: String,
    },
    Workspace {
        id: String,
    },
    /// All workspaces below a path; `None`: everywhere.
    Below {
        path: Option<String>,
    },
}

impl RunScope {
    pub(super) async fn read(
        platform: &Terraform,
        run: Option<&str>,
        workspace: Option<&str>,
        group: Option<&str>,
    ) -> Result<Self, Error> {
        Ok(match (run, workspace, group) {
            (Some(id), _, _) => Self::Run { id: platform.run_get(id).await?.run.meta.id },
            (_, Some(id), _) => Self::Workspace { id: platform.workspace_get(id).await?.meta.id },
            (_, _, Some(id)) => Self::Below { path: Some(platform.group_get(id).await?.path) },
            (None, None, None) => Self::Below { path: None },
        })
    }

    fn may_concern(&self, notice: &Notice) -> bool {
        notice.change == Change::Run
            && match self {
                Self::Run { id } => *id == notice.run_id,
                Self::Workspace { id } => *id == notice.workspace_id,
                Self::Below { .. } => true,
            }
    }

    fn holds(&self, record: &RunRecord) -> bool {
        match self {
            Self::Below { path: Some(path) } => record
                .run
                .workspace_path
                .strip_prefix(path.as_str())
                .is_some_and(|rest| rest.starts_with('/')),
            _ => true,
        }
    }
}

/// Each change of the runs in `scope`. A watcher of one run first gets it as it is.
/// Of all runs, those at or below the `visible` paths.
pub(super) fn run_events(
    platform: &Arc<Terraform>,
    scope: RunScope,
    visible: Option<Vec<String>>,
) -> Events<RunEvent> {
    let (platform, watch) = (Arc::clone(platform), platform.subscribe());
    let follower = RunFollower { platform, watch, scope, visible, seen: None };
    Box::pin(stream::unfold(follower, |mut follower| async {
        let event = follower.next().await;
        Some((event.map_err(status), follower))
    }))
}

struct RunFollower {
    platform: Arc<Terraform>,
    watch: Watch,
    scope: RunScope,
    visible: Option<Vec<String>>,
    /// Of the one run that is followed: the version that was sent last.
    seen: Option<i64>,
}

impl RunFollower {
    fn may_see(&self, record: &RunRecord) -> bool {
        let path = Namespace::terraform(&record.run.workspace_path);
        let holds = |visible: &String| Namespace::terraform(visible).holds(&path);
        self.visible.as_ref().is_none_or(|paths| paths.iter().any(holds))
    }

    async fn next(&mut self) -> Result<RunEvent, Error> {
        loop {
            if let RunScope::Run { id } = &self.scope {
                let record = self.platform.run_by_id(id).await?;
                if self.seen.replace(record.run.meta.version) != Some(record.run.meta.version) {
                    return Ok(event(record));
                }
            }
            // A tick, or notices that were missed: only a run that is followed is read anew.
            let Ok(Some(notice)) = timeout(TICK, self.watch.next()).await else { continue };
            if !self.scope.may_concern(&notice) || matches!(self.scope, RunScope::Run { .. }) {
                continue;
            }
            let record = self.platform.run_by_id(&notice.run_id).await?;
            if self.scope.holds(&record) && self.may_see(&record) {
                return Ok(event(record));
            }
        }
    }
}

fn event(record: RunRecord) -> RunEvent {
    RunEvent { action: UPDATED.to_owned(), run: Some(view::run(record)) }
}

/// The log of a job from byte `from` on, until it is complete.
pub(super) fn log_events(
    platform: &Arc<Terraform>,
    job_id: String,
    from: i64,
) -> Events<JobLogStreamEvent> {
    let (platform, watch) = (Arc::clone(platform), platform.subscribe());
    let follower = LogFollower { platform, watch, job_id, sent: from, completed: false };
    Box::pin(stream::unfold(follower, |mut follower| async {
        let event = follower.next().await.transpose()?;
        Some((event.map_err(status), follower))
    }))
}

struct LogFollower {
    platform: Arc<Terraform>,
    watch: Watch,
    job_id: String,
    /// Bytes of the log.
    sent: i64,
    completed: bool,
}

impl LogFollower {
    async fn next(&mut self) -> Result<Option<JobLogStreamEvent>, Error> {
        while !self.completed {
            let Some(job) = self.platform.store.job_get(&self.job_id).await? else { break };
            let size = i32::try_from(job.log_size).unwrap_or(i32::MAX);
            if job.log_size > self.sent {
                let slice = self.platform.job_log(&job, self.sent, LOG_CHUNK).await?;
                let offset = i32::try_from(slice.offset).unwrap_or(i32::MAX);
                self.sent += i64::try_from(slice.text.len()).unwrap_or(i64::MAX);
                let data = Some(JobLogStreamEventData { offset, logs: slice.text });
                return Ok(Some(JobLogStreamEvent { completed: false, size, data }));
            }
            if job.status.is_final() {
                self.completed = true;
                return Ok(Some(JobLogStreamEvent { completed: true, size, data: None }));
            }
            let waited = timeout(TICK, self.watch.changed(&job.run_id)).await;
            tracing::trace!(job = %self.job_id, noticed = waited.is_ok(), "a log is followed");
        }
        Ok(None)
    }
}
