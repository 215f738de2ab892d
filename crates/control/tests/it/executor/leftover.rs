//! A server died while Terraform was applying; the next one finds the job's directory.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use pilothouse_control::terraform::executor::leftover_state;

use super::Workspace;

#[tokio::test]
async fn a_terraform_that_still_runs_is_ended_before_its_state_is_taken() {
    let Some(workspace) = Workspace::new().await else { return };
    let configuration = workspace.folder.path().join("job/configuration");
    std::fs::create_dir_all(&configuration).unwrap();
    let text = "resource \"terraform_data\" \"first\" {}\n\
        resource \"terraform_data\" \"second\" {\n  input = terraform_data.first.id\n  \
        provisioner \"local-exec\" {\n    command = \"echo started; exec sleep 600\"\n  }\n}\n";
    std::fs::write(configuration.join("main.tf"), text).unwrap();
    let binary = &workspace.executor.binary.path;
    assert!(orphan(binary, &configuration, &["init"]).wait().unwrap().success());
    let mut apply = orphan(binary, &configuration, &["apply", "-auto-approve", "-no-color"]);
    let output = BufReader::new(apply.stdout.take().unwrap());
    let mut lines = output.lines().map(Result::unwrap);
    assert!(lines.any(|line| line.ends_with("started")));
    // The pipe stays open, or Terraform would die of its next word.
    let reader = std::thread::spawn(move || lines.count());

    let state = leftover_state(&workspace.folder.path().join("job")).await.unwrap().unwrap();
    let state = String::from_utf8(state).unwrap();
    assert!(state.contains("\"first\"") && state.contains("tainted"), "{state}");
    assert!(!apply.wait().unwrap().success());
    assert!(reader.join().unwrap() > 0);
}

#[expect(
    clippy::disallowed_methods,
    reason = "it must not be ended when this test is done with it"
)]
fn orphan(binary: &Path, folder: &Path, arguments: &[&str]) -> Child {
    Command::new(binary)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("CHECKPOINT_DISABLE", "1")
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap()
}
