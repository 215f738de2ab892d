//! The process between the server and a program that must outlive it: it keeps the program in its
//! sandbox, passes on what it prints, and ends it in an orderly way when the server is gone.
//!
//! The server starts its own executable with [`COMMAND`] as the leader of a process group. The
//! program joins that group, so that the end of the group is the end of everything; an interrupt of
//! the server's goes to the supervisor, which passes it on. Standard input is a pipe that nobody
//! writes to: it ends when the server does. One thread, no configuration, no environment of its
//! own.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    os::fd::AsFd,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Signal, getpgrp, getpid};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::unix::pipe,
    process::{Child, Command},
    runtime::Builder,
    signal::unix::{self, SignalKind},
};

use super::{
    DRAIN, SIGNAL_BASE, group,
    lock::{self, Lock},
    order::Order,
    sandbox::{self, SandboxError},
};

/// The first argument of a supervisor, which no person types.
pub const COMMAND: &str = "__job";

/// How a supervisor ends that could not do what it is for, as `env` and `timeout` do.
pub const UNABLE: u8 = 125;

/// How long a signal may take to be noticed.
const SETTLE: Duration = Duration::from_millis(200);

/// Said when something that the program started holds its output open.
const UNFINISHED: &str = "A program that was started still runs; its output is left out.\n";

const PIECE_BYTES: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    #[error("this command is for the server: {0}")]
    Order(String),
    #[error("this command is for the server: it leads no process group")]
    Group,
    #[error("could not lock {path}: {source}")]
    Lock { path: PathBuf, source: io::Error },
    #[error("the sandbox could not be entered: {0}")]
    Sandbox(#[from] SandboxError),
    #[error("could not start {program}: {source}")]
    Start { program: String, source: io::Error },
    #[error("the pipes of a supervisor: {0}")]
    Pipe(#[from] io::Error),
}

/// Does what the arguments after [`COMMAND`] say; the exit code tells how the program ended, as a
/// shell's does. To be called before any thread is started: the sandbox is the caller's.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<u8, SupervisorError> {
    let order = Order::parse(arguments).map_err(SupervisorError::Order)?;
    if getpgrp() != getpid() {
        return Err(SupervisorError::Group);
    }
    let lock = |source| SupervisorError::Lock { path: order.lock.clone(), source };
    let _locked: Lock = lock::take(&order.lock).map_err(lock)?;
    sandbox::enter(&order.sandbox)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let status = runtime.block_on(supervise(&order))?;
    Ok(code(status))
}

/// What Ctrl-C, systemd and a closed terminal send, which must not end the supervisor.
struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    _hangup: unix::Signal,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            _hangup: unix::signal(SignalKind::hangup())?,
        })
    }
}

async fn supervise(order: &Order) -> Result<ExitStatus, SupervisorError> {
    let signals = Signals::catch()?;
    let server = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    let out = pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?;
    let err = pipe::Sender::from_owned_fd(io::stderr().as_fd().try_clone_to_owned()?)?;
    let mut child = start(order).map_err(|source| {
        let program = order.program.display().to_string();
        SupervisorError::Start { program, source }
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let relaying = async { tokio::join!(relay(stdout, out), relay(stderr, err)) };
    let waiting = wait(&mut child, server, signals, order.grace);
    tokio::pin!(relaying, waiting);
    let (status, gone) = tokio::select! {
        ended = &mut waiting => {
            // What it left behind would keep its output open. The signal reaches us as well.
            group::signal(getpid(), Signal::TERM)?;
            if tokio::time::timeout(DRAIN, relaying).await.is_err() {
                say(UNFINISHED);
            }
            ended?
        }
        _ = &mut relaying => waiting.await?,
    };
    if gone {
        group::signal(getpid(), Signal::KILL)?;
    }
    Ok(status)
}

#[expect(clippy::disallowed_methods, reason = "this is the one home of starting programs")]
fn start(order: &Order) -> io::Result<Child> {
    Command::new(&order.program)
        .args(&order.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// How the program ended, and whether the server was gone by then. Interrupts the group once, when
/// the server asks for it or is gone: Terraform takes a second interrupt as the wish to lose its
/// state. Who terminates us has told the whole group, as systemd does.
async fn wait(
    child: &mut Child,
    mut server: pipe::Receiver,
    mut signals: Signals,
    grace: Duration,
) -> io::Result<(ExitStatus, bool)> {
    let mut nothing = [0];
    let mut told = false;
    loop {
        tokio::select! {
            biased;
            status = child.wait() => return Ok((status?, false)),
            _ = signals.terminate.recv(), if !told => told = true,
            _ = signals.interrupt.recv(), if !told => {
                told = true;
                group::signal(getpid(), Signal::INT)?;
            }
            _ = server.read(&mut nothing) => break,
        }
    }
    if !told {
        tokio::select! {
            biased;
            _ = signals.terminate.recv() => {}
            () = tokio::time::sleep(SETTLE) => group::signal(getpid(), Signal::INT)?,
        }
    }
    if let Ok(status) = tokio::time::timeout(grace, child.wait()).await {
        return Ok((status?, true));
    }
    group::signal(getpid(), Signal::KILL)?;
    Ok((child.wait().await?, true))
}

/// Passes everything on, and reads on to the end when nobody takes it any more.
async fn relay(source: Option<impl AsyncRead + Unpin>, mut target: pipe::Sender) -> io::Result<()> {
    let Some(mut source) = source else { return Ok(()) };
    let mut piece = vec![0; PIECE_BYTES];
    let mut taken = true;
    loop {
        let length = source.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        taken = taken && target.write_all(&piece[..length]).await.is_ok();
    }
}

/// The server may be gone, and nobody else listens.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| Some(SIGNAL_BASE + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(UNABLE)
}
