//! What `/bin/sh`, as a stand-in for any program, experiences when it is run.

use std::{
    os::unix::process::ExitStatusExt,
    path::Path,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{Exit, Line, MAX_LINE_BYTES, Program, Stop, Stopped, Stream, capture, stream};

const LONG: Duration = Duration::from_mins(1);

fn shell(script: &str) -> Program {
    Program {
        path: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
        directory: std::env::temp_dir(),
        timeout: LONG,
        grace: LONG,
        supervision: None,
    }
}

async fn lines_of(program: &Program, stop: &Stop) -> (Exit, Vec<Line>) {
    let (sender, mut receiver) = mpsc::channel::<Line>(4);
    let collect = async {
        let mut lines = Vec::new();
        while let Some(line) = receiver.recv().await {
            lines.push(line);
        }
        lines
    };
    let (exit, lines) = tokio::join!(stream(program, stop, sender), collect);
    (exit.unwrap(), lines)
}

/// Runs `script` until it has printed a line, then does `act`.
async fn stopped_after_first_line(
    program: &Program,
    act: impl FnOnce(&Stop),
) -> (Exit, Vec<String>) {
    let stop = Stop::default();
    let (sender, mut receiver) = mpsc::channel::<Line>(4);
    let watch = async {
        let mut lines = vec![receiver.recv().await.unwrap().text];
        act(&stop);
        while let Some(line) = receiver.recv().await {
            lines.push(line.text);
        }
        lines
    };
    let (exit, lines) = tokio::join!(stream(program, &stop, sender), watch);
    (exit.unwrap(), lines)
}

#[tokio::test]
async fn both_streams_arrive_line_by_line() {
    let (exit, mut lines) = lines_of(
        &shell(r"echo one; echo two >&2; printf 'three\r\nlast'; exit 3"),
        &Stop::default(),
    )
    .await;
    lines.sort_by_key(|line| line.stream == Stream::Err);
    let seen: Vec<_> = lines.iter().map(|line| (line.stream, line.text.as_str())).collect();
    assert_eq!(
        seen,
        [(Stream::Out, "one"), (Stream::Out, "three"), (Stream::Out, "last"), (Stream::Err, "two")]
    );
    assert_eq!((exit.status.code(), exit.stopped, exit.output_complete), (Some(3), None, true));
}

#[tokio::test]
async fn a_program_sees_only_the_environment_it_is_given() {
    let mut program = shell("env");
    program.path = "/usr/bin/env".into();
    program.arguments.clear();
    program.environment = vec![("ONLY".into(), "this".into())];
    let (_, captured) = capture(&program, &Stop::default(), 4096).await.unwrap();
    assert_eq!(String::from_utf8(captured.stdout).unwrap(), "ONLY=this\n");
}

#[tokio::test]
async fn arguments_are_never_read_by_a_shell() {
    let mut program = shell("");
    program.path = "/bin/echo".into();
    program.arguments = vec!["$(id); `id` > x".into()];
    let (_, captured) = capture(&program, &Stop::default(), 4096).await.unwrap();
    assert_eq!(String::from_utf8(captured.stdout).unwrap(), "$(id); `id` > x\n");
}

#[tokio::test]
async fn a_line_over_the_limit_is_cut_and_the_next_one_is_whole() {
    let script = format!("head -c {} /dev/zero | tr '\\0' x; echo; echo next", MAX_LINE_BYTES + 10);
    let (_, lines) = lines_of(&shell(&script), &Stop::default()).await;
    let seen: Vec<_> = lines.iter().map(|line| (line.text.len(), line.truncated)).collect();
    assert_eq!(seen, [(MAX_LINE_BYTES, true), (4, false)]);
}

#[tokio::test]
async fn capture_keeps_no_more_than_the_limit_and_says_so() {
    for (limit, kept, truncated) in [(10, "0123", false), (4, "0123", false), (3, "012", true)] {
        let (exit, captured) =
            capture(&shell("printf 0123; echo why >&2"), &Stop::default(), limit).await.unwrap();
        assert_eq!(captured.stdout, kept.as_bytes(), "limit {limit}");
        assert_eq!(captured.truncated, truncated, "limit {limit}");
        assert_eq!(captured.stderr, b"why\n");
        assert!(exit.status.success());
    }
}

#[tokio::test]
async fn an_interrupted_program_may_finish_its_work() {
    let program = shell("trap 'echo tidy; exit 0' INT; echo ready; while :; do sleep 0.05; done");
    let (exit, lines) = stopped_after_first_line(&program, |stop| stop.graceful.cancel()).await;
    assert_eq!(lines, ["ready", "tidy"]);
    assert_eq!((exit.status.code(), exit.stopped), (Some(0), Some(Stopped::Interrupted)));
}

/// In the background of a script SIGINT is ignored, and stays so for all that is started from there.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_can_be_interrupted_even_where_we_cannot() {
    let tests = std::env::current_exe().unwrap();
    let mut script = shell(&format!(
        "trap '' INT; exec '{}' --exact process::tests::an_interrupted_program_may_finish_its_work",
        tests.display()
    ));
    script.timeout = Duration::from_mins(5);
    let (exit, lines) = lines_of(&script, &Stop::default()).await;
    let printed: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert!(exit.status.success(), "{printed:#?}");
    assert!(printed.iter().any(|line| line.contains("1 passed")), "{printed:#?}");
}

#[tokio::test]
async fn a_killed_program_takes_its_children_with_it() {
    // The background child holds the output open: without it being killed this would not end.
    let program = shell("trap '' INT; sleep 600 & echo ready; wait; sleep 600");
    let (exit, _) = stopped_after_first_line(&program, |stop| stop.forced.cancel()).await;
    assert_eq!((exit.status.signal(), exit.stopped), (Some(9), Some(Stopped::Killed)));
    assert!(exit.output_complete);
}

#[tokio::test]
async fn what_a_program_leaves_in_its_group_is_ended() {
    let (exit, lines) = lines_of(&shell("sleep 600 & echo $!"), &Stop::default()).await;
    assert!(exit.status.success() && exit.output_complete);
    assert_ended(&lines[0].text);
}

#[tokio::test]
async fn time_runs_out_first_with_an_interrupt_then_with_a_kill() {
    let mut obedient = shell("exec sleep 600");
    obedient.timeout = Duration::from_millis(100);
    let (exit, _) = lines_of(&obedient, &Stop::default()).await;
    assert_eq!((exit.status.signal(), exit.stopped), (Some(2), Some(Stopped::TimedOut)));

    let mut stubborn = shell("trap '' INT; while :; do sleep 0.05; done");
    stubborn.timeout = Duration::from_secs(2);
    stubborn.grace = Duration::from_millis(50);
    let (exit, _) = lines_of(&stubborn, &Stop::default()).await;
    assert_eq!((exit.status.signal(), exit.stopped), (Some(9), Some(Stopped::TimedOut)));
}

#[tokio::test]
async fn letting_go_of_a_run_ends_the_program() {
    let (sender, mut receiver) = mpsc::channel::<Line>(4);
    let run = tokio::spawn(async move {
        stream(&shell("sleep 600 & echo $!; wait"), &Stop::default(), sender).await
    });
    let child = receiver.recv().await.unwrap().text;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    assert_ended(&child);
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let mut program = shell("");
    program.path = "/nonexistent/terraform".into();
    let error = capture(&program, &Stop::default(), 1).await.unwrap_err().to_string();
    assert!(error.starts_with("could not start /nonexistent/terraform in "), "{error}");
}

/// The process is gone, or waits as a zombie for a parent that is not us.
fn assert_ended(id: &str) {
    let status = Path::new("/proc").join(id).join("stat");
    let deadline = Instant::now() + LONG;
    while Instant::now() < deadline {
        match std::fs::read_to_string(&status) {
            Err(_) => return,
            Ok(stat) if stat.contains(") Z ") => return,
            Ok(_) => std::thread::yield_now(),
        }
    }
    panic!("process {id} still runs");
}
