//! Reads diagnostics from what Terraform prints: framed (`╷ │ ╵`) as on a terminal, or plain.

use pilothouse_model::text::sanitize;

use super::{Diagnostic, MAX_DETAIL, MAX_SNIPPET, MAX_SUMMARY, Severity, bounded, tidy};

/// Longest plain diagnostic in lines: without a frame its end is a guess.
const MAX_PLAIN_LINES: usize = 60;

/// What Terraform prints after a plain diagnostic, which has no end mark of its own.
const AFTER_PLAIN: [&str; 7] = [
    "Apply complete!",
    "Destroy complete!",
    "Planning failed.",
    "Plan: ",
    "Releasing state lock",
    "Saved the plan to",
    "─────",
];

/// The diagnostics of a log, errors first.
pub(in crate::tharsis) fn parse_log(log: &str) -> Vec<Diagnostic> {
    let clean = sanitize(log);
    let lines: Vec<&str> = clean.lines().map(str::trim_end).collect();
    let blocks = if lines.contains(&"╷") { framed(&lines) } else { plain(&lines) };
    tidy(blocks.iter().filter_map(|block| diagnostic(block)).collect())
}

/// The lines between `╷` and `╵`, without the bar in front.
fn framed<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut blocks = Vec::new();
    let mut open: Option<Vec<&str>> = None;
    for line in lines {
        match (*line, &mut open) {
            ("╷", _) => open = Some(Vec::new()),
            ("╵", _) => blocks.extend(open.take()),
            (line, Some(block)) => match line.strip_prefix('│') {
                Some(rest) => block.push(rest.strip_prefix(' ').unwrap_or(rest)),
                None => open = None,
            },
            (_, None) => {}
        }
    }
    blocks
}

/// From each heading at the beginning of a line to the next, or to what cannot belong to it.
fn plain<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    let mut open = false;
    for line in lines {
        if heading(line).is_some() {
            blocks.push(Vec::new());
            open = true;
        } else if AFTER_PLAIN.iter().any(|mark| line.starts_with(mark)) {
            open = false;
        }
        if let Some(block) = blocks.last_mut().filter(|block| open && block.len() < MAX_PLAIN_LINES)
        {
            block.push(line);
        }
    }
    blocks
}

fn heading(line: &str) -> Option<(Severity, &str)> {
    [("Error: ", Severity::Error), ("Warning: ", Severity::Warning)]
        .into_iter()
        .find_map(|(mark, severity)| Some((severity, line.strip_prefix(mark)?)))
}

/// A heading, perhaps a place with source lines, then the detail; blank lines between.
fn diagnostic(block: &[&str]) -> Option<Diagnostic> {
    let start = block.iter().position(|line| !line.is_empty())?;
    let (severity, first) = heading(block[start])?;
    let (more, rest) = paragraph(&block[start + 1..]);
    let summary: Vec<&str> = std::iter::once(first).chain(more.iter().copied()).collect();
    let mut found = Diagnostic {
        severity,
        summary: bounded(&summary.join(" "), MAX_SUMMARY),
        detail: String::new(),
        address: None,
        file: None,
        line: None,
        snippet: None,
        values: Vec::new(),
    };
    let (place, after) = paragraph(skip_blank(rest));
    let is_place =
        place.first().is_some_and(|line| line.starts_with("  with ") || line.starts_with("  on "));
    let detail = if is_place {
        read_place(&mut found, place);
        after
    } else {
        rest
    };
    found.detail = bounded(skip_blank(detail).join("\n").trim(), MAX_DETAIL);
    Some(found)
}

/// The lines up to the next blank one, and the rest.
fn paragraph<'l, 'a>(lines: &'l [&'a str]) -> (&'l [&'a str], &'l [&'a str]) {
    lines.split_at(lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len()))
}

fn skip_blank<'l, 'a>(lines: &'l [&'a str]) -> &'l [&'a str] {
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    &lines[start..]
}

/// `with ADDRESS,` — `on FILE line N, in …:` — numbered source lines — values of names in them.
fn read_place(found: &mut Diagnostic, lines: &[&str]) {
    let mut source = Vec::new();
    for line in lines {
        let text = line.trim_start();
        if let Some(address) = text.strip_prefix("with ") {
            found.address = Some(bounded(address.trim_end_matches(','), MAX_SUMMARY));
        } else if let (None, Some(place)) = (&found.file, text.strip_prefix("on ")) {
            let (file, number) = file_and_line(place);
            found.file = Some(bounded(file, MAX_SUMMARY));
            found.line = number;
        } else if let Some(value) = text.strip_prefix("│ ") {
            found.values.push(bounded(value, MAX_SUMMARY));
        } else if let Some(code) = numbered(text) {
            source.push(code);
        }
    }
    if !source.is_empty() {
        found.snippet = Some(bounded(&source.join("\n"), MAX_SNIPPET));
    }
}

/// `main.tf line 6, in resource "x" "y":`, `main.tf line 1:`.
fn file_and_line(place: &str) -> (&str, Option<u64>) {
    let Some((file, rest)) = place.split_once(" line ") else {
        return (place.trim_end_matches([':', ',']), None);
    };
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    (file, digits.parse().ok())
}

/// The code in `6:   name = "a"`.
fn numbered(text: &str) -> Option<&str> {
    let (number, code) = text.split_once(':')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| code.strip_prefix(' ').unwrap_or(code))
}
