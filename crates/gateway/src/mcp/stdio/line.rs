//! Lines of bounded length from a byte stream.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its end, never blank.
    Text(Vec<u8>),
    /// Longer than allowed; skipped to its end.
    TooLong,
    End,
}

pub(super) struct Lines<R> {
    input: BufReader<R>,
    max: usize,
    line: Vec<u8>,
    skipping: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R, max: usize) -> Self {
        Self { input: BufReader::new(input), max, line: Vec::new(), skipping: false }
    }

    /// The next line. Can be dropped and called again without losing input. Input that ends
    /// without a line end still counts as a line.
    pub(super) async fn next(&mut self) -> io::Result<Line> {
        loop {
            let available = self.input.fill_buf().await?;
            let ended = available.is_empty();
            let (taken, complete) = match available.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (available.len(), ended),
            };
            if self.line.len() + taken > self.max.saturating_add(1) {
                self.skipping = true;
                self.line = Vec::new();
            }
            if !self.skipping {
                self.line.extend_from_slice(&available[..taken]);
            }
            self.input.consume(taken);
            if !complete {
                continue;
            }
            if std::mem::take(&mut self.skipping) {
                return Ok(Line::TooLong);
            }
            let line = trimmed(&self.line).to_vec();
            self.line.clear();
            if !line.is_empty() {
                return Ok(Line::Text(line));
            }
            if ended {
                return Ok(Line::End);
            }
        }
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(input: &[u8], max: usize) -> Vec<Line> {
        let mut lines = Lines::new(input, max);
        let mut all = Vec::new();
        loop {
            match lines.next().await.unwrap() {
                Line::End => return all,
                line => all.push(line),
            }
        }
    }

    fn text(line: &str) -> Line {
        Line::Text(line.into())
    }

    #[tokio::test]
    async fn lines_are_trimmed_and_blank_ones_skipped() {
        for (input, expected) in [
            (&b"a\nb\n"[..], vec![text("a"), text("b")]),
            (b"a\r\n\r\n  \nb", vec![text("a"), text("b")]),
            (b"\xef\xbb\xbfa\n", vec![text("a")]),
            (b"", vec![]),
            (b"\n\n", vec![]),
        ] {
            assert_eq!(lines(input, 100).await, expected, "{input:?}");
        }
    }

    #[tokio::test]
    async fn a_long_line_is_skipped_and_the_next_one_read() {
        let input = [&[b'x'; 10_000][..], b"\nok\n", &[b'y'; 12_000]].concat();
        assert_eq!(lines(&input, 8).await, [Line::TooLong, text("ok"), Line::TooLong]);
        assert_eq!(lines(b"12345678\n123456789\n", 8).await, [text("12345678"), Line::TooLong]);
    }
}
