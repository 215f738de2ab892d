//! The program as a shell sees it: arguments and environment in, text and an exit code out.
#![expect(clippy::unwrap_used, reason = "what cannot be run is a failed test")]

mod stdio;

use std::{path::Path, process::Output};

use serde_json::Value;
use tempfile::TempDir;

/// A user who has nothing but a home directory.
struct User {
    home: TempDir,
}

impl User {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs `pilothouse <line>` with `environment` and no other variables than `HOME`.
    fn run(&self, line: &str, environment: &[(&str, &str)]) -> Output {
        #[expect(clippy::disallowed_methods, reason = "the test starts the program under test")]
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pilothouse"));
        command.args(line.split_whitespace()).env_clear().env("HOME", self.home());
        command.envs(environment.iter().copied()).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn exit_codes_are_what_scripts_rely_on() {
    for (line, environment, code) in [
        ("--version", &[][..], 0),
        ("connect cursor", &[], 0),
        ("completions fish", &[], 0),
        ("approvals list", &[], 0),
        ("approvals show nothing", &[], 1),
        ("", &[], 2),
        ("serve --colour red", &[], 2),
        ("doctor", &[("PILOTHOUSE_LISTEN", "nowhere")], 2),
        ("doctor --config /nonexistent.toml", &[], 2),
        ("doctor", &[("PATH", "/nonexistent")], 3),
        ("doctor --data /nonexistent/state", &[], 1),
        ("runs list --data /nonexistent/state", &[], 1),
        ("tour", &[("PATH", "/nonexistent")], 3),
        ("stdio --surface harness", &[], 2),
        ("stdio --surface harness", &[KEY, ("HARNESS_AUDIT_FILE", "/nonexistent/a")], 2),
    ] {
        let output = User::new().run(line, environment);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{line} {environment:?}: {stderr}");
    }
}

const KEY: (&str, &str) = ("HARNESS_API_KEY", "pat.acme.id.s3cret");

#[test]
fn the_doctor_asks_harness() {
    let closed = [KEY, ("HARNESS_BASE_URL", "http://127.0.0.1:1"), ("HARNESS_ALLOW_HTTP", "true")];
    let output = User::new().run("doctor --json", &closed);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = findings.as_array().unwrap().iter().find(|it| it["check"] == "harness").unwrap();
    assert_eq!(finding["status"], "failed");
    let detail = finding["detail"].as_str().unwrap();
    assert!(detail.starts_with("account acme at http://127.0.0.1:1"), "{detail}");
    assert!(detail.ends_with(": cannot connect to harness"), "{detail}");
}

#[test]
fn all_problems_of_a_configuration_are_told_at_once() {
    let environment = [("PILOTHOUSE_LISTEN", "nowhere"), ("PILOTHOUSE_LOG_FORMAT", "xml")];
    let output = User::new().run("serve", &environment);
    let stderr = text(&output.stderr);
    for expected in
        ["PILOTHOUSE_LISTEN is \"nowhere\"", "PILOTHOUSE_LOG_FORMAT is \"xml\"", "hint:"]
    {
        assert!(stderr.contains(expected), "{stderr}");
    }
    assert!(output.stdout.is_empty());
}

#[test]
fn results_can_be_piped() {
    let user = User::new();
    for line in ["connect vscode", "doctor --json", "runs list --json", "approvals list --json"] {
        let output = user.run(line, &[]);
        let parsed = serde_json::from_slice::<Value>(&output.stdout);
        assert!(parsed.is_ok(), "{line}: {}", text(&output.stdout));
    }
}

#[test]
fn connecting_a_client_names_this_program() {
    let user = User::new();
    let output = user.run("connect kiro --write", &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let file = user.home().join(".kiro/settings/mcp.json");
    let value: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let program = &value["mcpServers"]["pilothouse"]["command"];
    assert!(Path::new(program.as_str().unwrap()).is_absolute(), "{program}");
}

#[test]
fn data_stays_in_the_directory_that_was_given() {
    let user = User::new();
    let directory = user.home().join("state");
    std::fs::create_dir(&directory).unwrap();
    let line = format!("audit --data {}", directory.display());
    let output = user.run(&line, &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(directory.join("pilothouse.db").exists());
    assert!(!user.home().join(".local").exists());
}
