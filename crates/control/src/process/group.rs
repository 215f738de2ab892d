//! The process group of one program, which is killed at the latest when its owner lets go of it.

use std::io;

use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process, kill_process_group},
};
use tokio::process::Child;

/// A program and everything it started, except what left the group on purpose.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Pid,
    ended: bool,
}

impl Group {
    /// The group of a child that was started as the leader of its own.
    pub(super) fn led_by(child: &Child) -> io::Result<Self> {
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .ok_or_else(|| io::Error::other("the program has no process id"))?;
        Ok(Self { leader, ended: false })
    }

    /// What Ctrl-C does in a terminal.
    pub(super) fn interrupt(&self) -> io::Result<()> {
        signal(self.leader, Signal::INT)
    }

    /// Tells only the leader, a supervisor.
    pub(super) fn ask(&self) -> io::Result<()> {
        match kill_process(self.leader, Signal::INT) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    pub(super) fn kill(&self) -> io::Result<()> {
        signal(self.leader, Signal::KILL)
    }

    /// Kills what is left of the group once its leader has been waited for.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.ended = true;
        self.kill()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if let Err(error) = self.kill() {
            tracing::warn!(%error, group = self.leader.as_raw_nonzero().get(), "could not end a program");
        }
    }
}

/// Signals every process of the group; a group without processes is no error.
pub(crate) fn signal(leader: Pid, signal: Signal) -> io::Result<()> {
    match kill_process_group(leader, signal) {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
