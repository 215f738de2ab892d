//! Job logs: read by byte offset, cut where neither a character nor an escape sequence is torn,
//! and cleaned of everything but text. What they say was written by others.

use pilothouse_model::Result;
use serde_json::{Map, Value, json};

use crate::connector::hook::HookContext;

pub(super) mod part;
mod window;

/// The most that the platform hands out at once.
const MAX_READ: usize = 1 << 20;
/// The platform keeps no more than 10 MiB of a log; a little above, for what it says at the end.
const MAX_LOG: usize = 11 << 20;
/// The longest piece given to a caller.
const MAX_PIECE: usize = 51_200;
const DEFAULT_PIECE: usize = 10_240;

fn limit(args: &Map<String, Value>) -> usize {
    number(args, "limit").unwrap_or(DEFAULT_PIECE).clamp(1, MAX_PIECE)
}

/// At most `limit` stored bytes from `start`, and whether there are more.
async fn piece(
    context: &HookContext<'_>,
    job_id: &str,
    start: usize,
    limit: usize,
) -> Result<(String, bool)> {
    // A little more than asked for, to see whether there is more and to finish a character.
    let mut read = read(context, job_id, start, limit + window::LONGEST_ESCAPE).await?;
    let end = window::cut(&read, limit).len();
    let has_more = end < read.len();
    read.truncate(end);
    Ok((read, has_more))
}

/// The whole log of a job.
pub(super) async fn read_all(context: &HookContext<'_>, job_id: &str) -> Result<String> {
    let mut log = String::new();
    read_on(context, job_id, &mut log).await?;
    Ok(log)
}

/// Appends what was written since; `log` holds everything before.
async fn read_on(context: &HookContext<'_>, job_id: &str, log: &mut String) -> Result<()> {
    while log.len() < MAX_LOG {
        let piece = read(context, job_id, log.len(), MAX_READ).await?;
        log.push_str(&piece);
        // A server may hold back the bytes of a torn character, so a nearly full piece is full.
        if piece.len() + 4 < MAX_READ {
            break;
        }
    }
    Ok(())
}

async fn read(
    context: &HookContext<'_>,
    job_id: &str,
    start: usize,
    limit: usize,
) -> Result<String> {
    let args = json!({"id": job_id, "start": start, "limit": limit});
    match context.call("job.log_range", args).await? {
        Value::String(piece) => Ok(piece),
        _ => Ok(String::new()),
    }
}

fn number(args: &Map<String, Value>, name: &str) -> Option<usize> {
    usize::try_from(args.get(name)?.as_u64()?).ok()
}
