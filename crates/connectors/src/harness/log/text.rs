//! The lines of a log: one JSON object each, or plain text.

use pilothouse_model::text::sanitize;
use serde_json::Value;

const TEXTS: [&str; 3] = ["out", "message", "msg"];
const TIMES: [&str; 3] = ["time", "timestamp", "ts"];

pub(super) struct Log(Vec<String>);

/// The end of a log.
pub(super) struct Tail {
    pub(super) text: String,
    pub(super) lines: usize,
}

/// Lines in the order of their times; those without a time stay where they are.
pub(super) fn read(text: &str) -> Log {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut last = String::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let json: Option<Value> = serde_json::from_str(line).ok().filter(Value::is_object);
        let field = |names: [&str; 3]| {
            let json = json.as_ref()?;
            names.into_iter().find_map(|name| json.get(name)?.as_str().map(str::to_owned))
        };
        if let Some(time) = field(TIMES) {
            last = time;
        }
        let shown = field(TEXTS).unwrap_or_else(|| line.to_owned());
        let shown = sanitize(&shown);
        lines.extend(shown.trim_end().lines().map(|line| (last.clone(), line.to_owned())));
    }
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    Log(lines.into_iter().map(|(_, line)| line).collect())
}

impl Log {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// At most so many lines and bytes: whole lines, but of a last one that is longer its end.
    pub(super) fn tail(&self, lines: usize, bytes: usize) -> Tail {
        let mut room = bytes;
        let mut start = self.0.len();
        for line in self.0.iter().rev().take(lines) {
            let Some(left) = room.checked_sub(line.len() + 1) else { break };
            (room, start) = (left, start - 1);
        }
        let shown = &self.0[start..];
        if let (Some(last), []) = (self.0.last().filter(|_| lines > 0), shown) {
            let start = last.ceil_char_boundary(last.len().saturating_sub(bytes));
            return Tail { text: last[start..].to_owned(), lines: 0 };
        }
        Tail { text: shown.join("\n"), lines: shown.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_plain_and_in_order() {
        let log = read(concat!(
            r#"{"level":"INFO","time":"2026-01-01T00:00:02Z","out":"two\n"}"#,
            "\n",
            r#"{"time":"2026-01-01T00:00:01Z","message":"\u001b[31mone\u001b[0m"}"#,
            "\n\nplain\n",
            r#"{"ts":"2026-01-01T00:00:03Z","msg":"three\nfour"}"#,
        ));
        assert_eq!(log.tail(10, 1000).text, "one\nplain\ntwo\nthree\nfour");
        assert_eq!(log.len(), 5);
    }

    #[test]
    fn the_end_is_cut_in_whole_lines() {
        let log = read("aaaa\nbbbb\ncccc\n");
        for (lines, bytes, text) in [
            (2, 1000, "bbbb\ncccc"),
            (9, 10, "bbbb\ncccc"),
            (9, 9, "cccc"),
            (9, 3, "ccc"),
            (0, 9, ""),
        ] {
            assert_eq!(log.tail(lines, bytes).text, text, "{lines} {bytes}");
        }
    }
}
