//! Jobs that are told to end, or run out of time.

use std::time::Duration;

use pilothouse_control::terraform::executor::{End, Stop};

use super::{StopAt, Workspace};

/// One resource is made, then another one waits in a program that was started.
fn waiting(workspace: Workspace, script: &str) -> Workspace {
    let text = format!(
        "resource \"terraform_data\" \"first\" {{}}\n\
         resource \"terraform_data\" \"second\" {{\n  input = terraform_data.first.id\n  \
         provisioner \"local-exec\" {{\n    command = \"{script}\"\n  }}\n}}\n\
         resource \"terraform_data\" \"third\" {{\n  input = terraform_data.second.id\n}}\n"
    );
    workspace.file("main.tf", &text)
}

const STARTED: &str = "(local-exec): started";

async fn stopped(script: &str, act: fn(&Stop)) -> Option<(End, Vec<String>, String)> {
    let mut workspace = waiting(Workspace::new().await?, script);
    let (plan, _) = workspace.plan().await;
    workspace.stop_at = Some(StopAt { seen: STARTED, act });
    let (report, log) = workspace.apply(plan).await;
    let message = report.error_message.unwrap();
    assert!(log.contains(&message), "{message} in {log}");
    Some((report.end, workspace.resources(), log))
}

#[tokio::test]
async fn an_interrupted_apply_keeps_its_state() {
    let act = |stop: &Stop| stop.graceful.cancel();
    let Some((end, resources, log)) = stopped("echo started; exec sleep 600", act).await else {
        return;
    };
    assert_eq!(end, End::Canceled { forced: false }, "{log}");
    assert_eq!(resources, ["first", "second*"], "{log}");
    assert!(log.contains("the job was canceled before it was done"), "{log}");
}

#[tokio::test]
async fn a_killed_apply_keeps_the_state_that_there_is() {
    let act = |stop: &Stop| stop.forced.cancel();
    let script = "trap '' INT; echo started; while :; do sleep 1; done";
    let Some((end, resources, log)) = stopped(script, act).await else { return };
    assert_eq!(end, End::Canceled { forced: true }, "{log}");
    assert!(resources.starts_with(&["first".to_owned()]), "{resources:?} {log}");
    assert!(log.contains("the job was killed before it was done"), "{log}");
}

#[tokio::test]
async fn a_job_may_be_stopped_before_terraform_runs() {
    let Some(mut workspace) = Workspace::new().await else { return };
    workspace = workspace.file("main.tf", "");
    for (act, forced) in [
        ((|stop: &Stop| stop.graceful.cancel()) as fn(&Stop), false),
        (|stop: &Stop| stop.forced.cancel(), true),
    ] {
        workspace.stop_at = Some(StopAt { seen: "v1.", act });
        let (plan, log) = workspace.plan().await;
        assert_eq!(plan.end, End::Canceled { forced }, "{log}");
        assert!(!log.contains("init"), "{log}");
    }
}

#[tokio::test]
async fn a_job_that_takes_too_long_is_interrupted_and_failed() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = waiting(workspace, "echo started; exec sleep 600");
    let (plan, _) = workspace.plan().await;
    workspace.timeout = Duration::from_secs(3);
    let (report, log) = workspace.apply(plan).await;
    assert_eq!(report.end, End::Failed, "{log}");
    let message = report.error_message.unwrap();
    assert!(message.starts_with("the job took longer than 0.1 minutes"), "{message}");
}
