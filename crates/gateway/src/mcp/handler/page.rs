//! Pages of a list. A cursor names the last entry given, so it survives changes elsewhere in the
//! list and cannot point outside it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rmcp::model::{ErrorData, PaginatedRequestParams};

/// Entries per page: every surface of ours fits in one.
const SIZE: usize = 250;
/// Longest cursor accepted, in bytes.
const CURSOR_LENGTH: usize = 4096;

/// The page that `request` asks for, and the cursor of the next.
pub(super) fn of<T>(
    entries: Vec<T>,
    request: Option<PaginatedRequestParams>,
    key: impl Fn(&T) -> &str,
) -> Result<(Vec<T>, Option<String>), ErrorData> {
    cut(entries, request.and_then(|request| request.cursor).as_deref(), SIZE, key)
}

fn cut<T>(
    mut entries: Vec<T>,
    cursor: Option<&str>,
    size: usize,
    key: impl Fn(&T) -> &str,
) -> Result<(Vec<T>, Option<String>), ErrorData> {
    if let Some(cursor) = cursor {
        let last =
            read(cursor).and_then(|last| entries.iter().position(|entry| key(entry) == last));
        let Some(last) = last else {
            let message =
                "the cursor is not valid, or its entry is gone; list again from the start";
            return Err(ErrorData::invalid_params(message, None));
        };
        entries.drain(..=last);
    }
    if entries.len() <= size {
        return Ok((entries, None));
    }
    entries.truncate(size);
    let next = entries.last().map(|entry| BASE64_URL_SAFE_NO_PAD.encode(key(entry)));
    Ok((entries, next))
}

fn read(cursor: &str) -> Option<String> {
    if cursor.len() > CURSOR_LENGTH {
        return None;
    }
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(cursor: Option<&str>, size: usize) -> Option<(Vec<&'static str>, Option<String>)> {
        cut(vec!["a", "b", "c", "d", "e"], cursor, size, |entry| entry).ok()
    }

    #[test]
    fn pages_cover_the_list_in_order_and_end() {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (entries, next) = page(cursor.as_deref(), 2).unwrap();
            seen.extend(entries);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"]);
        assert_eq!(page(None, 5).unwrap().1, None, "a full last page has no next");
    }

    #[test]
    fn a_cursor_of_anything_else_is_refused() {
        let long = "A".repeat(CURSOR_LENGTH + 4);
        for cursor in ["", "!", "eg", "/w", &long] {
            assert!(page(Some(cursor), 2).is_none(), "{cursor:.9}");
        }
    }
}
