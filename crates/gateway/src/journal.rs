//! A copy of the audit trail of one platform in a file, a JSON object on each line, in the words of
//! the server that its surface replaces: for what reads that server's file today. The trail itself is
//! the store's, and no call waits for the file: lines are handed over in the order of the trail, and a
//! thread writes them that lives as long as there are some.

use std::{
    fs::OpenOptions,
    io::Write,
    mem,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pilothouse_model::{
    Error,
    audit::{AuditRecord, Outcome},
};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// Operations with a tool of their own; any other is an action of `execute`.
const VERBS: [&str; 8] =
    ["list", "get", "create", "update", "delete", "search", "diagnose", "status"];

/// Bytes of lines that wait to be written. Calls wait for the file when there are more: a trail with
/// holes would be worse.
const MAX_WAITING: usize = 4 << 20;

/// The file, open for as long as the server runs.
pub struct Journal {
    /// The platform, with its dot.
    prefix: String,
    surface: String,
    lines: Arc<Lines>,
}

/// Lines on their way into the file.
struct Lines {
    path: PathBuf,
    file: Mutex<Box<dyn Write + Send>>,
    waiting: Mutex<Waiting>,
    /// There are fewer than there were.
    room: Notify,
}

#[derive(Default)]
struct Waiting {
    text: String,
    /// A thread writes, and will look for more before it ends.
    is_written: bool,
}

impl Journal {
    /// Appends to the file at `path`, which is made if there is none, for its owner alone. Calls of
    /// `platform` are written, from whichever surface.
    pub fn open(path: &Path, platform: &str) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            Error::unavailable(format!("cannot write {}: {error}", path.display()))
                .hint("the audit file needs a directory that exists and may be written")
        })?;
        Ok(Self::on(Box::new(file), path, platform))
    }

    fn on(file: Box<dyn Write + Send>, path: &Path, platform: &str) -> Self {
        let lines = Lines {
            path: path.to_owned(),
            file: Mutex::new(file),
            waiting: Mutex::default(),
            room: Notify::new(),
        };
        Self {
            prefix: format!("{platform}."),
            surface: platform.to_owned(),
            lines: Arc::new(lines),
        }
    }

    /// Hands over those of `rows` that are the platform's. They are in the store already, so what
    /// cannot be written here is only reported. For one task alone, which gives them their order.
    pub(crate) async fn note(&self, rows: &[AuditRecord]) {
        let text: String = rows.iter().filter_map(|row| self.line(row)).collect();
        if text.is_empty() {
            return;
        }
        while self.lines.is_full() {
            self.lines.room.notified().await;
        }
        if self.lines.add(&text) {
            let lines = Arc::clone(&self.lines);
            tokio::task::spawn_blocking(move || lines.write());
        }
    }

    fn line(&self, row: &AuditRecord) -> Option<String> {
        let id = row.operation.as_deref().unwrap_or_default();
        let own = id.strip_prefix(&self.prefix);
        if own.is_none() && row.surface != self.surface {
            return None;
        }
        let (kind, name) = own.and_then(|own| own.split_once('.')).unwrap_or(("", id));
        let is_verb = VERBS.contains(&name);
        let outcome = match row.outcome {
            // Its end follows, or never comes.
            Outcome::Intent => "started",
            Outcome::Done | Outcome::Planned => "success",
            Outcome::Denied | Outcome::Asked => "blocked",
            Outcome::Cancelled | Outcome::Failed => "error",
        };
        let present = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let arguments: Value = serde_json::from_str(&row.arguments).unwrap_or_default();
        let line = json!({
            "event_id": row.id,
            "timestamp": row.at.to_string(),
            "tool": row.tool,
            "operation": if is_verb || name.is_empty() { name } else { "execute" },
            "resource_type": present(kind),
            "resource_id": row.target,
            "action": (!is_verb).then(|| present(name)).flatten(),
            "org_id": arguments["org_id"],
            "project_id": arguments["project_id"],
            "risk": row.risk.as_str(),
            "outcome": outcome,
            "duration_ms": row.duration_ms,
            "error": (outcome == "error").then_some(&row.detail),
            "detail": row.detail,
            "principal": row.principal,
            "request_id": row.request_id,
            "approval_id": row.approval_id,
        });
        Some(format!("{line}\n"))
    }
}

impl Lines {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_full(&self) -> bool {
        self.waiting().text.len() >= MAX_WAITING
    }

    /// Whether somebody has to begin to write.
    fn add(&self, text: &str) -> bool {
        let mut waiting = self.waiting();
        waiting.text.push_str(text);
        !mem::replace(&mut waiting.is_written, true)
    }

    /// Writes until nothing waits.
    fn write(&self) {
        loop {
            let text = {
                let mut waiting = self.waiting();
                waiting.is_written = !waiting.text.is_empty();
                if !waiting.is_written {
                    return;
                }
                mem::take(&mut waiting.text)
            };
            self.room.notify_one();
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = file.write_all(text.as_bytes()) {
                let path = self.path.display();
                tracing::error!(%error, %path, "the audit file cannot be written");
            }
        }
    }
}

/// A server that ends may leave lines for which no thread could be had any more.
impl Drop for Lines {
    fn drop(&mut self) {
        self.write();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use pilothouse_model::{Caller, Principal, Timestamp};
    use tokio::runtime::Runtime;

    use super::*;

    fn row(operation: &str, surface: &str, outcome: Outcome) -> AuditRecord {
        AuditRecord {
            request_id: "r".into(),
            at: Timestamp(0),
            operation: (!operation.is_empty()).then(|| operation.to_owned()),
            target: Some("x".into()),
            arguments: r#"{"org_id":"o"}"#.into(),
            outcome,
            detail: Some("because".into()),
            duration_ms: 3,
            ..AuditRecord::new(&Caller::new(Principal::local_user("jo")), surface, "t")
        }
    }

    #[test]
    fn calls_of_the_platform_are_written_in_the_old_words() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.jsonl");
        let journal = Journal::open(&path, "harness").unwrap();
        let runtime = Runtime::new().unwrap();
        runtime.block_on(journal.note(&[
            row("harness.pipeline.run", "unified", Outcome::Denied),
            row("tharsis.run.get", "unified", Outcome::Done),
            row("harness.pipeline.list", "harness", Outcome::Failed),
            row("", "harness", Outcome::Failed),
        ]));
        // Waits for the thread that writes, as the end of the program does.
        drop(runtime);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let shown: Vec<_> = lines
            .iter()
            .map(|line| {
                ["operation", "resource_type", "action", "outcome", "error", "org_id"]
                    .map(|field| line[field].as_str().unwrap_or("-"))
                    .join(" ")
            })
            .collect();
        assert_eq!(
            shown,
            [
                "execute pipeline run blocked - o",
                "list pipeline - error because o",
                " - - error because o"
            ]
        );
        assert_eq!(lines[0]["timestamp"], "1970-01-01T00:00:00.000Z");
        let error = Journal::open(Path::new("/nowhere/audit.jsonl"), "harness").err().unwrap();
        assert!(error.message.contains("/nowhere/audit.jsonl"), "{error}");
    }
    /// A file that takes nothing until it is let, and then tells what it got.
    struct Slow {
        let_go: mpsc::Receiver<()>,
        got: Arc<Mutex<String>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            // Once the test lets go of the sender, everything passes.
            let _ = self.let_go.recv();
            self.got.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_slow_file_and_nothing_is_lost() {
        const ROWS: usize = 100;
        let (sender, let_go) = mpsc::channel();
        let got = Arc::default();
        let slow = Slow { let_go, got: Arc::clone(&got) };
        let journal = Journal::on(Box::new(slow), Path::new("slow"), "harness");
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            for number in 0..ROWS {
                let row = row("harness.pipeline.run", "unified", Outcome::Done);
                journal.note(&[AuditRecord { id: number.to_string(), ..row }]).await;
            }
        });
        assert!(got.lock().unwrap().is_empty(), "the file has taken nothing yet");
        drop(sender);
        drop(runtime);
        let text = got.lock().unwrap();
        let ids = text.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["event_id"].as_str().unwrap().parse::<usize>().unwrap()
        });
        assert!(ids.eq(0..ROWS), "in their order");
    }

    #[tokio::test]
    async fn lines_that_wait_have_a_largest_size() {
        let (sender, let_go) = mpsc::channel();
        let slow = Slow { let_go, got: Arc::default() };
        let journal = Journal::on(Box::new(slow), Path::new("slow"), "harness");
        journal.lines.add(&"x".repeat(MAX_WAITING));
        assert!(journal.lines.is_full());
        let rows = [row("harness.pipeline.run", "unified", Outcome::Done)];
        let mut note = std::pin::pin!(journal.note(&rows));
        assert!(futures::poll!(&mut note).is_pending(), "there is no room");
        drop(sender);
        let lines = Arc::clone(&journal.lines);
        tokio::task::spawn_blocking(move || lines.write()).await.unwrap();
        note.await;
    }
}
