//! What Terraform said when it was recorded (see `tests/data/terraform`), as the log shows it
//! and as it is kept.

use std::{fs, path::Path, sync::Mutex};

use async_trait::async_trait;
use insta::{assert_json_snapshot, assert_snapshot};
use pilothouse_model::Error;

use super::{
    super::{Category, Variable},
    *,
};

#[derive(Default)]
struct Memory(Mutex<String>);

#[async_trait]
impl LogSink for Memory {
    async fn append(&self, bytes: &[u8]) -> Result<(), Error> {
        self.0.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
        Ok(())
    }
}

fn recording(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The log and the diagnostics that follow from what a program printed on `stream`.
async fn heard(printed: &str, stream: Stream, limits: &Limits) -> (String, Vec<Diagnostic>) {
    let password = Variable {
        category: Category::Terraform,
        key: "password".to_owned(),
        value: "correct-horse".to_owned(),
        sensitive: true,
    };
    let (sink, mask) = (Memory::default(), Mask::of(&[password]));
    let mut transcript = Transcript::new(&sink, &mask, limits);
    let (sender, receiver) = mpsc::channel(1000);
    for text in printed.lines() {
        let line = Line { stream, text: text.to_owned(), truncated: false };
        sender.send(line).await.unwrap();
    }
    drop(sender);
    transcript.follow(receiver).await;
    let diagnostics = transcript.into_diagnostics();
    (sink.0.into_inner().unwrap(), diagnostics)
}

/// A recording's name as part of a file name.
fn flat(name: &str) -> String {
    name.trim_end_matches(".jsonl").replace('/', "_")
}

async fn replayed(name: &str) -> (String, Vec<Diagnostic>) {
    let stream = if name.ends_with("jsonl") { Stream::Out } else { Stream::Err };
    heard(&recording(name), stream, &Limits::default()).await
}

#[tokio::test]
async fn a_successful_run_reads_as_in_a_terminal() {
    for name in
        ["changes/init.jsonl", "changes/plan.jsonl", "changes/apply.jsonl", "sensitive/apply.jsonl"]
    {
        let (log, diagnostics) = replayed(name).await;
        assert_snapshot!(format!("log_{}", flat(name)), log);
        assert_eq!(diagnostics, [], "{name}");
    }
}

#[tokio::test]
async fn errors_are_framed_in_the_log_and_kept_with_their_place() {
    for name in [
        "syntax/init.jsonl",
        "missing_provider/init.jsonl",
        "missing_module/init.jsonl",
        "reference/plan.jsonl",
        "precondition/plan.jsonl",
        "half_way/apply.jsonl",
    ] {
        let (log, diagnostics) = replayed(name).await;
        assert!(!log.contains("correct-horse"), "{name}");
        assert_snapshot!(format!("log_{}", flat(name)), log);
        assert_json_snapshot!(format!("diagnostics_{}", flat(name)), diagnostics);
    }
}

#[tokio::test]
async fn plain_text_of_init_says_the_same_as_json() {
    for case in ["syntax", "missing_provider", "missing_module"] {
        let comparable = |diagnostics: Vec<Diagnostic>| -> Vec<Diagnostic> {
            // Plain text is wrapped to the width of a terminal.
            let flow = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let unwrapped = |diagnostic: Diagnostic| Diagnostic {
                summary: flow(&diagnostic.summary),
                detail: flow(&diagnostic.detail),
                ..diagnostic
            };
            let mut sorted: Vec<_> = diagnostics.into_iter().map(unwrapped).collect();
            sorted.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.summary.clone()));
            sorted
        };
        let (_, json) = replayed(&format!("{case}/init.jsonl")).await;
        let (_, plain) = replayed(&format!("{case}/init.txt")).await;
        assert_eq!(comparable(plain), comparable(json), "{case}");
    }
}

#[tokio::test]
async fn a_complaint_is_kept_once_and_only_so_many_are_kept() {
    let complaint = |summary: usize| {
        format!(
            r#"{{"@message":"Error: {summary}","type":"diagnostic","diagnostic":{{"severity":"error","summary":"{summary}"}}}}"#
        )
    };
    let twice = [complaint(1), complaint(1)].join("\n");
    let (log, diagnostics) = heard(&twice, Stream::Out, &Limits::default()).await;
    assert_eq!((log.matches("Error: 1").count(), diagnostics.len()), (2, 1));

    let many: Vec<String> = (0..10).map(complaint).collect();
    let limits = Limits { diagnostics: 3, ..Limits::default() };
    let (log, diagnostics) = heard(&many.join("\n"), Stream::Out, &limits).await;
    assert_eq!((log.matches("Error: ").count(), diagnostics.len()), (10, 3));
}

#[tokio::test]
async fn a_message_that_was_cut_is_not_shown_as_json() {
    let (sink, mask) = (Memory::default(), Mask::default());
    let mut transcript = Transcript::new(&sink, &mask, &Limits::default());
    for text in ["{\"@message\":\"", "plain"] {
        transcript.take(&Line { stream: Stream::Out, text: text.to_owned(), truncated: true });
    }
    transcript.say("end").await;
    assert_eq!(sink.0.into_inner().unwrap(), format!("{TOO_LONG}\nplain\nend\n"));
}

#[tokio::test]
async fn chatter_leaves_room_for_errors() {
    let chatter = "[TRACE] something\n".repeat(300);
    let printed = format!("{chatter}\nError: It broke\n\nBadly.\n");
    let limits = Limits { log: 1000, ..Limits::default() };
    let (log, diagnostics) = heard(&printed, Stream::Err, &limits).await;
    assert!(log.len() <= 1000 && log.ends_with("Error: It broke\n\nBadly.\n"), "{log}");
    assert_eq!(diagnostics[0].summary, "It broke");
}

#[tokio::test]
async fn what_is_no_message_is_text() {
    let printed = "{\"not\": \"a message\"}\n{broken\nplain \u{1b}[1mtext";
    let (log, diagnostics) = heard(printed, Stream::Out, &Limits::default()).await;
    assert_eq!(log, "{\"not\": \"a message\"}\n{broken\nplain text\n");
    assert_eq!(diagnostics, []);
}
