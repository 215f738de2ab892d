//! Jobs of the built program: what becomes of them when their server is killed, and what they may
//! not read.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::Child,
};

use pilothouse_testkit::{Program, fifo, supervisor, terraform};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::kill::Address;

/// A server with one workspace, and a folder beside its data.
struct World {
    data: TempDir,
    beside: TempDir,
    terraform: String,
    program: Program,
    address: Address,
}

impl World {
    /// `None`, said loudly, without a Terraform.
    async fn new() -> Option<Self> {
        let terraform = terraform()?;
        let (data, beside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (program, address) = serve(data.path(), &terraform);
        let world = Self { data, beside, terraform, program, address };
        let create = |kind: &str, body: Value| json!({ "resource_type": kind, "body": body });
        world.call("infra_create", create("tharsis.group", json!({ "name": "acme" }))).await;
        let workspace = json!({ "name": "net", "group_id": "trn:group:acme" });
        world.call("infra_create", create("tharsis.workspace", workspace)).await;
        Some(world)
    }

    async fn call(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.address.call(tool, arguments.clone()).await;
        answer.unwrap_or_else(|| panic!("{tool} failed: {arguments}"))
    }

    /// A new run of `main.tf`, once its plan has come to an end; gives its id.
    async fn planned(&self, main: &str) -> String {
        let workspace = "trn:workspace:acme/net";
        let upload = json!({
            "resource_type": "tharsis.configuration_version", "action": "upload",
            "params": { "workspace_id": workspace, "files": { "main.tf": main } } });
        let version = self.call("infra_execute", upload).await;
        let run = json!({ "resource_type": "tharsis.run", "body": {
            "workspace_id": workspace, "configuration_version_id": version["metadata"]["id"] } });
        let run = self.call("infra_create", run).await["metadata"]["id"].clone();
        let run = run.as_str().unwrap().to_owned();
        self.until(&run, &["planned", "errored"]).await;
        run
    }

    async fn apply(&self, run: &str) {
        assert!(self.is_applied(run).await, "{run} was not applied");
    }

    /// Whether a call to apply `run` does so without a person.
    async fn is_applied(&self, run: &str) -> bool {
        let apply = json!({ "resource_type": "tharsis.run", "action": "apply", "id": run });
        self.address.call("infra_execute", apply).await.is_some()
    }

    /// The run, once it has one of these statuses.
    async fn until(&self, run: &str, statuses: &[&str]) -> Value {
        let mut found = Value::Null;
        for _ in 0..20 {
            let wait = json!({ "resource_type": "tharsis.run", "id": run, "timeout_seconds": 10 });
            self.call("infra_wait", wait).await;
            found =
                self.call("infra_get", json!({ "resource_type": "tharsis.run", "id": run })).await;
            if statuses.iter().any(|status| found["status"] == *status) {
                return found;
            }
        }
        panic!("{statuses:?} never came: {found:#}");
    }
}

fn serve(data: &Path, terraform: &str) -> (Program, Address) {
    let variables =
        [("PILOTHOUSE_AUTO_APPROVE", "high_write"), ("PILOTHOUSE_TERRAFORM", terraform)];
    let program = Program::serve(data, &variables);
    let address = Address::of(&program);
    (program, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_cannot_read_what_is_the_servers() {
    let Some(world) = World::new().await else { return };
    for name in ["admin.token", "master.key", "pilothouse.db"] {
        assert!(world.data.path().join(name).exists(), "{name} is missing");
    }
    let (data, server) = (world.data.path().display(), world.program.id());
    let main = format!(
        "locals {{\n  refused = !can(file(\"{data}/admin.token\")) && can(file(\"main.tf\"))\n}}\n\
         resource \"terraform_data\" \"one\" {{\n  lifecycle {{\n    precondition {{\n      \
         condition     = local.refused\n      error_message = \"It was read.\"\n    }}\n  }}\n  \
         provisioner \"local-exec\" {{\n    command = \"! /bin/cat {data}/master.key && \
         ! /bin/cat {data}/pilothouse.db && ! /bin/cat /proc/{server}/environ && ! kill -0 {server} && \
         /bin/cat main.tf >copy\"\n  }}\n}}\n"
    );
    let run = world.planned(&main).await;
    let planned = world.until(&run, &["planned", "errored"]).await;
    assert_eq!(planned["status"], "planned", "{planned:#}");
    world.apply(&run).await;
    let applied = world.until(&run, &["applied", "errored"]).await;
    assert_eq!(applied["status"], "applied", "{applied:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_destroys_needs_a_word_that_others_do_not() {
    let Some(world) = World::new().await else { return };
    let run = world.planned("resource \"terraform_data\" \"one\" {}\n").await;
    world.apply(&run).await;
    world.until(&run, &["applied"]).await;

    let run = world.planned("# nothing\n").await;
    assert!(!world.is_applied(&run).await, "everything was destroyed");
    world.until(&run, &["planned"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_of_a_killed_server_saves_its_state_and_leaves_nothing_running() {
    let Some(mut world) = World::new().await else { return };
    let gate = world.beside.path().join("gate");
    fifo(&gate);
    let main = format!(
        "resource \"terraform_data\" \"one\" {{\n  provisioner \"local-exec\" {{\n    command = \
         \"echo $$ >{}; while :; do echo tick; sleep 0.1; done\"\n  }}\n}}\n",
        gate.display()
    );
    let run = world.planned(&main).await;
    world.apply(&run).await;
    let pid = tokio::task::spawn_blocking(move || std::fs::read_to_string(gate).unwrap());
    let pid = pid.await.unwrap();
    world.program.kill();

    (world.program, world.address) = serve(world.data.path(), &world.terraform);
    let errored = world.until(&run, &["errored"]).await;
    let shown = errored.to_string();
    assert!(shown.contains("the state it had written was saved"), "{shown}");
    assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "{pid} still runs");

    let again = world.planned("resource \"terraform_data\" \"one\" {}\n").await;
    let plan = world.until(&again, &["planned"]).await;
    let diff = plan.to_string();
    assert!(diff.contains("\"resource_destructions\":1"), "what was begun is replaced: {diff}");
}

/// A supervisor that runs `script`; gives also where its lock is.
fn supervised(script: &str) -> (Child, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let child = supervisor(&[
        "--lock",
        lock.to_str().unwrap(),
        "--grace-ms",
        "60000",
        "--",
        "/bin/sh",
        "-c",
        script,
    ])
    .spawn()
    .unwrap();
    (child, folder)
}

#[test]
fn a_supervisor_passes_on_what_is_said_and_how_it_ended() {
    for (script, code) in [("exit 3", 3), ("kill -KILL $$", 137), ("kill -SEGV $$", 139)] {
        let (mut child, _folder) = supervised(&format!("echo one; echo two >&2; {script}"));
        let _lifeline = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        let said = (output.stdout.as_slice(), output.stderr.as_slice());
        assert_eq!(said, (&b"one\n"[..], &b"two\n"[..]), "{script}");
        assert_eq!(output.status.code(), Some(code), "{script}");
    }
}

#[test]
fn a_supervisor_ends_its_program_in_order_when_the_server_is_gone() {
    // More output than a pipe holds, to nobody, before and after the interrupt.
    let script = "trap 'seq 100000; echo ended >ended; exit 0' INT; echo begun; seq 100000; \
                  while :; do sleep 0.1; done";
    let folder = tempfile::tempdir().unwrap();
    let script = format!("cd '{}'; {script}", folder.path().display());
    let (mut child, _lock) = supervised(&script);
    let mut begun = String::new();
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut begun).unwrap();
    assert_eq!(begun, "begun\n");
    drop(child.stderr.take());
    drop(child.stdin.take());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(9), "it ends with its group");
    assert_eq!(std::fs::read_to_string(folder.path().join("ended")).unwrap(), "ended\n");
}

#[test]
fn only_one_supervisor_holds_a_lock() {
    let (mut first, folder) = supervised("echo begun; exec sleep 600");
    let mut begun = [0; 6];
    first.stdout.as_mut().unwrap().read_exact(&mut begun).unwrap();
    let lock = folder.path().join("lock");
    let arguments = ["--lock", lock.to_str().unwrap(), "--grace-ms", "1", "--", "/bin/true"];
    let second = supervisor(&arguments).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(second.status.code(), Some(125));
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("could not lock"), "{said}");
    drop(first.stdin.take());
    first.wait().unwrap();
}
