//! Reads what a program prints, in bounded pieces.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    sync::mpsc,
};

/// The longest line that is kept; the rest of a longer one is read and dropped.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

/// One line of output, without its end, as UTF-8 with replacement characters where it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub stream: Stream,
    pub text: String,
    /// True when the line was longer than [`MAX_LINE_BYTES`].
    pub truncated: bool,
}

/// What a program printed, up to a limit.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// True when there was more standard output than the limit.
    pub truncated: bool,
}

/// Sends every line to `lines`, and reads on to the end even when nobody listens any more.
pub(super) async fn send_lines(
    source: impl AsyncRead + Unpin,
    stream: Stream,
    lines: &mpsc::Sender<Line>,
) -> io::Result<()> {
    let mut source = BufReader::new(source);
    let mut listening = true;
    while let Some((bytes, truncated)) = next_line(&mut source).await? {
        if listening {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            listening = lines.send(Line { stream, text, truncated }).await.is_ok();
        }
    }
    Ok(())
}

/// The next line without its end and whether it was cut, or `None` at the end of the output.
async fn next_line(
    source: &mut BufReader<impl AsyncRead + Unpin>,
) -> io::Result<Option<(Vec<u8>, bool)>> {
    let mut line = Vec::new();
    let mut truncated = false;
    let mut started = false;
    loop {
        let available = source.fill_buf().await?;
        if available.is_empty() {
            return Ok(started.then_some((line, truncated)));
        }
        started = true;
        let end = available.iter().position(|&byte| byte == b'\n');
        let piece = &available[..end.unwrap_or(available.len())];
        let room = MAX_LINE_BYTES - line.len();
        truncated |= piece.len() > room;
        line.extend_from_slice(&piece[..piece.len().min(room)]);
        let used = end.map_or(available.len(), |end| end + 1);
        source.consume(used);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Some((line, truncated)));
        }
    }
}

/// Appends the first `limit` bytes to `kept`, reads on to the end, and tells whether there was
/// more.
pub(super) async fn keep(
    mut source: impl AsyncRead + Unpin,
    kept: &mut Vec<u8>,
    limit: usize,
) -> io::Result<bool> {
    (&mut source).take(limit as u64).read_to_end(kept).await?;
    let rest = tokio::io::copy(&mut source, &mut tokio::io::sink()).await?;
    Ok(rest > 0)
}
