//! The measured program as the operating system sees it. Reads Linux' `/proc`.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};

/// Ticks per second of the times in `/proc/PID/stat`; fixed for all programs on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// The release binary.
pub(crate) struct Program {
    pub path: PathBuf,
}

impl Program {
    /// Starts it with pipes and an environment of its own, so that every start is the same.
    pub(crate) fn start(
        &self,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Running> {
        #[expect(clippy::disallowed_methods, reason = "the benchmark starts what it measures")]
        let mut command = Command::new(&self.path);
        command.args(arguments).env_clear().envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().with_context(|| self.path.display().to_string())?;
        Ok(Running { child })
    }
}

/// A started program, ended when it is dropped.
pub(crate) struct Running {
    pub child: Child,
}

impl Running {
    /// CPU time of all threads that live now, precise enough for a short program.
    pub(crate) fn cpu_of_threads(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(self.file("task"))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = text.split_whitespace().next().context("schedstat is empty")?;
            nanoseconds += on_cpu.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// CPU time of the whole process since its start, in ticks of 10 ms.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let text = fs::read_to_string(self.file("stat"))?;
        // The name in parentheses may hold blanks; user and system time are the 14th and 15th field.
        let (_, fields) = text.rsplit_once(')').context("stat has no name")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
    }

    pub(crate) fn resident_megabytes(&self) -> Result<f64> {
        let text = fs::read_to_string(self.file("status"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next());
        let kibibytes: f64 = kibibytes.context("status has no VmRSS")?.parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    }

    fn file(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
