//! Which part of a log to show. Pure.

use pilothouse_model::text::{prefix, sanitize};
use serde_json::{Value, json};

/// Longer escape sequences are not waited for.
pub(super) const LONGEST_ESCAPE: usize = 64;
/// Lines shown before and after a match.
const CONTEXT_LINES: usize = 2;
const MAX_MATCHES: usize = 50;
/// Longest line shown of a match, in bytes.
const MAX_LINE: usize = 1000;

/// A part of a log by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub start: usize,
    pub end: usize,
}

/// At most `limit` bytes from the beginning of `log`, ending neither inside a character nor
/// inside an escape sequence; at least one character, if there is one.
pub(super) fn cut(log: &str, limit: usize) -> &str {
    if log.len() <= limit {
        return log;
    }
    let first = log.chars().next().map_or(0, char::len_utf8);
    let end = log.floor_char_boundary(limit).max(first);
    match log[..end].rfind('\u{1b}') {
        Some(escape) if escape > 0 && is_open(&log[escape..end]) => &log[..escape],
        _ => &log[..end],
    }
}

/// Whether an escape sequence of a plausible length that starts this text has not ended.
fn is_open(text: &str) -> bool {
    if text.len() >= LONGEST_ESCAPE {
        return false;
    }
    match text.strip_prefix("\u{1b}[") {
        Some(rest) => !rest.contains(|c| ('\u{40}'..='\u{7e}').contains(&c)),
        None => text.len() == 1,
    }
}

/// At most `limit` bytes from `start`.
pub(super) fn from(log: &str, start: usize, limit: usize) -> Window {
    let start = log.floor_char_boundary(start.min(log.len()));
    Window { start, end: start + cut(&log[start..], limit).len() }
}

/// The last `limit` bytes, from the beginning of a line.
pub(super) fn tail(log: &str, limit: usize) -> Window {
    let earliest = log.ceil_char_boundary(log.len().saturating_sub(limit));
    let start = if earliest == 0 { 0 } else { line_from(log, earliest) };
    Window { start, end: log.len() }
}

/// `limit` bytes around the first error, a quarter of them before it.
pub(super) fn around_error(log: &str, limit: usize) -> Option<Window> {
    let error = first_error(log)?;
    let earliest = log.floor_char_boundary(error.saturating_sub(limit / 4));
    let start = if earliest == 0 { 0 } else { line_from(log, earliest).min(error) };
    Some(from(log, start, limit))
}

/// The beginning of the first line that reads `Error: …`, with or without Terraform's frame.
fn first_error(log: &str) -> Option<usize> {
    let mut offset = 0;
    for line in log.split_inclusive('\n') {
        let clean = sanitize(line);
        if clean.trim_start_matches(['│', '╷', ' ']).starts_with("Error: ") {
            return Some(offset);
        }
        offset += line.len();
    }
    None
}

/// The first beginning of a line at or after `offset`; `offset` itself where no line follows.
fn line_from(log: &str, offset: usize) -> usize {
    if log.as_bytes()[..offset].last() == Some(&b'\n') {
        return offset;
    }
    match log[offset..].find('\n') {
        Some(newline) if offset + newline + 1 < log.len() => offset + newline + 1,
        _ => offset,
    }
}

/// Lines that contain `needle`, whatever the case, each with its neighbours and byte offset; as
/// many as fit in `limit` bytes.
pub(super) fn search(log: &str, needle: &str, limit: usize) -> Vec<Value> {
    let needle = needle.to_lowercase();
    let lines = clean_lines(log);
    let mut matches = Vec::new();
    let mut used = 0;
    for (index, (start, line)) in lines.iter().enumerate() {
        if !line.to_lowercase().contains(&needle) {
            continue;
        }
        let around =
            index.saturating_sub(CONTEXT_LINES)..lines.len().min(index + CONTEXT_LINES + 1);
        let text: Vec<&str> =
            lines[around].iter().map(|(_, line)| prefix(line, MAX_LINE)).collect();
        let text = text.join("\n");
        used += text.len();
        if matches.len() == MAX_MATCHES || (used > limit && !matches.is_empty()) {
            break;
        }
        matches.push(json!({"line": index + 1, "start": start, "text": text}));
    }
    matches
}

/// Each line without what is not text, with the offset at which it is stored.
fn clean_lines(log: &str) -> Vec<(usize, String)> {
    let mut offset = 0;
    let with_offset = |line: &str| {
        let at = offset;
        offset += line.len();
        (at, sanitize(line).trim_end().to_owned())
    };
    log.split_inclusive('\n').map(with_offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "Initializing\nplan é\n\
        \u{1b}[31m│\u{1b}[0m \u{1b}[1mError: \u{1b}[0mbad\n│ detail\nend\n";

    fn shown(window: Window) -> String {
        sanitize(&LOG[window.start..window.end])
    }

    #[test]
    fn nothing_is_torn() {
        for (log, limit, piece) in [
            ("aé", 2, "a"),
            ("é", 1, "é"),
            ("ab\u{1b}[31mcd", 4, "ab"),
            ("ab\u{1b}[31mcd", 7, "ab\u{1b}[31m"),
            ("ab\u{1b}[31mcd", 8, "ab\u{1b}[31mc"),
            ("\u{1b}[31m", 2, "\u{1b}["),
            ("", 5, ""),
        ] {
            assert_eq!(cut(log, limit), piece, "{log:?} {limit}");
        }
    }

    #[test]
    fn pieces_put_together_are_the_log() {
        for limit in 1..LOG.len() {
            let (mut start, mut whole) = (0, String::new());
            while start < LOG.len() {
                let window = from(LOG, start, limit);
                assert!(window.end > start);
                whole.push_str(&LOG[window.start..window.end]);
                start = window.end;
            }
            assert_eq!(whole, LOG, "limit {limit}");
        }
    }

    #[test]
    fn windows_begin_with_a_line() {
        assert_eq!(shown(tail(LOG, 8)), "end\n");
        assert_eq!(shown(tail(LOG, 4)), "end\n");
        assert_eq!(shown(tail(LOG, 2)), "d\n");
        assert_eq!(shown(tail(LOG, 10_000)), sanitize(LOG));
        assert_eq!(shown(around_error(LOG, 40).unwrap()), "plan é\n│ Error: bad\n");
        assert_eq!(around_error("all good\n", 100), None);
    }

    #[test]
    fn matches_come_with_their_neighbours_and_place() {
        let found = search(LOG, "ERROR", 10_000);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["line"], 3);
        assert_eq!(found[0]["text"], "Initializing\nplan é\n│ Error: bad\n│ detail\nend");
        let start = usize::try_from(found[0]["start"].as_u64().unwrap()).unwrap();
        assert!(LOG[start..].starts_with("\u{1b}[31m│"));
        assert_eq!(search(&"x\n".repeat(1000), "x", 10_000).len(), MAX_MATCHES);
    }
}
