//! Programs that tests run: the built `pilothouse` as a child process, for what can only be seen
//! from outside, and the real Terraform.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// A running `pilothouse serve`. Killed when dropped.
pub struct Program {
    child: Child,
    pub url: String,
    pub token: String,
}

impl Program {
    /// Starts `serve` on a free port with its data in `data`.
    pub fn serve(data: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = command(data, variables)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .expect("the program starts");
        let notices = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let url = notices
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let said: serde_json::Value = serde_json::from_str(&line).ok()?;
                (said["message"] == "Pilothouse serves")
                    .then(|| said["url"].as_str().map(str::to_owned))?
            })
            .expect("serve says where it listens");
        let token = std::fs::read_to_string(data.join("admin.token")).expect("there is a token");
        Self { child, url, token: token.trim().to_owned() }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no chance to finish anything.
    pub fn kill(&mut self) {
        self.child.kill().expect("the program still runs");
        self.child.wait().expect("a killed program ends");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs an operator command to its end; gives its exit code and what it printed.
pub fn operate(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    operate_with(data, &[], arguments)
}

/// As [`operate`], with these environment variables.
pub fn operate_with(
    data: &Path,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> (Option<i32>, String) {
    let output = command(data, variables).args(arguments).output().expect("the program starts");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[expect(clippy::disallowed_methods, reason = "tests start the product itself")]
fn command(data: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(path());
    command.env_clear().envs(variables.iter().copied()).arg("--data").arg(data);
    command
}

/// A supervisor of jobs as the server starts it, with these arguments and no environment but a
/// `PATH`. It leads a process group of its own.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "tests start the product itself")]
pub fn supervisor(arguments: &[&str]) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(path());
    command.arg("__job").args(arguments).env_clear().env("PATH", "/usr/bin:/bin").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// `cargo test --workspace` builds the program beside the test binaries.
fn path() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let target = test.ancestors().nth(2).expect("test binaries lie in target/PROFILE/deps");
    let program = target.join(format!("pilothouse{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is missing: run cargo build first", program.display());
    program
}

/// The Terraform that the environment offers. Without one the test says loudly that it did not run.
pub fn terraform() -> Option<String> {
    let found = std::env::var_os("TEST_TERRAFORM").and_then(|path| path.into_string().ok());
    if found.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: needs TEST_TERRAFORM, the path of a terraform program"
        );
    }
    found
}

/// Stands in for Terraform where only the run around it matters: `init` succeeds, `plan` waits
/// for [`FakeTerraform::fail`] and then fails.
pub struct FakeTerraform {
    folder: TempDir,
}

impl FakeTerraform {
    pub fn new() -> Self {
        let fake = Self { folder: tempfile::tempdir().expect("a temporary directory") };
        let gate = fake.gate();
        fifo(&gate);
        let script = format!(
            "case $1 in\n version) echo Terraform v1.5.0;;\n plan) read line <'{}'; exit 1;;\nesac\n",
            gate.display()
        );
        std::fs::write(fake.folder.path().join("terraform.script"), script).expect("a script");
        let stand_in =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../control/tests/data/terraform/program.sh");
        std::os::unix::fs::symlink(stand_in, fake.folder.path().join("terraform"))
            .expect("a program");
        fake
    }

    /// For `PILOTHOUSE_TERRAFORM`.
    pub fn path(&self) -> String {
        self.folder.path().join("terraform").display().to_string()
    }

    fn gate(&self) -> PathBuf {
        self.folder.path().join("gate")
    }

    /// Lets the plan that waits fail.
    pub async fn fail(&self) {
        let gate = self.gate();
        let open = move || std::fs::write(gate, "\n");
        tokio::task::spawn_blocking(open).await.expect("no panic").expect("a plan waits");
    }
}

impl Default for FakeTerraform {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a FIFO, at which a test and a program wait for each other.
#[expect(clippy::disallowed_methods, reason = "the standard library cannot make a FIFO")]
pub fn fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().is_ok_and(|status| status.success());
    assert!(made, "{} cannot be made", path.display());
}
