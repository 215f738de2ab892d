//! What the tour prints: numbered steps with their time, a spinner while something runs, the
//! questions that are asked. Colours follow the terminal.

use std::{
    io::{IsTerminal as _, Write as _},
    sync::Mutex,
    time::{Duration, Instant},
};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use pilothouse_gateway::client::Person;
use pilothouse_model::Error;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const ASK: Style = AnsiColor::Yellow.on_default().bold();
const TOOL: Style = AnsiColor::Cyan.on_default();

/// Lines of a text that are shown at most.
const SHOWN_LINES: usize = 14;

pub(super) struct Screen {
    state: Mutex<State>,
    started: Instant,
}

struct State {
    step: usize,
    since: Instant,
    spinner: Option<ProgressBar>,
    /// The last question to the person.
    question: String,
}

impl Screen {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                step: 0,
                since: now,
                spinner: None,
                question: String::new(),
            }),
            started: now,
        }
    }

    pub(super) fn title(story: &str, url: &str, platform: &str) {
        line(&format!("{BOLD}Pilothouse tour{BOLD:#}: {story}"));
        line(&format!("{DIM}private server at {url}, {platform}{DIM:#}"));
    }

    /// Begins the next step.
    pub(super) fn step(&self, title: &str) {
        self.stop_spinner();
        let mut state = self.lock();
        state.step += 1;
        state.since = Instant::now();
        line(&format!("\n{BOLD}{:>2}. {title}{BOLD:#}", state.step));
    }

    /// A call is about to be made.
    pub(super) fn calling(&self, tool: &str, arguments: &str) {
        line(&format!("    {TOOL}{tool}{TOOL:#} {DIM}{arguments}{DIM:#}"));
        let spinner = ProgressBar::new_spinner();
        if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("    {spinner} {msg} {elapsed}");
            spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            spinner.enable_steady_tick(Duration::from_millis(120));
        } else {
            spinner.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        self.lock().spinner = Some(spinner);
    }

    pub(super) fn stop_spinner(&self) {
        if let Some(spinner) = self.lock().spinner.take() {
            spinner.finish_and_clear();
        }
    }

    /// Text the step shows, indented; of long text its last lines.
    pub(super) fn show(&self, text: &str) {
        self.stop_spinner();
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let hidden = lines.len().saturating_sub(SHOWN_LINES);
        if hidden > 0 {
            line(&format!("      {DIM}│ … {hidden} lines before{DIM:#}"));
        }
        for text in &lines[hidden..] {
            line(&format!("      {DIM}│{DIM:#} {text}"));
        }
    }

    /// Ends the step: what was checked, and how long it took.
    pub(super) fn done(&self, what: &str) {
        self.stop_spinner();
        let elapsed = self.lock().since.elapsed().as_secs_f64();
        line(&format!("    {GOOD}✓{GOOD:#} {what} {DIM}({elapsed:.2} s){DIM:#}"));
    }

    pub(super) fn failed(&self, error: &Error) {
        self.stop_spinner();
        line(&format!("    {BAD}✗ {}{BAD:#}", error.message));
        if let Some(hint) = &error.hint {
            line(&format!("      {hint}"));
        }
    }

    pub(super) fn missing(error: &Error) {
        line(&format!("{BAD}The tour needs Terraform or OpenTofu.{BAD:#} {error}"));
    }

    pub(super) fn kept(url: &str, token_file: &std::path::Path) {
        line(&format!("\nThe server stays up at {url} until you press Ctrl-C."));
        line(&format!("Its token is in {}", token_file.display()));
    }

    pub(super) fn end(&self, good: bool) {
        let elapsed = self.started.elapsed().as_secs_f64();
        if good {
            line(&format!("\n{GOOD}Done{GOOD:#} in {elapsed:.1} s."));
            line(
                "Next: `pilothouse serve`, then `pilothouse connect claude-code` (or cursor, vscode, …).",
            );
        } else {
            line(&format!("\n{BAD}The tour ended early{BAD:#} after {elapsed:.1} s."));
            line(
                "`pilothouse doctor` looks for what is missing here; `tour --keep` leaves the server up.",
            );
        }
    }

    /// What the person was last asked.
    pub(super) fn question(&self) -> String {
        self.lock().question.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Person for Screen {
    fn confirm(&self, message: &str) -> bool {
        self.stop_spinner();
        line(&format!("    {ASK}? the server asks the person:{ASK:#}"));
        for text in message.lines().filter(|text| !text.is_empty()).take(SHOWN_LINES) {
            line(&format!("      {ASK}│{ASK:#} {text}"));
        }
        message.clone_into(&mut self.lock().question);
        line(&format!("      {ASK}└ yes{ASK:#} {DIM}(the tour answers for you){DIM:#}"));
        true
    }

    fn progress(&self, message: &str) {
        if let Some(spinner) = &self.lock().spinner {
            spinner.set_message(message.to_owned());
        }
    }
}

/// A closed pipe ends the tour's output, not the tour.
fn line(text: &str) {
    let _ = writeln!(anstream::stdout(), "{text}");
}
