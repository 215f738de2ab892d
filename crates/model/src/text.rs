//! Small pure text rules that several crates must agree on.

use std::{borrow::Cow, fmt::Write as _};

use serde_json::Value;

/// Whether `text` is a name of Tharsis' kind: at most `most` lower-case letters, digits, `-` and `_`,
/// with a letter or digit at both ends.
pub fn is_name(text: &str, most: usize) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.len() <= most
        && bytes.first().is_some_and(is_plain)
        && bytes.last().is_some_and(is_plain)
        && bytes.iter().all(|byte| is_plain(byte) || matches!(byte, b'-' | b'_'))
}

/// The JSON text of `value`, which takes a third of the time of its `Display`.
pub fn json(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| value.to_string())
}

/// The longest prefix of `text` that fits in `max` bytes without cutting a character.
pub fn prefix(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// `text` with every control, bidirectional and zero-width character except newline and tab
/// written as JSON escapes it (`\u202e`), so that a person who decides reads what is really there
/// and a terminal obeys nothing of it. JSON stays the same JSON.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c| !matches!(c, '\n' | '\t'))
}

/// As [`visible`], on one line: a newline or tab is escaped, too, so that a name cannot look like
/// further lines of what it is shown in.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| true)
}

fn escaped(text: &str, counts: impl Fn(char) -> bool) -> Cow<'_, str> {
    let hides = |c: char| (c.is_control() || is_invisible(c)) && counts(c);
    if !text.contains(hides) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hides(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing into a `String` cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Removes ANSI escape sequences and every control or zero-width character except newline and
/// tab, so that text written by others cannot steer a terminal or hide words from a reader.
pub fn sanitize(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\n' | '\t' => clean.push(c),
            c if c.is_control() || is_invisible(c) => {}
            c => clean.push(c),
        }
    }
    clean
}

/// Skips what follows an ESC: a CSI or OSC sequence, or the single character of a short one.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            while let Some(c) = chars.peek().copied() {
                if c == '\n' {
                    return;
                }
                chars.next();
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    return;
                }
            }
        }
        Some(']') => {
            while let Some(c) = chars.peek().copied() {
                if c == '\n' {
                    return;
                }
                chars.next();
                if c == '\u{7}' || c == '\\' {
                    return;
                }
            }
        }
        Some('\n') | None => {}
        Some(_) => {
            chars.next();
        }
    }
}

/// Zero-width, bidirectional-control and tag characters, and separators that break lines.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{180e}' | '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{00ad}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sanitize_keeps_words_and_drops_tricks() {
        for (dirty, clean) in [
            ("plain\n\ttext", "plain\n\ttext"),
            ("\u{1b}[1;31mError\u{1b}[0m: x", "Error: x"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("zero\u{200b}width\u{202e}", "zerowidth"),
            ("cut\u{1b}[31", "cut"),
            ("a\r\nb\u{0}", "a\nb"),
            ("\u{1b}[31\nnext", "\nnext"),
        ] {
            assert_eq!(sanitize(dirty), clean, "{dirty:?}");
        }
    }

    #[test]
    fn visible_shows_tricks_and_leaves_words_alone() {
        for (text, block, line) in [
            ("plain é 名", "plain é 名", "plain é 名"),
            ("prod\u{202e}ved", r"prod\u202eved", r"prod\u202eved"),
            ("\u{2066}x\u{2069}", r"\u2066x\u2069", r"\u2066x\u2069"),
            ("\u{1b}[2Jgone\u{9b}m", r"\u001b[2Jgone\u009bm", r"\u001b[2Jgone\u009bm"),
            ("zero\u{200b}width", r"zero\u200bwidth", r"zero\u200bwidth"),
            ("tag\u{e0041}", r"tag\udb40\udc41", r"tag\udb40\udc41"),
            ("a\u{2028}b\u{61c}", r"a\u2028b\u061c", r"a\u2028b\u061c"),
            ("two\n\tlines\r", "two\n\tlines\\u000d", r"two\u000a\u0009lines\u000d"),
        ] {
            assert_eq!(visible(text), block, "{text:?}");
            assert_eq!(visible_line(text), line, "{text:?}");
            assert!(matches!(visible(block), Cow::Borrowed(_)), "once is enough: {text:?}");
        }
    }

    #[test]
    fn prefix_never_cuts_a_character() {
        assert_eq!(prefix("aé", 2), "a");
        assert_eq!(prefix("aé", 3), "aé");
    }
}
