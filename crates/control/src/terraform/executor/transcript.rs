//! Listens to Terraform: its words go to the log as they come, its complaints are collected.

use tokio::sync::mpsc;

use super::{
    Diagnostic, Limits, LogSink,
    diagnostic::{Complaint, PlainText},
    log::Log,
    message::Meaning,
    secret::Mask,
};
use crate::process::{Line, Stream};

const TOO_LONG: &str = "(A message that is too long to be read is left out.)";

pub(super) struct Transcript<'a> {
    log: Log<'a>,
    mask: &'a Mask,
    /// The most complaints that are kept.
    room: usize,
    diagnostics: Vec<Diagnostic>,
    /// Reads what Terraform says in plain text on its standard error.
    plain: PlainText,
    last_error_output: String,
}

impl<'a> Transcript<'a> {
    pub(super) fn new(sink: &'a dyn LogSink, mask: &'a Mask, limits: &Limits) -> Self {
        Self {
            log: Log::new(sink, mask, limits),
            mask,
            room: limits.diagnostics,
            diagnostics: Vec::new(),
            plain: PlainText::default(),
            last_error_output: String::new(),
        }
    }

    /// Takes every line until the program has no more to say.
    pub(super) async fn follow(&mut self, mut lines: mpsc::Receiver<Line>) {
        while let Some(line) = lines.recv().await {
            self.take(&line);
            while !self.log.is_due()
                && let Ok(line) = lines.try_recv()
            {
                self.take(&line);
            }
            self.log.flush().await;
        }
        if let Some(complaint) = self.plain.end() {
            self.keep(&complaint);
        }
    }

    /// Adds text of our own to the log.
    pub(super) async fn say(&mut self, text: &str) {
        self.log.add(text);
        self.log.flush().await;
    }

    /// Writes a complaint to the log and keeps it.
    pub(super) async fn complain(&mut self, complaint: &Complaint) {
        self.write(complaint);
        self.log.flush().await;
    }

    pub(super) fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The last line on its standard error, which may be all there is to explain a failure.
    pub(super) fn last_error_output(&self) -> &str {
        &self.last_error_output
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    fn take(&mut self, line: &Line) {
        match line.stream {
            Stream::Out if line.truncated && line.text.starts_with('{') => self.log.add(TOO_LONG),
            Stream::Out => match Meaning::of_line(&line.text) {
                Meaning::Complaint(complaint) => self.write(&complaint),
                Meaning::Text(text) => self.log.add(&text),
                Meaning::Nothing => {}
            },
            Stream::Err => self.take_error_output(&line.text),
        }
    }

    /// Plain text is in the log as it is; what it means is kept once it is complete.
    fn take_error_output(&mut self, text: &str) {
        if let Some(complaint) = self.plain.line(text) {
            self.keep(&complaint);
        }
        if self.plain.is_within() {
            self.log.add_error(text);
        } else {
            self.log.add(text);
        }
        let clean = self.mask.clean(text.trim());
        if !clean.is_empty() {
            self.last_error_output = clean;
        }
    }

    fn write(&mut self, complaint: &Complaint) {
        if complaint.is_preamble() {
            return;
        }
        let frame = complaint.frame();
        if complaint.is_error() {
            self.log.add_error(&frame);
        } else {
            self.log.add(&frame);
        }
        self.keep(complaint);
    }

    /// Terraform may repeat itself; each complaint is kept once.
    fn keep(&mut self, complaint: &Complaint) {
        let stored = complaint.store(self.mask);
        let known = complaint.is_preamble() || self.diagnostics.contains(&stored);
        if !known && self.diagnostics.len() < self.room {
            self.diagnostics.push(stored);
        }
    }
}

#[cfg(test)]
mod tests;
