//! The Terraform commands of one job: same directory, environment, log, deadline and way out.

use std::{ffi::OsString, time::Duration};

use pilothouse_model::{Error, text};
use tokio::{
    sync::{Mutex, mpsc},
    time::Instant,
};

use super::{
    Diagnostic, End, Executor, Isolation, Job, LogSink,
    diagnostic::{self, Complaint},
    directory::Layout,
    environment::environment,
    preparation::{self, blocking},
    secret::Mask,
    steering,
    transcript::Transcript,
};
use crate::process::{self, Captured, Exit, Program, Sandbox, Stop, Stopped, Supervision};

/// How long Terraform may take to finish once a job's time is over.
const GRACE: Duration = Duration::from_mins(5);

/// Terraform does not guard a shared cache of providers against two `init` at a time.
static PLUGIN_CACHE: Mutex<()> = Mutex::const_new(());

/// The longest message for people; the whole of it is in the diagnostics.
const MAX_MESSAGE_BYTES: usize = 4096;

/// Lines that wait for the log; a full queue slows Terraform down.
const QUEUE: usize = 256;

/// Why a job did not get to its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// Terraform said no; the diagnostics tell why.
    Terraform { command: &'static str, exit: Exit },
    /// It was told to stop, or its time was over.
    Stopped(Stopped),
    /// It could not be run, or what it left could not be used.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// How the job ended, for a report.
#[derive(Debug)]
pub(super) struct Conclusion {
    pub(super) end: End,
    pub(super) error_message: Option<String>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

pub(super) struct Session<'a> {
    pub(super) executor: &'a Executor,
    pub(super) job: &'a Job,
    pub(super) layout: Layout,
    pub(super) mask: &'a Mask,
    pub(super) transcript: Transcript<'a>,
    /// Whether a signal ended the last command.
    pub(super) cut_off: bool,
    stop: &'a Stop,
    deadline: Instant,
    environment: Vec<(OsString, OsString)>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        executor: &'a Executor,
        job: &'a Job,
        mask: &'a Mask,
        log: &'a dyn LogSink,
        stop: &'a Stop,
    ) -> Self {
        Self {
            executor,
            job,
            layout: Layout::at(job.directory.clone()),
            mask,
            transcript: Transcript::new(log, mask, &executor.settings.limits),
            cut_off: false,
            stop,
            deadline: Instant::now() + job.timeout,
            environment: Vec::new(),
        }
    }

    /// Lays out the directory: configuration, override, values, state.
    pub(super) async fn prepare(&mut self) -> Result<(), Failure> {
        let binary = &self.executor.binary;
        self.transcript.say(&format!("{} v{}", binary.product, binary.version)).await;
        let (environment, ignored) = environment(self.executor, self.job, &self.layout)?;
        self.environment = environment;
        for name in ignored {
            let note = format!("The environment variable {name} is ignored: {}.", steering::RULE);
            self.transcript.say(&note).await;
        }
        let (executor, job, layout) =
            (self.executor.clone(), self.job.clone(), self.layout.clone());
        let dropped = blocking(move || preparation::prepare(&executor, &job, &layout)).await?;
        if !dropped.is_empty() {
            let note = format!(
                "Left out of the upload, because the workspace keeps the state: {}",
                dropped.join(", ")
            );
            self.transcript.say(&note).await;
        }
        Ok(())
    }

    /// `init`, in whichever way this binary can report.
    pub(super) async fn init(&mut self) -> Result<(), Failure> {
        let mut arguments = vec!["-input=false".to_owned(), "-no-color".to_owned()];
        if self.executor.binary.init_speaks_json() {
            arguments.push("-json".to_owned());
        }
        let _turn = match self.executor.settings.plugin_cache {
            Some(_) => Some(PLUGIN_CACHE.lock().await),
            None => None,
        };
        let exit = self.command("init", arguments).await?;
        if exit.status.success() {
            Ok(())
        } else {
            Err(Failure::Terraform { command: "init", exit })
        }
    }

    /// Runs one command, writes what it says to the log as it says it, and collects complaints.
    /// An error only when it could not be run or was stopped before it was done.
    pub(super) async fn command(
        &mut self,
        command: &'static str,
        arguments: Vec<String>,
    ) -> Result<Exit, Failure> {
        let program = self.program(command, arguments)?;
        let name = self.executor.binary.product.to_string().to_lowercase();
        self.transcript.say(&format!("\n$ {name} {command}")).await;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (exit, ()) = tokio::join!(
            process::stream(&program, self.stop, sender),
            self.transcript.follow(receiver)
        );
        let exit = exit.map_err(unusable)?;
        self.cut_off = exit.signal().is_some();
        if !exit.output_complete {
            let note = "A program that Terraform started still runs; its output is left out.";
            self.transcript.say(note).await;
        }
        match exit.stopped {
            Some(stopped) if !is_well(exit) => Err(Failure::Stopped(stopped)),
            _ => Ok(exit),
        }
    }

    /// Runs one command for its output, of which at most `limit` bytes are kept.
    pub(super) async fn capture(
        &self,
        command: &'static str,
        arguments: &[&str],
        limit: usize,
    ) -> Result<Captured, Failure> {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let program = self.program(command, arguments)?;
        let (exit, captured) =
            process::capture(&program, self.stop, limit).await.map_err(unusable)?;
        match exit.stopped {
            _ if exit.status.success() => Ok(captured),
            Some(stopped) => Err(Failure::Stopped(stopped)),
            None => {
                let said = self.mask.clean(&String::from_utf8_lossy(&captured.stderr));
                let message = format!("{command} ended with {}: {}", exit.status, said.trim());
                Err(Error::unavailable(message).into())
            }
        }
    }

    /// Ends the job: what went wrong is told in the log and in one message.
    pub(super) async fn conclude(mut self, result: Result<(), Failure>) -> Conclusion {
        let end = match &result {
            Ok(()) => End::Finished,
            Err(Failure::Stopped(Stopped::Interrupted)) => End::Canceled { forced: false },
            Err(Failure::Stopped(Stopped::Killed)) => End::Canceled { forced: true },
            Err(_) => End::Failed,
        };
        let explained = diagnostic::first_error(self.transcript.diagnostics());
        let error = match result {
            Err(Failure::Terraform { command, exit })
                if explained.is_none() || exit.signal().is_some() =>
            {
                Some(self.unexplained(command, exit))
            }
            Ok(()) | Err(Failure::Terraform { .. }) => None,
            Err(Failure::Stopped(stopped)) => Some(stopped_error(stopped, self.job.timeout)),
            Err(Failure::Other(error)) => Some(error),
        };
        let error_message = match &error {
            Some(error) => {
                self.tell(error).await;
                Some(self.mask.clean(&error.to_string()))
            }
            None if end == End::Finished => None,
            None => explained,
        };
        let error_message =
            error_message.map(|message| text::prefix(&message, MAX_MESSAGE_BYTES).to_owned());
        Conclusion { end, error_message, diagnostics: self.transcript.into_diagnostics() }
    }

    async fn tell(&mut self, error: &Error) {
        if let Some(source) = &error.source {
            let directory = self.job.directory.display();
            tracing::error!(%error, %source, %directory, "a job failed");
        }
        self.transcript.complain(&Complaint::of_error(error)).await;
    }

    fn unexplained(&self, command: &str, exit: Exit) -> Error {
        if let Some(signal) = exit.signal() {
            let message = format!("{command} was ended by signal {signal} before it was done");
            return Error::unavailable(message).hint(
                "somebody or something killed it, perhaps for want of memory; \
                 check what exists, then run a new plan",
            );
        }
        let message = format!("{command} ended with {} without saying why", exit.status);
        match self.transcript.last_error_output() {
            "" => Error::unavailable(message).hint("the log may tell more"),
            said => Error::unavailable(message).hint(format!("the last it said was: {said}")),
        }
    }

    fn program(&self, command: &str, arguments: Vec<String>) -> Result<Program, Failure> {
        if self.stop.forced.is_cancelled() {
            return Err(Failure::Stopped(Stopped::Killed));
        }
        if self.stop.graceful.is_cancelled() {
            return Err(Failure::Stopped(Stopped::Interrupted));
        }
        let timeout = self.deadline.saturating_duration_since(Instant::now());
        if timeout.is_zero() {
            return Err(Failure::Stopped(Stopped::TimedOut));
        }
        let arguments = [command.to_owned()].into_iter().chain(arguments);
        Ok(Program {
            path: self.executor.binary.path.clone(),
            arguments: arguments.map(OsString::from).collect(),
            environment: self.environment.clone(),
            directory: self.layout.configuration(),
            timeout,
            grace: GRACE,
            supervision: self.executor.settings.isolation.as_ref().map(|it| self.supervision(it)),
        })
    }

    fn supervision(&self, isolation: &Isolation) -> Supervision {
        let settings = &self.executor.settings;
        let program = self.executor.binary.path.clone();
        Supervision {
            supervisor: isolation.supervisor.clone(),
            lock: self.layout.lock(),
            sandbox: Sandbox {
                hidden: isolation.hidden.clone(),
                writable: [Some(self.job.directory.clone()), settings.plugin_cache.clone()]
                    .into_iter()
                    .flatten()
                    .collect(),
                readable: [Some(program), settings.cli_config.clone()]
                    .into_iter()
                    .flatten()
                    .collect(),
            },
        }
    }
}

/// `plan -detailed-exitcode` ends with 2 when all is well and there are changes.
fn is_well(exit: Exit) -> bool {
    matches!(exit.status.code(), Some(0 | 2))
}

fn unusable(error: process::ProcessError) -> Failure {
    Failure::Other(Error::unavailable(error.to_string()).source(error))
}

fn stopped_error(stopped: Stopped, timeout: Duration) -> Error {
    match stopped {
        Stopped::Interrupted => Error::conflict("the job was canceled before it was done"),
        Stopped::Killed => Error::conflict("the job was killed before it was done"),
        Stopped::TimedOut => {
            let minutes = timeout.as_secs_f64() / 60.0;
            Error::limited(format!("the job took longer than {minutes:.1} minutes and was stopped"))
                .hint("raise the workspace's max_job_duration or, when that is longer, PILOTHOUSE_JOB_TIMEOUT; or split the configuration")
        }
    }
}
