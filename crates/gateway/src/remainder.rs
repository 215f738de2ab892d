//! A result that is too long for one answer comes in parts: the longest list of it is cut, or the
//! longest text, and the answer has a cursor with which the same call is answered with the rest.
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
/// Arguments that say which page of the platform is asked for, beside the cursor.
const PAGE: [&str; 3] = ["limit", "size", "page"];
/// Hexadecimal digits by which a text is known again.
const DIGEST: usize = 16;

/// Which part of a result is wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// JSON pointer of the list or the text that was cut.
    #[serde(rename = "l")]
    list: String,
    /// Items of the list, or bytes of the text, that were given already.
    #[serde(rename = "s")]
    skip: usize,
    /// Of the text: the parts of two of them would make a third.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// The cursor and the page that the platform was asked for.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(rename = "n", default, skip_serializing_if = "Map::is_empty")]
    page: Map<String, Value>,
}

/// What is left of a result that was cut, and how the rest is to be had.
#[derive(Debug, PartialEq)]
pub(crate) struct Cut {
    pub(crate) cursor: String,
    /// JSON pointer of what was cut.
    pub(crate) place: String,
    /// Where the part begins and ends in it, and how much there is: items, or bytes of a text.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) of: usize,
    pub(crate) is_text: bool,
}

impl Part {
    /// Reads the cursor of a call. One of ours is replaced by that of the platform's page which it
    /// continues.
    pub(crate) fn take(arguments: &mut Map<String, Value>) -> Result<Self, Error> {
        let cursor = arguments.get(CURSOR).and_then(Value::as_str);
        let Some(ours) = cursor.and_then(|cursor| cursor.strip_prefix(PREFIX)) else {
            let named = |name: &str| Some((name.to_owned(), arguments.get(name)?.clone()));
            let page = PAGE.into_iter().filter_map(named).collect();
            return Ok(Self { cursor: cursor.map(str::to_owned), page, ..Self::default() });
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
        arguments.extend(part.page.clone());
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
    ///
    /// # Errors
    /// When a text is another one than that of which a part was given.
    pub(crate) fn resume(&self, value: &mut Value) -> Result<(), Error> {
        if self.skip == 0 {
            return Ok(());
        }
        match (value.pointer_mut(&self.list), &self.digest) {
            (Some(Value::Array(items)), None) => drop(items.drain(..self.skip.min(items.len()))),
            (Some(Value::String(text)), Some(digest))
                if *digest == self::digest(text) && text.is_char_boundary(self.skip) =>
            {
                text.drain(..self.skip);
            }
            (_, Some(_)) => {
                return Err(Error::conflict("cursor: the text has changed since its first part")
                    .hint("leave cursor out to read it from its beginning"));
            }
            (_, None) => {}
        }
        Ok(())
    }

    /// Shortens the longest list of `value` until the whole is at most `room` bytes of JSON.
    /// `None` leaves `value` alone: no list is long enough.
    pub(crate) fn cut(&self, value: &mut Value, room: usize) -> Option<Cut> {
        let size = size(value);
        let list =
            longest(value, &|value| matches!(value, Value::Array(items) if items.len() > 1))?;
        let items = value.pointer_mut(&list)?.as_array_mut()?;
        let mut excess = size.saturating_sub(room);
        let (all, mut kept) = (items.len(), items.len());
        while excess > 0 && kept > 1 {
            kept -= 1;
            excess = excess.saturating_sub(self::size(&items[kept]) + 1);
        }
        if excess > 0 {
            return None;
        }
        items.truncate(kept);
        let from = if list == self.list { self.skip } else { 0 };
        let next = Self { list, skip: from + kept, digest: None, ..self.clone() };
        Some(next.cut_at(from, from + all))
    }

    /// Shortens the longest text of `value` until the whole is at most `room` bytes of JSON. `whole`
    /// is what this part was taken from. `None` leaves `value` alone: it is not one text that is too
    /// long, or it follows the part of a list.
    pub(crate) fn cut_text(&self, value: &mut Value, room: usize) -> Option<Cut> {
        let mut excess = size(value).saturating_sub(room);
        let place = longest(value, &Value::is_string)?;
        let Some(Value::String(text)) = value.pointer_mut(&place) else { return None };
        if self.skip > 0 && (self.list != place || self.digest.is_none()) {
            return None;
        }
        let mut kept = text.len();
        for (at, letter) in text.char_indices().rev() {
            if excess == 0 {
                break;
            }
            excess = excess.saturating_sub(written(letter));
            kept = at;
        }
        if excess > 0 || kept == 0 {
            return None;
        }
        let digest = self.digest.clone().unwrap_or_else(|| digest(text));
        let all = text.len();
        text.truncate(kept);
        let next =
            Self { list: place, skip: self.skip + kept, digest: Some(digest), ..self.clone() };
        Some(next.cut_at(self.skip, self.skip + all))
    }

    fn cut_at(self, from: usize, of: usize) -> Cut {
        let (cursor, is_text) = (self.to_cursor(), self.digest.is_some());
        Cut { cursor, place: self.list, from, to: self.skip, of, is_text }
    }

    fn to_cursor(&self) -> String {
        // A struct of texts and numbers always serializes.
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

/// The value that `suits` with the most bytes that is not inside of a list.
fn longest(value: &Value, suits: &dyn Fn(&Value) -> bool) -> Option<String> {
    fn visit(
        value: &Value,
        path: &str,
        suits: &dyn Fn(&Value) -> bool,
        longest: &mut Option<(usize, String)>,
    ) {
        if suits(value) {
            let bytes = size(value);
            if longest.as_ref().is_none_or(|(most, _)| bytes > *most) {
                *longest = Some((bytes, path.to_owned()));
            }
        }
        for (name, field) in value.as_object().into_iter().flatten() {
            let name = name.replace('~', "~0").replace('/', "~1");
            visit(field, &format!("{path}/{name}"), suits, longest);
        }
    }
    let mut longest = None;
    visit(value, "", suits, &mut longest);
    longest.map(|(_, path)| path)
}

fn digest(text: &str) -> String {
    let mut digest = blake3::hash(text.as_bytes()).to_hex().to_string();
    digest.truncate(DIGEST);
    digest
}

/// Bytes of a character in a JSON text.
fn written(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    }
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
            part.resume(&mut value).unwrap();
            let next = (size(&value) > room).then(|| part.cut(&mut value, room).unwrap().cursor);
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
        for first in
            [json!({}), json!({"cursor": "p2", "limit": 100}), json!({"size": 7, "page": 2})]
        {
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
    fn a_long_text_comes_in_parts_that_make_it_up() {
        let yaml = "name: \"é\"\n\ttab: \u{1}\n".repeat(2_000);
        let whole = json!({"id": "p", "inner": {"yaml": yaml}});
        let (mut call, mut read, mut parts) = (Map::new(), String::new(), 0);
        loop {
            let part = Part::take(&mut call).unwrap();
            assert!(call.is_empty(), "the platform is asked the same");
            let mut value = whole.clone();
            part.resume(&mut value).unwrap();
            let cut = (size(&value) > 9_000).then(|| part.cut_text(&mut value, 9_000).unwrap());
            assert!(size(&value) <= 9_000);
            read.push_str(value["inner"]["yaml"].as_str().unwrap());
            parts += 1;
            let Some(cut) = cut else { break };
            assert!(size(&value) > 8_980, "the room is used");
            assert_eq!((cut.to, cut.of, cut.is_text), (read.len(), yaml.len(), true));
            call.insert(CURSOR.into(), cut.cursor.into());
        }
        assert_eq!((read == yaml, parts > 5), (true, true));
    }

    #[test]
    fn parts_of_two_texts_are_not_put_together() {
        let first = json!({"yaml": "a".repeat(3_000)});
        let cut = Part::default().cut_text(&mut first.clone(), 2_000).unwrap();
        let part = Part::take(&mut arguments(&json!({"cursor": cut.cursor}))).unwrap();
        let mut other = json!({"yaml": "b".repeat(3_000)});
        for changed in [&mut other, &mut json!({"yaml": 1}), &mut json!({})] {
            let error = part.resume(changed).unwrap_err();
            assert!(error.message.contains("has changed"), "{error}");
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
        assert_eq!((part.skip, part.cursor.as_deref()), (0, Some("abc")));
        assert_eq!(part.page, arguments(&json!({"limit": 3})));
        assert_eq!(call, arguments(&json!({"cursor": "abc", "limit": 3})));
    }
}
