//! Starts other programs: an argument list (never a shell), an environment that holds only what
//! the caller lists, a process group of its own, bounded output, and an end that always comes.
//!
//! The only place in the product that starts a program. Knows nothing of Terraform or git.
//!
//! A program may be [supervised](Supervision): then a process of our own stands between, which
//! keeps it in a [`Sandbox`] and ends it in an orderly way when the server is gone.

use std::{
    ffi::OsString,
    future::Future,
    io,
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::mpsc,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::{group::Group, order::Order};

mod group;
#[cfg(target_os = "linux")]
mod inherit;
mod lock;
mod order;
mod output;
pub mod sandbox;
pub mod supervisor;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    group::signal as signal_group,
    lock::{Holder, holder, owner},
};
pub use self::{
    order::Sandbox,
    output::{Captured, Line, MAX_LINE_BYTES, Stream},
};

/// How much of the standard error of a captured program is kept.
const MAX_CAPTURED_ERROR_BYTES: usize = 64 * 1024;

/// How long output is awaited after the program itself has ended: something it started may have
/// left its group and hold the pipe open for ever.
const DRAIN: Duration = Duration::from_secs(5);

/// What a shell, and a supervisor, adds to the number of the signal that ended a program.
const SIGNAL_BASE: i32 = 128;

/// One program to run.
#[derive(Clone, Debug)]
pub struct Program {
    pub path: PathBuf,
    pub arguments: Vec<OsString>,
    /// All that the program will find in its environment.
    pub environment: Vec<(OsString, OsString)>,
    pub directory: PathBuf,
    /// After this the program is interrupted.
    pub timeout: Duration,
    /// How long an interrupted program that ran out of time may go on before it is killed.
    pub grace: Duration,
    /// Without it the program is our own child and sees what we see.
    pub supervision: Option<Supervision>,
}

/// What stands between the server and a program.
#[derive(Clone, Debug)]
pub struct Supervision {
    /// The executable that understands [`supervisor::COMMAND`]: our own.
    pub supervisor: PathBuf,
    /// A file that is locked while the supervisor lives, where the program cannot reach it.
    pub lock: PathBuf,
    pub sandbox: Sandbox,
}

/// How a running program is told to end.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Interrupt: the program finishes what it is doing and cleans up.
    pub graceful: CancellationToken,
    /// Kill, without waiting for anything.
    pub forced: CancellationToken,
}

/// How a program ended.
#[derive(Clone, Copy, Debug)]
pub struct Exit {
    pub status: ExitStatus,
    /// Why it was told to end, if it was. It may still have ended well.
    pub stopped: Option<Stopped>,
    /// False when a descendant kept the output open and the rest of it was given up.
    pub output_complete: bool,
}

impl Exit {
    /// The number of the signal that ended the program, seen by us or told by its supervisor.
    pub fn signal(&self) -> Option<i32> {
        let told = || self.status.code()?.checked_sub(SIGNAL_BASE).filter(|&signal| signal > 0);
        self.status.signal().or_else(told)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    Interrupted,
    TimedOut,
    Killed,
}

#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("could not start {program} in {directory}: {source}")]
    Start { program: String, directory: String, source: io::Error },
    #[error("lost track of {program}: {source}")]
    Wait { program: String, source: io::Error },
    #[error("could not read the output of {program}: {source}")]
    Output { program: String, source: io::Error },
}

/// Runs `program` and sends what it prints, line by line, to `lines`. A slow receiver slows the
/// program down; a closed one does not end it.
pub async fn stream(
    program: &Program,
    stop: &Stop,
    lines: mpsc::Sender<Line>,
) -> Result<Exit, ProcessError> {
    run(program, stop, |stdout, stderr| async move {
        let (out, err) = tokio::join!(
            output::send_lines(stdout, Stream::Out, &lines),
            output::send_lines(stderr, Stream::Err, &lines),
        );
        out.and(err)
    })
    .await
}

/// Runs `program` and keeps the first `limit` bytes of its standard output.
pub async fn capture(
    program: &Program,
    stop: &Stop,
    limit: usize,
) -> Result<(Exit, Captured), ProcessError> {
    let mut captured = Captured::default();
    let Captured { stdout: out_bytes, stderr: err_bytes, truncated } = &mut captured;
    let exit = run(program, stop, |stdout, stderr| async move {
        let (out, err) = tokio::join!(
            output::keep(stdout, out_bytes, limit),
            output::keep(stderr, err_bytes, MAX_CAPTURED_ERROR_BYTES),
        );
        *truncated = out?;
        err.map(|_truncated| ())
    })
    .await?;
    Ok((exit, captured))
}

async fn run<F>(
    program: &Program,
    stop: &Stop,
    read: impl FnOnce(ChildStdout, ChildStderr) -> F,
) -> Result<Exit, ProcessError>
where
    F: Future<Output = io::Result<()>>,
{
    let name = || program.path.display().to_string();
    let Started { mut child, group, stdout, stderr, lifeline: _lifeline } = start(program)
        .map_err(|source| {
            let directory = program.directory.display().to_string();
            ProcessError::Start { program: name(), directory, source }
        })?;

    let reading = read(stdout, stderr);
    let supervising = supervise(&mut child, group, program, stop);
    tokio::pin!(reading, supervising);
    let (ended, read) = tokio::select! {
        ended = &mut supervising => (ended, tokio::time::timeout(DRAIN, reading).await.ok()),
        read = &mut reading => (supervising.await, Some(read)),
    };

    let (status, stopped) =
        ended.map_err(|source| ProcessError::Wait { program: name(), source })?;
    let output_complete = read.is_some();
    read.unwrap_or(Ok(())).map_err(|source| ProcessError::Output { program: name(), source })?;
    Ok(Exit { status, stopped, output_complete })
}

/// A program that runs.
struct Started {
    child: Child,
    group: Group,
    stdout: ChildStdout,
    stderr: ChildStderr,
    /// Ends when we do, which tells a supervisor that we are gone.
    lifeline: Option<ChildStdin>,
}

fn start(program: &Program) -> io::Result<Started> {
    #[cfg(target_os = "linux")]
    inherit::reset_interrupt();
    let mut child = command(program)
        .env_clear()
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&program.directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let group = Group::led_by(&child)?;
    let missing = || io::Error::other("the pipe to the program is missing");
    let stdout = child.stdout.take().ok_or_else(missing)?;
    let stderr = child.stderr.take().ok_or_else(missing)?;
    let lifeline = child.stdin.take();
    Ok(Started { child, group, stdout, stderr, lifeline })
}

/// The program itself, or its supervisor.
#[expect(clippy::disallowed_methods, reason = "this is the one home of starting programs")]
fn command(program: &Program) -> Command {
    let Some(supervision) = &program.supervision else {
        let mut command = Command::new(&program.path);
        command.args(&program.arguments).stdin(Stdio::null());
        return command;
    };
    let order = Order {
        lock: supervision.lock.clone(),
        sandbox: supervision.sandbox.clone(),
        grace: program.grace,
        program: program.path.clone().into(),
        arguments: program.arguments.clone(),
    };
    let mut command = Command::new(&supervision.supervisor);
    command.arg(supervisor::COMMAND).args(order.into_arguments()).stdin(Stdio::piped());
    command
}

/// Waits for the program to end, on its own or because it is told to, then ends what it left
/// behind in its group.
async fn supervise(
    child: &mut Child,
    mut group: Group,
    program: &Program,
    stop: &Stop,
) -> io::Result<(ExitStatus, Option<Stopped>)> {
    let deadline = Instant::now() + program.timeout;
    let stopped = tokio::select! {
        biased;
        () = stop.forced.cancelled() => Stopped::Killed,
        status = child.wait() => return group.end().and(status).map(|status| (status, None)),
        () = stop.graceful.cancelled() => Stopped::Interrupted,
        () = tokio::time::sleep_until(deadline) => Stopped::TimedOut,
    };
    if stopped == Stopped::Killed {
        return kill(child, &mut group).await;
    }
    if program.supervision.is_some() { group.ask() } else { group.interrupt() }?;
    tokio::select! {
        biased;
        () = stop.forced.cancelled() => kill(child, &mut group).await,
        status = child.wait() => group.end().and(status).map(|status| (status, Some(stopped))),
        () = tokio::time::sleep_until(deadline + program.grace) => {
            let (status, _) = kill(child, &mut group).await?;
            Ok((status, Some(stopped)))
        }
    }
}

async fn kill(child: &mut Child, group: &mut Group) -> io::Result<(ExitStatus, Option<Stopped>)> {
    group.kill()?;
    let status = child.wait().await?;
    group.end()?;
    Ok((status, Some(Stopped::Killed)))
}
