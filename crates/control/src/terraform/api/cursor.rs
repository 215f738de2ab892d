//! Pages as the wire asks for them: `first` after a cursor, or `last` before one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use pilothouse_model::Error;
use pilothouse_store::terraform::{MAX_PAGE, Page, PageRequest, Position, SortKey};
use serde_json::{Value, json};

use super::proto::pagination::{PageInfo, PaginationOptions};

/// Longer than any cursor that was handed out: a path, an id, and their encoding.
const MAX_CURSOR: usize = 4096;

/// Reads which page is asked for; nothing given: the first [`MAX_PAGE`] rows.
pub(super) fn request(options: Option<PaginationOptions>) -> Result<PageRequest, Error> {
    let PaginationOptions { before, after, first, last } = options.unwrap_or_default();
    match (first, last, after, before) {
        (Some(_), Some(_), _, _) => Err(Error::invalid("give first or last, not both")),
        (_, _, Some(_), Some(_)) => Err(Error::invalid("give after or before, not both")),
        (Some(_), _, _, Some(_)) | (_, Some(_), Some(_), _) => {
            Err(Error::invalid("first goes with after, last goes with before"))
        }
        (first, None, after, None) => page("first", first, after, false),
        (None, last, None, before) => page("last", last, before, true),
    }
}

fn page(
    field: &str,
    limit: Option<i32>,
    cursor: Option<String>,
    backward: bool,
) -> Result<PageRequest, Error> {
    let limit = match limit.map(u32::try_from) {
        None => MAX_PAGE,
        Some(Ok(limit)) if (1..=MAX_PAGE).contains(&limit) => limit,
        Some(_) => return Err(Error::invalid(format!("{field}: give 1 to {MAX_PAGE}"))),
    };
    let from = match cursor.filter(|cursor| !cursor.is_empty()) {
        Some(cursor) => Some(decode(&cursor).ok_or_else(|| {
            Error::invalid("the cursor is not one that was handed out")
                .hint("start again without a cursor")
        })?),
        None => None,
    };
    Ok(PageRequest { limit, from, backward })
}

fn decode(cursor: &str) -> Option<Position> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (key, id): (Value, String) = serde_json::from_slice(&bytes).ok()?;
    let key = match key {
        Value::String(text) => SortKey::Text(text),
        Value::Number(number) => SortKey::Number(number.as_i64()?),
        _ => return None,
    };
    let storable = |text: &str| !text.contains('\0');
    let good = storable(&id) && !matches!(&key, SortKey::Text(text) if !storable(text));
    good.then_some(Position { key, id })
}

fn encode(position: &Position) -> String {
    let key = match &position.key {
        SortKey::Text(text) => json!(text),
        SortKey::Number(number) => json!(number),
    };
    URL_SAFE_NO_PAD.encode(json!([key, position.id]).to_string())
}

/// Where a page lies that holds the whole list.
pub(super) fn one_page(count: usize) -> PageInfo {
    PageInfo { total_count: i32::try_from(count).unwrap_or(i32::MAX), ..PageInfo::default() }
}

/// The items of a page, each through `view`, and where the page lies in the list.
pub(super) fn answer<T, V>(page: Page<T>, view: impl Fn(T) -> V) -> (Vec<V>, Option<PageInfo>) {
    let info = PageInfo {
        end_cursor: page.end.as_ref().map(encode),
        start_cursor: page.start.as_ref().map(encode),
        has_next_page: page.has_next,
        has_previous_page: page.has_previous,
        total_count: i32::try_from(page.total).unwrap_or(i32::MAX),
    };
    (page.items.into_iter().map(view).collect(), Some(info))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(
        first: Option<i32>,
        last: Option<i32>,
        after: Option<&str>,
        before: Option<&str>,
    ) -> PaginationOptions {
        let (after, before) = (after.map(str::to_owned), before.map(str::to_owned));
        PaginationOptions { before, after, first, last }
    }

    #[test]
    fn cursors_round_trip() {
        for key in [SortKey::Text("acme/ü".to_owned()), SortKey::Number(-7)] {
            let position = Position { key, id: "id".to_owned() };
            assert_eq!(decode(&encode(&position)), Some(position));
        }
    }

    #[test]
    fn what_is_asked_for() {
        let cursor = encode(&Position { key: SortKey::Number(1), id: "a".to_owned() });
        let default = request(None).unwrap();
        assert_eq!((default.limit, default.from, default.backward), (100, None, false));
        let next = request(Some(options(Some(5), None, Some(&cursor), None))).unwrap();
        assert_eq!((next.limit, next.from.is_some(), next.backward), (5, true, false));
        let previous = request(Some(options(None, Some(5), None, Some(&cursor)))).unwrap();
        assert_eq!((previous.limit, previous.from.is_some(), previous.backward), (5, true, true));
        let tail = request(Some(options(None, Some(5), None, None))).unwrap();
        assert!(tail.backward && tail.from.is_none());
    }

    #[test]
    fn nonsense_is_refused() {
        let long = "A".repeat(MAX_CURSOR + 4);
        for (asked, why) in [
            (options(Some(0), None, None, None), "1 to 100"),
            (options(Some(101), None, None, None), "1 to 100"),
            (options(None, Some(-1), None, None), "1 to 100"),
            (options(Some(1), Some(1), None, None), "not both"),
            (options(None, None, Some("a"), Some("a")), "not both"),
            (options(Some(1), None, None, Some("a")), "goes with"),
            (options(Some(1), None, Some("nonsense"), None), "handed out"),
            (options(Some(1), None, Some(&long), None), "handed out"),
            (options(Some(1), None, Some("WzEsMl0"), None), "handed out"),
        ] {
            let error = request(Some(asked.clone())).unwrap_err().to_string();
            assert!(error.contains(why), "{asked:?}: {error}");
        }
    }
}
