//! Lines of bounded length from a byte stream.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Kept of either end of a line that is too long, in bytes.
const EDGE: usize = 512;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its end, never blank.
    Text(Vec<u8>),
    /// Longer than allowed: what it begins and ends with, [`EDGE`] bytes each.
    TooLong {
        first: Vec<u8>,
        last: Vec<u8>,
    },
    End,
}

pub(super) struct Lines<R> {
    input: BufReader<R>,
    max: usize,
    /// The line so far; of one that is too long, its end so far.
    line: Vec<u8>,
    /// The beginning of a line that is too long.
    first: Option<Vec<u8>>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R, max: usize) -> Self {
        Self { input: BufReader::new(input), max, line: Vec::new(), first: None }
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
            self.line.extend_from_slice(&available[..taken]);
            self.input.consume(taken);
            if self.first.is_some() || self.line.len() > self.max.saturating_add(1) {
                let line = &self.line;
                self.first.get_or_insert_with(|| line[..line.len().min(EDGE)].to_vec());
                self.line = line[line.len().saturating_sub(EDGE)..].to_vec();
            }
            if !complete {
                continue;
            }
            let line = trimmed(&self.line).to_vec();
            self.line.clear();
            if let Some(first) = self.first.take() {
                return Ok(Line::TooLong { first: trimmed(&first).to_vec(), last: line });
            }
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
    async fn of_a_long_line_the_edges_are_kept_and_the_next_one_is_read() {
        let long = [&b"first"[..], &vec![b'x'; 20_000], b"last"].concat();
        let edges = || Line::TooLong {
            first: long[..EDGE].to_vec(),
            // The line end was among the last bytes that were kept.
            last: long[long.len() + 1 - EDGE..].to_vec(),
        };
        let input = [&long[..], b"\nok\n", &long, b"\n"].concat();
        assert_eq!(lines(&input, 8).await, [edges(), text("ok"), edges()]);
        let short = || b"123456789".to_vec();
        assert_eq!(
            lines(b"12345678\n123456789\n", 8).await,
            [text("12345678"), Line::TooLong { first: short(), last: short() }]
        );
    }
}
