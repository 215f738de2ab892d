//! What a supervisor is told, as arguments of a command line. None of it is secret: what is, a
//! program finds in its environment.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    time::Duration,
};

/// What a program may touch of the file system. Everything but `hidden` is as it is without us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// Files and directories whose contents are not there for the program.
    pub hidden: Vec<PathBuf>,
    /// What is hidden no more: to be read, changed and executed.
    pub writable: Vec<PathBuf>,
    /// What is hidden no more: to be read and executed.
    pub readable: Vec<PathBuf>,
}

/// One program and how it is supervised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// The file that is locked while the supervisor lives.
    pub(super) lock: PathBuf,
    pub(super) sandbox: Sandbox,
    /// How long the program may go on, once interrupted, when nobody waits for it any more.
    pub(super) grace: Duration,
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
}

const LOCK: &str = "--lock";
const GRACE: &str = "--grace-ms";
const HIDE: &str = "--hide";
const WRITE: &str = "--write";
const READ: &str = "--read";
const END: &str = "--";

impl Order {
    pub(super) fn into_arguments(self) -> Vec<OsString> {
        let Self { lock, sandbox, grace, program, arguments } = self;
        let mut all = Vec::new();
        let mut add = |name: &str, value: OsString| all.extend([name.into(), value]);
        add(LOCK, lock.into());
        add(GRACE, grace.as_millis().to_string().into());
        for (name, paths) in
            [(HIDE, sandbox.hidden), (WRITE, sandbox.writable), (READ, sandbox.readable)]
        {
            for path in paths {
                add(name, path.into());
            }
        }
        add(END, program);
        all.extend(arguments);
        all
    }

    /// The order that became these arguments; otherwise what is wrong with them.
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut rest = arguments.into_iter();
        let (mut lock, mut grace, mut sandbox) = (None, None, Sandbox::default());
        loop {
            let name = rest.next().ok_or("no program is named")?;
            let value = rest.next().ok_or_else(|| format!("{} has no value", name.display()))?;
            match name.to_str() {
                Some(LOCK) => lock = Some(PathBuf::from(value)),
                Some(GRACE) => grace = milliseconds(&value),
                Some(HIDE) => sandbox.hidden.push(value.into()),
                Some(WRITE) => sandbox.writable.push(value.into()),
                Some(READ) => sandbox.readable.push(value.into()),
                Some(END) => {
                    return Ok(Self {
                        lock: lock.ok_or_else(|| format!("{LOCK} is missing"))?,
                        grace: grace.ok_or_else(|| format!("{GRACE} is missing or no number"))?,
                        sandbox,
                        program: value,
                        arguments: rest.collect(),
                    });
                }
                _ => return Err(format!("{} is not known", name.display())),
            }
        }
    }
}

fn milliseconds(text: &OsStr) -> Option<Duration> {
    text.to_str()?.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn an_order_arrives_as_it_was_given() {
        let order = Order {
            lock: "/data/jobs/1.lock".into(),
            sandbox: Sandbox {
                hidden: vec!["/data".into(), OsString::from_vec(vec![b'/', 0xff]).into()],
                writable: vec!["/data/jobs/1".into()],
                readable: Vec::new(),
            },
            grace: Duration::from_millis(1500),
            program: "/bin/echo".into(),
            arguments: vec!["--lock".into(), "--".into(), "".into()],
        };
        assert_eq!(Order::parse(order.clone().into_arguments()), Ok(order));
    }

    #[test]
    fn what_is_no_order_is_named() {
        for (arguments, expected) in [
            (&[][..], "no program is named"),
            (&["--lock"], "--lock has no value"),
            (&["--evil", "x"], "--evil is not known"),
            (&["--grace-ms", "1", "--", "ls"], "--lock is missing"),
            (&["--lock", "x", "--grace-ms", "soon", "--", "ls"], "--grace-ms is missing"),
        ] {
            let message = Order::parse(arguments.iter().map(OsString::from)).unwrap_err();
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
