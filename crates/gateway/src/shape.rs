//! The last step of a call: what the model sees. Bounded in size, with a text copy of the
//! structured result and an estimate of what it costs to read.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use pilothouse_model::{
    Error,
    text::{json as json_text, prefix},
};
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde_json::{Map, Value, json};

use crate::{
    chart::Image,
    remainder::{Cut, NEXT, Part, size},
};

/// Largest structured result in bytes of JSON.
pub(crate) const MAX_RESULT: usize = 96 * 1024;
/// Texts longer than this are cut first when a result is too large.
const LONG_TEXT: usize = 4 * 1024;
/// `_meta` key of the token estimate.
pub(crate) const TOKENS: &str = "dev.pilothouse/estimatedTokens";
/// `_meta` key that says what was cut.
pub(crate) const TRUNCATED: &str = "dev.pilothouse/truncated";

/// A successful result, with its chart behind the text. With a `part`, a list or a text that is too
/// long is continued by the same call with the answer's cursor.
pub(crate) fn success(value: Value, picture: Option<Image>, part: Option<&Part>) -> CallToolResult {
    let mut value = match value {
        Value::Object(fields) => Value::Object(fields),
        other => json!({ "result": other }),
    };
    let mut text = json_text(&value);
    let cut = (text.len() > MAX_RESULT).then(|| {
        let note = shrink(&mut value, text.len(), part);
        text = json_text(&value);
        note
    });
    let meta = meta(&text, cut.as_deref());
    // `CallToolResult::structured` would write the value out once more.
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(value);
    result.meta = Some(meta);
    let image = picture.map(|it| ContentBlock::image(BASE64_STANDARD.encode(it.png), "image/png"));
    result.content.extend(image);
    result
}

/// A failed one: the same facts for people and for programs.
pub(crate) fn failure(error: &Error, mut extra: Map<String, Value>) -> CallToolResult {
    extra.insert(
        "error".into(),
        json!({
            "kind": error.kind.as_str(),
            "message": error.message,
            "hint": error.hint,
        }),
    );
    let text = error.to_string();
    let meta = meta(&text, None);
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    result.structured_content = Some(Value::Object(extra));
    result.meta = Some(meta);
    result
}

fn meta(text: &str, cut: Option<&str>) -> MetaObject {
    let mut meta = MetaObject::new();
    // Four bytes a token is the usual rule of thumb for English and JSON.
    meta.0.insert(TOKENS.into(), Value::from(text.len().div_ceil(4)));
    if let Some(cut) = cut {
        meta.0.insert(TRUNCATED.into(), Value::from(cut));
    }
    meta
}

/// Cuts `value`, which is `bytes` long, to [`MAX_RESULT`]: its longest list or text where that can
/// be continued, else long texts first, then the ends of its lists. Returns what was cut, in words.
fn shrink(value: &mut Value, bytes: usize, part: Option<&Part>) -> String {
    let cut = |value: &mut Value| part.and_then(|part| part.cut(value, MAX_RESULT));
    let cut_text = |value: &mut Value| part.and_then(|part| part.cut_text(value, MAX_RESULT));
    if let Some(cut) = cut(value).or_else(|| cut_text(value)) {
        return continued(value, bytes, cut);
    }
    cut_texts(value, LONG_TEXT);
    if let Some(cut) = cut(value) {
        return continued(value, bytes, cut);
    }
    while size(value) > MAX_RESULT && halve_lists(value) {}
    if size(value) > MAX_RESULT {
        *value = json!({ "preview": prefix(&value.to_string(), MAX_RESULT / 2) });
    }
    let note = format!(
        "the result was {bytes} bytes and was cut to fit {MAX_RESULT}; ask for less (a smaller \
         limit, a filter, one item, a part of the log)"
    );
    if let Value::Object(fields) = value {
        fields.insert("truncated".into(), Value::from(note.clone()));
    }
    note
}

/// Says in `value` what it shows and how its rest is to be had.
fn continued(value: &mut Value, bytes: usize, cut: Cut) -> String {
    let Cut { cursor, place, from, to, of, is_text } = cut;
    let what = if is_text { "bytes" } else { "items" };
    let note = format!(
        "the result was {bytes} bytes and is cut to fit {MAX_RESULT}: {place} has the {what} from \
         {from} up to {to} of {of}; call again with the same arguments and cursor={NEXT} for the \
         rest"
    );
    if let Value::Object(fields) = value {
        fields.insert(NEXT.into(), Value::from(cursor));
        fields.insert("truncated".into(), Value::from(note.clone()));
        if let Some(has_more) = fields.get_mut("has_more") {
            *has_more = Value::Bool(true);
        }
    }
    note
}

/// Cuts every text in `value` to at most `most` bytes, and says so in it.
pub(crate) fn cut_texts(value: &mut Value, most: usize) {
    match value {
        Value::String(text) if text.len() > most => {
            let kept = prefix(text, most).len();
            let rest = text.len() - kept;
            text.truncate(kept);
            text.extend(["… [", &rest.to_string(), " bytes more]"]);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| cut_texts(item, most)),
        Value::Object(fields) => fields.values_mut().for_each(|item| cut_texts(item, most)),
        _ => {}
    }
}

/// Drops the second half of every list with more than one item. False when there was none.
fn halve_lists(value: &mut Value) -> bool {
    match value {
        Value::Array(items) if items.len() > 1 => {
            items.truncate(items.len() / 2);
            true
        }
        Value::Array(items) => items.iter_mut().any(halve_lists),
        Value::Object(fields) => {
            let mut halved = false;
            for item in fields.values_mut() {
                halved |= halve_lists(item);
            }
            halved
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_result_is_left_alone_and_carries_its_cost() {
        let result = success(json!({"status": "planned"}), None, None);
        assert_eq!(result.structured_content, Some(json!({"status": "planned"})));
        let meta = result.meta.unwrap();
        assert_eq!(meta.0.get(TOKENS), Some(&json!(5)));
        assert_eq!(meta.0.get(TRUNCATED), None);
    }

    #[test]
    fn a_list_that_can_be_continued_says_how() {
        let items: Vec<Value> = (0..5_000).map(|i| json!({"name": format!("{i:0100}")})).collect();
        let whole = json!({"items": items, "next_cursor": null, "has_more": false});
        let result = success(whole.clone(), None, Some(&Part::default()));
        let first = result.structured_content.unwrap();
        assert!(first.to_string().len() <= MAX_RESULT + 1024);
        assert!(first["truncated"].as_str().unwrap().contains("cursor=next_cursor"), "{first}");

        let mut call = Map::from_iter([("cursor".to_owned(), first["next_cursor"].clone())]);
        let mut rest = whole;
        Part::take(&mut call).unwrap().resume(&mut rest).unwrap();
        let given = first["items"].as_array().unwrap().len();
        let says = format!("/items has the items from 0 up to {given} of 5000");
        assert!(first["truncated"].as_str().unwrap().contains(&says), "{first}");
        assert_eq!(first["has_more"], true);
        assert_eq!(rest["items"].as_array().unwrap()[..], items[given..]);
    }

    #[test]
    fn large_results_are_cut_and_say_so() {
        for value in [
            json!({"logs": "x".repeat(500_000)}),
            json!({"items": vec![json!({"name": "n".repeat(100)}); 5_000]}),
            json!({"deep": {"items": vec!["é".repeat(3_000); 100]}}),
            json!({"many": (0..20_000).map(|i| (i.to_string(), json!(i))).collect::<Map<_, _>>()}),
        ] {
            let result = success(value, None, None);
            let structured = result.structured_content.unwrap();
            assert!(structured.to_string().len() <= MAX_RESULT + 512);
            assert!(structured["truncated"].as_str().unwrap().contains("was cut"));
            assert!(result.meta.unwrap().0.get(TRUNCATED).is_some());
        }
    }
}
