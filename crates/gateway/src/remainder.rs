//! A result that is too long for one answer comes in parts: the longest list of it is cut, and the
//! answer has a cursor with which the same call is answered with the rest.
//!
//! Only arithmetic over JSON. Must not know platforms, nor what the items are.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pilothouse_model::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Tells our cursors from the platforms'.
const PREFIX: &str = "rest.";
/// The argument that takes a cursor, and the field of a list that has the next one.
const CURSOR: &str = "cursor";
pub(crate) const NEXT: &str = "next_cursor";
const LIMIT: &str = "limit";

/// Which part of a result is wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// JSON pointer of the list that was cut.
    #[serde(rename = "l")]
    list: String,
    /// Items of it that were given already.
    #[serde(rename = "s")]
    skip: usize,
    /// The cursor and the limit that the platform's page was asked for with.
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

impl Part {
    /// Reads the cursor of a call. One of ours is replaced by that of the platform's page which it
    /// continues.
    pub(crate) fn take(arguments: &mut Map<String, Value>) -> Result<Self, Error> {
        let cursor = arguments.get(CURSOR).and_then(Value::as_str);
        let Some(ours) = cursor.and_then(|cursor| cursor.strip_prefix(PREFIX)) else {
            let limit = arguments.get(LIMIT).and_then(Value::as_u64);
            return Ok(Self { cursor: cursor.map(str::to_owned), limit, ..Self::default() });
        };
        let part: Self = BASE64_URL_SAFE_NO_PAD
            .decode(ours)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| {
                Error::invalid("cursor: it is damaged")
                    .hint("pass next_cursor of the answer before, as it is; or leave it out")
            })?;
        arguments.remove(CURSOR);
        arguments.extend(part.cursor.as_deref().map(|it| (CURSOR.to_owned(), it.into())));
        arguments.extend(part.limit.map(|limit| (LIMIT.to_owned(), limit.into())));
        Ok(part)
    }

    /// A change is not made again to see the rest of its answer.
    pub(crate) fn refuse_rest(&self) -> Result<(), Error> {
        if self.skip == 0 {
            return Ok(());
        }
        Err(Error::invalid("cursor: the answer to a change cannot be continued")
            .hint("it was made; read what it acted on"))
    }

    /// Drops what was given already.
    pub(crate) fn resume(&self, value: &mut Value) {
        if self.skip > 0
            && let Some(Value::Array(items)) = value.pointer_mut(&self.list)
        {
            items.drain(..self.skip.min(items.len()));
        }
    }

    /// Shortens the longest list of `value` until the whole is at most `room` bytes of JSON, and
    /// returns the cursor for the rest. `None` leaves `value` alone: no list is long enough.
    pub(crate) fn cut(&self, value: &mut Value, room: usize) -> Option<String> {
        let size = size(value);
        let list = longest_list(value)?;
        let items = value.pointer_mut(&list)?.as_array_mut()?;
        let mut excess = size.saturating_sub(room);
        let mut kept = items.len();
        while excess > 0 && kept > 1 {
            kept -= 1;
            excess = excess.saturating_sub(self::size(&items[kept]) + 1);
        }
        if excess > 0 {
            return None;
        }
        items.truncate(kept);
        let given = if list == self.list { self.skip } else { 0 };
        Some(Self { list, skip: given + kept, ..self.clone() }.to_cursor())
    }

    fn to_cursor(&self) -> String {
        // A struct of texts and numbers always serializes.
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

/// The list with the most bytes that is not inside another one.
fn longest_list(value: &Value) -> Option<String> {
    fn visit(value: &Value, path: &str, longest: &mut Option<(usize, String)>) {
        match value {
            Value::Array(items) if items.len() > 1 => {
                let bytes = size(value);
                if longest.as_ref().is_none_or(|(most, _)| bytes > *most) {
                    *longest = Some((bytes, path.to_owned()));
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    visit(field, &format!("{path}/{name}"), longest);
                }
            }
            _ => {}
        }
    }
    let mut longest = None;
    visit(value, "", &mut longest);
    longest.map(|(_, path)| path)
}

/// Bytes of `value` as JSON.
pub(crate) fn size(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail, and a `Value` always serializes.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    /// What a client that follows the cursors collects from calls that are answered with `whole`.
    fn collect(whole: &Value, list: &str, first: &Value, room: usize) -> Vec<Value> {
        let mut collected = Vec::new();
        let mut call = arguments(first);
        for _ in 0..1_000 {
            let part = Part::take(&mut call).unwrap();
            assert_eq!(Value::Object(call.clone()), *first, "the platform is asked the same");
            let mut value = whole.clone();
            part.resume(&mut value);
            let next = (size(&value) > room).then(|| part.cut(&mut value, room).unwrap());
            assert!(size(&value) <= room);
            collected.extend(value.pointer(list).unwrap().as_array().unwrap().clone());
            match next {
                Some(next) => drop(call.insert(CURSOR.into(), next.into())),
                None => return collected,
            }
        }
        panic!("no end");
    }

    #[test]
    fn every_item_comes_once_whatever_page_it_is_on() {
        let items: Vec<Value> = (0..500).map(|i| json!({"name": "n".repeat(i % 90)})).collect();
        for first in [json!({}), json!({"cursor": "p2", "limit": 100}), json!({"limit": 7})] {
            let whole = json!({"items": items, "next_cursor": "p3"});
            assert_eq!(collect(&whole, "/items", &first, 2_000), items, "{first}");
            let whole = json!({"a/b": {"~": items}, "few": [1, 2]});
            assert_eq!(collect(&whole, "/a~1b/~0", &first, 2_000), items, "{first}");
        }
    }

    #[test]
    fn what_has_no_long_list_is_left_alone() {
        for whole in [
            json!({"text": "x".repeat(3_000)}),
            json!({"items": ["x".repeat(3_000)]}),
            json!({"items": [1, 2, 3], "text": "x".repeat(3_000)}),
        ] {
            let mut value = whole.clone();
            assert_eq!(Part::default().cut(&mut value, 2_000), None);
            assert_eq!(value, whole);
        }
    }

    #[test]
    fn a_damaged_cursor_is_refused_and_a_foreign_one_kept() {
        for damaged in ["rest.", "rest.%", "rest.e30x", "rest.eyJ4IjoxfQ"] {
            let error = Part::take(&mut arguments(&json!({"cursor": damaged}))).unwrap_err();
            assert!(error.message.contains("cursor"), "{error}");
        }
        let mut call = arguments(&json!({"cursor": "abc", "limit": 3}));
        let part = Part::take(&mut call).unwrap();
        assert_eq!((part.skip, part.cursor.as_deref(), part.limit), (0, Some("abc"), Some(3)));
        assert_eq!(call, arguments(&json!({"cursor": "abc", "limit": 3})));
    }
}
