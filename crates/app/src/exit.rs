//! How the program ends: its exit code, and the last words of a failed command.

use std::{error::Error as _, io, process::ExitCode};

use anstyle::{AnsiColor, Style};
use pilothouse_model::{Error, Kind, text::visible};

/// The exit codes that scripts may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Something that must be installed first is not there.
    Missing = 3,
}

impl Exit {
    pub fn code(self) -> u8 {
        self as u8
    }

    /// A malformed request is the caller's mistake; everything else is a failure.
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Invalid => Self::Usage,
            Kind::Unauthenticated
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Conflict
            | Kind::Limited
            | Kind::Upstream
            | Kind::Unavailable
            | Kind::Cancelled
            | Kind::Internal => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// Writes what went wrong and what to do next. An internal error's message says nothing by itself,
/// so its causes follow: no client is told them, but whoever runs the program may know.
pub fn report(error: &Error, out: &mut impl io::Write) -> io::Result<()> {
    writeln!(out, "{ERROR}error:{ERROR:#} {}", visible(&error.message))?;
    let mut source = error.source().filter(|_| error.kind == Kind::Internal);
    while let Some(cause) = source {
        writeln!(out, " cause: {}", visible(&cause.to_string()))?;
        source = cause.source();
    }
    if let Some(hint) = &error.hint {
        writeln!(out, " {HINT}hint:{HINT:#} {}", visible(hint))?;
    }
    Ok(())
}

/// Failures to write to a terminal or pipe. A reader that went away (`| head`) is not a failure.
pub fn after_write(result: io::Result<()>) -> Result<Exit, Error> {
    match result {
        Ok(()) => Ok(Exit::Done),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(error) => Err(Error::unavailable(format!("cannot write the output: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_causes() {
        let error = Error::internal(Error::unavailable("the disk is full")).hint("make room");
        let mut said = Vec::new();
        report(&error, &mut anstream::StripStream::new(&mut said)).unwrap();
        assert_eq!(
            String::from_utf8(said).unwrap(),
            "error: an internal error occurred\n cause: the disk is full\n hint: make room\n"
        );
    }

    #[test]
    fn codes_are_what_scripts_rely_on() {
        let codes = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Missing].map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3]);
        assert_eq!(Exit::of(Kind::Invalid), Exit::Usage);
        assert_eq!(Exit::of(Kind::NotFound), Exit::Failed);
    }

    #[test]
    fn a_report_ends_with_the_next_step() {
        let error = Error::unavailable("no database").hint("start one").source("secret detail");
        let mut out = anstream::StripStream::new(Vec::new());
        report(&error, &mut out).unwrap();
        let text = String::from_utf8(out.into_inner()).unwrap();
        assert_eq!(text, "error: no database\n hint: start one\n");
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let closed = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(after_write(Err(closed)).unwrap(), Exit::Done);
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(after_write(Err(full)).is_err());
    }
}
