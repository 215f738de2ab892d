//! A copy of the audit trail of one platform in a file, a JSON object on each line, in the words of
//! the server that its surface replaces: for what reads that server's file today. The trail itself is
//! the store's.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use pilothouse_model::{
    Error,
    audit::{AuditRecord, Outcome},
};
use serde_json::{Value, json};

/// Operations with a tool of their own; any other is an action of `execute`.
const VERBS: [&str; 8] =
    ["list", "get", "create", "update", "delete", "search", "diagnose", "status"];

/// The file, open for as long as the server runs.
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    /// The platform, with its dot.
    prefix: String,
    surface: String,
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
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(file),
            prefix: format!("{platform}."),
            surface: platform.to_owned(),
        })
    }

    /// Writes those of `rows` that are the platform's. They are in the store already, so what cannot
    /// be written here is only reported.
    pub(crate) fn note(&self, rows: &[AuditRecord]) {
        let lines: String = rows.iter().filter_map(|row| self.line(row)).collect();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(lines.as_bytes()) {
            tracing::error!(%error, path = %self.path.display(), "the audit file cannot be written");
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

#[cfg(test)]
mod tests {
    use pilothouse_model::{Caller, Principal, Timestamp};

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
        journal.note(&[
            row("harness.pipeline.run", "unified", Outcome::Denied),
            row("tharsis.run.get", "unified", Outcome::Done),
            row("harness.pipeline.list", "harness", Outcome::Failed),
            row("", "harness", Outcome::Failed),
        ]);
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
}
