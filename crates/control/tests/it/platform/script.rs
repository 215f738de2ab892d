//! Plans and applies that happen as a test says.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use pilothouse_control::terraform::{
    Runner,
    executor::{
        ApplyReport, Diagnostic, Diff, End, Job, LogSink, PlanReport, ResourceChange, Stop, Summary,
    },
};
use pilothouse_model::Error;
use tokio::sync::watch;

/// How the next plan or apply goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// A plan with changes; an apply that succeeds.
    Works,
    /// A plan without changes.
    FindsNothing,
    /// Fails with a diagnostic; an apply after it has written state.
    Fails,
    /// An apply that a signal ended in the middle.
    IsCutOff,
    /// Ends when it is asked to.
    RunsUntilAsked,
    /// Ends only when it is killed.
    RunsUntilKilled,
    /// Never ends: its server dies before.
    Hangs,
}

/// What a job was given.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) is_apply: bool,
    pub(crate) job: Job,
}

#[derive(Default)]
struct Inner {
    steps: VecDeque<Step>,
    seen: Vec<Seen>,
    serial: i64,
    left_over: Option<Vec<u8>>,
}

/// A runner that follows a script; without one everything works.
#[derive(Clone)]
pub(crate) struct Script {
    inner: Arc<Mutex<Inner>>,
    /// How many jobs have written their first line.
    begun: Arc<watch::Sender<usize>>,
    /// How many directories of jobs were removed.
    cleaned: Arc<watch::Sender<usize>>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self { inner: Arc::default(), begun: Arc::default(), cleaned: Arc::default() }
    }

    /// Waits until `count` jobs have begun and written their first line.
    pub(crate) async fn until_begun(&self, count: usize) {
        self.begun.subscribe().wait_for(|begun| *begun >= count).await.unwrap();
    }

    /// Waits until the directories of `count` jobs were removed, which happens after their end.
    pub(crate) async fn until_cleaned(&self, count: usize) {
        self.cleaned.subscribe().wait_for(|cleaned| *cleaned >= count).await.unwrap();
    }

    pub(crate) fn then(&self, steps: &[Step]) {
        self.inner.lock().unwrap().steps.extend(steps);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.inner.lock().unwrap().seen.clone()
    }

    pub(crate) fn applies(&self) -> usize {
        self.seen().iter().filter(|seen| seen.is_apply).count()
    }

    /// The state that a dead job left.
    pub(crate) fn leave_over(&self, state: Vec<u8>) {
        self.inner.lock().unwrap().left_over = Some(state);
    }

    async fn begin(
        &self,
        job: &Job,
        is_apply: bool,
        log: &dyn LogSink,
        line: &str,
    ) -> Result<Step, Error> {
        let script = {
            let mut inner = self.inner.lock().unwrap();
            inner.seen.push(Seen { is_apply, job: job.clone() });
            inner.steps.pop_front().unwrap_or(Step::Works)
        };
        log.append(line.as_bytes()).await?;
        self.begun.send_modify(|begun| *begun += 1);
        Ok(script)
    }

    fn next_state(&self) -> Vec<u8> {
        let mut inner = self.inner.lock().unwrap();
        inner.serial += 1;
        state(inner.serial)
    }
}

/// A state file with one plain and one sensitive output.
pub(crate) fn state(serial: i64) -> Vec<u8> {
    serde_json::json!({
        "version": 4, "serial": serial, "lineage": "scripted",
        "outputs": {
            "vpc_id": {"value": format!("vpc-{serial}"), "type": "string"},
            "token": {"value": "hush", "type": "string", "sensitive": true},
        },
    })
    .to_string()
    .into_bytes()
}

/// Waits as the step says; `None` when the job does its work.
async fn wait(script: Step, stop: &Stop) -> Option<End> {
    match script {
        Step::Works | Step::FindsNothing | Step::Fails | Step::IsCutOff => None,
        Step::RunsUntilAsked => {
            tokio::select! {
                () = stop.graceful.cancelled() => Some(End::Canceled { forced: false }),
                () = stop.forced.cancelled() => Some(End::Canceled { forced: true }),
            }
        }
        Step::RunsUntilKilled => {
            stop.forced.cancelled().await;
            Some(End::Canceled { forced: true })
        }
        Step::Hangs => std::future::pending().await,
    }
}

fn diagnostic() -> Diagnostic {
    Diagnostic {
        severity: "error".to_owned(),
        summary: "Reference to undeclared input variable".to_owned(),
        detail: "There is no variable named \"regoin\".".to_owned(),
        file: Some("main.tf".to_owned()),
        line: Some(3),
        snippet: Some("  input = var.regoin".to_owned()),
        address: None,
    }
}

#[async_trait]
impl Runner for Script {
    async fn version(&self) -> Result<String, Error> {
        Ok("1.9.8".to_owned())
    }

    async fn plan(&self, job: &Job, log: &dyn LogSink, stop: &Stop) -> Result<PlanReport, Error> {
        let script = self.begin(job, false, log, "planning €\n").await?;
        let mut report = PlanReport {
            end: End::Finished,
            error_message: None,
            diagnostics: Vec::new(),
            has_changes: true,
            summary: Summary { resource_additions: 1, resource_drift: 2, ..Summary::default() },
            diff: Diff {
                resources: vec![ResourceChange {
                    address: "terraform_data.a".to_owned(),
                    resource_type: "terraform_data".to_owned(),
                    provider_name: "terraform.io/builtin/terraform".to_owned(),
                    action: "CREATE".to_owned(),
                    unified_diff: "+ input = 1".to_owned(),
                    drifted: false,
                }],
                outputs: Vec::new(),
            },
            plan_file: Some(b"plan".to_vec()),
        };
        match (wait(script, stop).await, script) {
            (Some(end), _) => report.end = end,
            (None, Step::FindsNothing) => {
                report.has_changes = false;
                report.summary = Summary::default();
            }
            (None, Step::Fails) => {
                report.end = End::Failed;
                report.error_message = Some(diagnostic().summary);
                report.diagnostics = vec![diagnostic()];
            }
            (None, _) => {}
        }
        log.append(b"planned\n").await?;
        Ok(report)
    }

    async fn apply(&self, job: &Job, log: &dyn LogSink, stop: &Stop) -> Result<ApplyReport, Error> {
        let script = self.begin(job, true, log, "applying\n").await?;
        let ended = wait(script, stop).await;
        let mut report = ApplyReport {
            end: ended.unwrap_or(End::Finished),
            error_message: None,
            diagnostics: Vec::new(),
            state: Some(self.next_state()),
            cut_off: matches!(script, Step::IsCutOff),
        };
        if matches!(script, Step::Fails | Step::IsCutOff) {
            report.end = End::Failed;
            report.error_message = Some(diagnostic().summary);
            report.diagnostics = vec![diagnostic()];
        }
        log.append(b"applied\n").await?;
        Ok(report)
    }

    async fn leftover_state(&self, _directory: &Path) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.inner.lock().unwrap().left_over.take())
    }

    async fn clean(&self, _directory: &Path) -> Result<(), Error> {
        self.cleaned.send_modify(|cleaned| *cleaned += 1);
        Ok(())
    }
}
