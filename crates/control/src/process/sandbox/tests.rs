//! What `/bin/cat` and a shell, as stand-ins for any program, can do in a sandbox.

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Output},
};

use tempfile::TempDir;

use super::*;

/// A data directory with secrets, a job's folder in it, and things beside it.
struct World {
    folder: TempDir,
}

impl World {
    /// `None`, said loudly, where the kernel has no Landlock.
    fn new() -> Option<Self> {
        if let Support::Missing(why) = support() {
            eprintln!("NOT RUN: {why}");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("data/admin.token", "secret"),
            ("data/jobs/1/main.tf", "mine"),
            ("data/jobs/2/main.tf", "another job's"),
            ("data/bin/tool", "a tool"),
            ("beside/file", "beside"),
            ("settings.toml", "password"),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        symlink(folder.path().join("data"), folder.path().join("link")).unwrap();
        Some(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sandbox(&self) -> Sandbox {
        Sandbox {
            hidden: ["link", "settings.toml", "not there"].map(|name| self.path(name)).to_vec(),
            writable: vec![self.path("data/jobs/1")],
            readable: vec![self.path("data/bin/tool")],
        }
    }

    /// Runs a script in the folder. The sandbox is one thread's, which ends here.
    #[expect(clippy::disallowed_methods, reason = "the sandbox is the caller's, not the program's")]
    fn run(&self, script: &str) -> Output {
        let inside = || {
            enter(&self.sandbox()).unwrap();
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", script]).current_dir(&self.folder).output().unwrap()
        };
        std::thread::scope(|scope| scope.spawn(inside).join().unwrap())
    }
}

#[test]
fn what_is_hidden_cannot_be_read_and_everything_else_can() {
    let Some(world) = World::new() else { return };
    for (path, readable) in [
        ("data/admin.token", false),
        ("data/jobs/2/main.tf", false),
        ("data/jobs/1/../../admin.token", false),
        ("link/admin.token", false),
        ("settings.toml", false),
        ("data/jobs/1/main.tf", true),
        ("data/bin/tool", true),
        ("beside/file", true),
        ("/etc/passwd", true),
        ("/proc/self/status", true),
    ] {
        let output = world.run(&format!("exec /bin/cat '{path}'"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), readable, "{path}: {said}");
        assert!(readable || said.contains("Permission denied"), "{path}: {said}");
    }
}

#[test]
fn what_is_hidden_cannot_be_changed_and_everything_else_can() {
    let Some(world) = World::new() else { return };
    for (script, works) in [
        ("echo x > data/admin.token", false),
        ("echo x > data/new", false),
        ("mv data/admin.token beside/", false),
        ("ln data/admin.token data/jobs/1/stolen", false),
        ("rm data/jobs/2/main.tf", false),
        ("echo x > data/bin/tool", false),
        ("echo x > data/jobs/1/new && mkdir data/jobs/1/folder", true),
        ("echo x > beside/new && mv beside/new data/jobs/1/", true),
        ("ls / >/dev/null && ls . >/dev/null", true),
    ] {
        let output = world.run(script);
        assert_eq!(output.status.success(), works, "{script}: {output:?}");
    }
    assert_eq!(fs::read_to_string(world.path("data/admin.token")).unwrap(), "secret");
}

#[test]
fn a_process_outside_cannot_be_looked_into_or_ended() {
    let Some(world) = World::new() else { return };
    let us = std::process::id();
    for script in [
        format!("cat /proc/{us}/environ"),
        format!("cat /proc/{us}/root{}", world.path("data/admin.token").display()),
        format!("readlink /proc/{us}/cwd"),
        format!("kill -0 {us}"),
    ] {
        let output = world.run(&script);
        assert!(!output.status.success(), "{script}: {output:?}");
    }
}
