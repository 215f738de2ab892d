//! A job's log: clean lines, bounded one by one and all together, handed on in batches.

use pilothouse_model::text;

use super::{Limits, LogSink, secret::Mask};

/// How much of the whole is kept free for errors, which come last and matter most.
const SHARE_FOR_ERRORS: usize = 8;
const MAX_FOR_ERRORS: usize = 256 * 1024;

/// A batch this large is handed on although more is waiting.
const BATCH: usize = 64 * 1024;

const LINE_CUT: &str = " … (the rest of the line is left out)";
const LOG_CUT: &str = "\n… the log has reached its limit; from here on only errors are kept\n";
const LOG_FULL: &str = "… the log is full\n";

pub(super) struct Log<'a> {
    sink: &'a dyn LogSink,
    mask: &'a Mask,
    line_limit: usize,
    limit: usize,
    /// Handed on so far, and waiting in `batch`.
    written: usize,
    batch: String,
    stage: Stage,
    broken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    ErrorsOnly,
    Full,
}

impl<'a> Log<'a> {
    pub(super) fn new(sink: &'a dyn LogSink, mask: &'a Mask, limits: &Limits) -> Self {
        let (line_limit, limit) = (limits.log_line, limits.log);
        let (batch, stage) = (String::new(), Stage::Open);
        Self { sink, mask, line_limit, limit, written: 0, batch, stage, broken: false }
    }

    /// Adds ordinary text of any number of lines.
    pub(super) fn add(&mut self, text: &str) {
        self.add_until(text, Stage::Open);
    }

    /// Adds text that is still taken when the log is too long for ordinary text.
    pub(super) fn add_error(&mut self, text: &str) {
        self.add_until(text, Stage::ErrorsOnly);
    }

    fn add_until(&mut self, text: &str, last_stage: Stage) {
        for line in self.mask.clean(text).split('\n') {
            if self.stage > last_stage {
                return;
            }
            let kept = text::prefix(line, self.line_limit);
            let cut = if kept.len() < line.len() { LINE_CUT } else { "" };
            let length = kept.len() + cut.len() + 1;
            if self.written + self.batch.len() + length > self.room(last_stage) {
                self.close(last_stage);
                return;
            }
            self.batch.extend([kept, cut, "\n"]);
        }
    }

    /// How long the log may get with text that is taken up to `stage`.
    fn room(&self, stage: Stage) -> usize {
        let notes = LOG_CUT.len() + LOG_FULL.len();
        let errors = (self.limit / SHARE_FOR_ERRORS).min(MAX_FOR_ERRORS);
        match stage {
            Stage::Open => self.limit.saturating_sub(notes + errors),
            Stage::ErrorsOnly | Stage::Full => self.limit.saturating_sub(LOG_FULL.len()),
        }
    }

    fn close(&mut self, stage: Stage) {
        let (next, note) = match stage {
            Stage::Open => (Stage::ErrorsOnly, LOG_CUT),
            Stage::ErrorsOnly | Stage::Full => (Stage::Full, LOG_FULL),
        };
        self.stage = next;
        self.batch.push_str(note);
    }

    /// Whether enough is waiting to be handed on at once.
    pub(super) fn is_due(&self) -> bool {
        self.batch.len() >= BATCH
    }

    /// Hands on what is waiting. The job goes on without a log when the sink fails, because
    /// stopping Terraform half way is worse.
    pub(super) async fn flush(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.written += batch.len();
        if self.broken || batch.is_empty() {
            return;
        }
        if let Err(error) = self.sink.append(batch.as_bytes()).await {
            tracing::warn!(%error, "the log of a job cannot be written; the job goes on without it");
            self.broken = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use pilothouse_model::Error;

    use super::*;

    #[derive(Default)]
    struct Memory {
        text: Mutex<String>,
        fails: bool,
    }

    #[async_trait]
    impl LogSink for Memory {
        async fn append(&self, bytes: &[u8]) -> Result<(), Error> {
            self.text.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
            if self.fails { Err(Error::unavailable("full")) } else { Ok(()) }
        }
    }

    async fn logged(line: usize, limit: usize, write: impl FnOnce(&mut Log<'_>)) -> String {
        let (sink, mask) = (Memory::default(), Mask::default());
        let limits = Limits { log_line: line, log: limit, ..Limits::default() };
        let mut log = Log::new(&sink, &mask, &limits);
        write(&mut log);
        log.flush().await;
        sink.text.into_inner().unwrap()
    }

    #[tokio::test]
    async fn a_long_line_is_cut_at_a_character() {
        let text = logged(5, 1000, |log| log.add("short\n1234é6789\nend")).await;
        assert_eq!(text, format!("short\n1234{LINE_CUT}\nend\n"));
    }

    #[tokio::test]
    async fn a_long_log_keeps_its_start_and_its_errors() {
        let text = logged(100, 1000, |log| {
            for number in 0..100 {
                log.add(&format!("line {number} {}", "x".repeat(20)));
            }
            log.add_error("Error: it broke");
            log.add("never seen");
        })
        .await;
        assert!(
            text.starts_with("line 0 ")
                && text.ends_with("only errors are kept\nError: it broke\n")
        );
        assert!(!text.contains("line 99") && !text.contains("never seen"));
    }

    #[tokio::test]
    async fn the_log_is_never_longer_than_its_limit() {
        for limit in [200, 1000, 4096] {
            let text = logged(50, limit, |log| {
                for _ in 0..200 {
                    log.add(&"ordinary ".repeat(5));
                    log.add_error(&"error ".repeat(7));
                }
            })
            .await;
            assert!(text.len() <= limit, "{} > {limit}", text.len());
            assert!(text.ends_with(LOG_FULL), "{text}");
        }
    }

    #[tokio::test]
    async fn a_sink_that_fails_is_asked_once() {
        let (sink, mask) = (Memory { fails: true, ..Memory::default() }, Mask::default());
        let mut log = Log::new(&sink, &mask, &Limits::default());
        for _ in 0..3 {
            log.add("text");
            log.flush().await;
        }
        assert_eq!(sink.text.into_inner().unwrap(), "text\n");
    }
}
