//! Jobs and their logs.

use pilothouse_model::{Error, id::ResourceType};
use pilothouse_store::terraform::{Job, MAX_READ_BYTES};

use crate::terraform::{Terraform, reference};

/// A part of a job's log.
#[derive(Debug)]
pub(crate) struct LogSlice {
    pub(crate) offset: i64,
    /// As many bytes long as the part of the log that it stands for.
    pub(crate) text: String,
}

impl Terraform {
    pub(crate) async fn job_get(&self, id: &str) -> Result<Job, Error> {
        let kind = ResourceType::Job;
        let target = reference::target(kind, id)?;
        let found = self.store.job_get(&target.id).await?;
        found
            .filter(|job| target.is_in(&job.workspace_path))
            .ok_or_else(|| reference::not_found(kind, id))
    }

    pub(crate) async fn job_latest_for_plan(&self, plan: &str) -> Result<Job, Error> {
        let record = self.run_of_plan(plan).await?;
        self.job_latest(record.plan.latest_job_id, ResourceType::Plan, plan).await
    }

    pub(crate) async fn job_latest_for_apply(&self, apply: &str) -> Result<Job, Error> {
        let (_run, found) = self.apply_get(apply).await?;
        self.job_latest(found.latest_job_id, ResourceType::Apply, apply).await
    }

    async fn job_latest(
        &self,
        job_id: Option<String>,
        kind: ResourceType,
        node: &str,
    ) -> Result<Job, Error> {
        let found = match job_id {
            Some(id) => self.store.job_get(&id).await?,
            None => None,
        };
        found.ok_or_else(|| {
            reference::not_found(ResourceType::Job, node)
                .hint(format!("the {kind} has no job until its turn comes"))
        })
    }

    /// The log of `job` from `offset` on, at most `limit` bytes (0: as many as allowed).
    pub(crate) async fn job_log(
        &self,
        job: &Job,
        offset: i64,
        limit: i64,
    ) -> Result<LogSlice, Error> {
        let limit = match usize::try_from(limit) {
            Ok(0) => MAX_READ_BYTES,
            Ok(limit) if limit <= MAX_READ_BYTES => limit,
            _ => {
                let rule = format!("limit {limit}: give 0 to {MAX_READ_BYTES} bytes");
                return Err(Error::invalid(rule));
            }
        };
        if offset < 0 {
            return Err(Error::invalid(format!("the offset {offset} is negative")));
        }
        let bytes = self.store.job_log_read(&job.meta.id, offset, limit).await?;
        Ok(LogSlice { offset, text: slice_text(bytes, limit) })
    }
}

/// The text of a piece of a UTF-8 log. A character that is cut off at the end is left for the
/// next piece; a byte that belongs to no character here becomes `?`, so that the text is as long
/// as the bytes and offsets stay right.
fn slice_text(mut bytes: Vec<u8>, limit: usize) -> String {
    let cut = incomplete_tail(&bytes);
    if cut < bytes.len() && bytes.len() == limit {
        bytes.truncate(bytes.len() - cut);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

/// How many bytes at the end begin a character without finishing it.
fn incomplete_tail(bytes: &[u8]) -> usize {
    let tail = bytes.iter().rev().take(4).position(|byte| !(0x80..0xc0).contains(byte));
    let Some(behind) = tail else { return 0 };
    let first = bytes[bytes.len() - 1 - behind];
    let length = match first {
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..=0xff => 4,
        _ => 1,
    };
    if behind + 1 < length { behind + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks through `text` in pieces of `limit` bytes, as a client would.
    fn walk(text: &str, limit: usize) -> Vec<String> {
        let bytes = text.as_bytes();
        let mut offset = 0;
        let mut pieces = Vec::new();
        while offset < bytes.len() {
            let end = (offset + limit).min(bytes.len());
            let piece = slice_text(bytes[offset..end].to_vec(), limit);
            assert!(!piece.is_empty(), "no progress at {offset}");
            offset += piece.len();
            pieces.push(piece);
        }
        pieces
    }

    #[test]
    fn pieces_join_to_the_whole() {
        let text = "aé€😀z".repeat(3);
        for limit in 4..=text.len() + 1 {
            assert_eq!(walk(&text, limit).concat(), text, "{limit}");
        }
    }

    #[test]
    fn a_limit_below_a_character_still_makes_progress() {
        assert_eq!(walk("a€", 1), ["a", "?", "?", "?"]);
    }

    #[test]
    fn an_offset_inside_a_character_keeps_the_length() {
        assert_eq!(slice_text("€z".as_bytes()[1..].to_vec(), 100), "??z");
        assert_eq!(slice_text(vec![0xff, b'a'], 100), "?a");
    }
}
