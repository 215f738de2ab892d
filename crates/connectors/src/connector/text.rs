//! Answers carry text that others wrote; what reaches a caller is text and nothing else.

use pilothouse_model::text::sanitize;
use serde_json::Value;

/// Removes escape sequences, control and invisible characters from every text in the answer, the
/// names of fields included.
pub(super) fn clean(answer: &mut Value) {
    match answer {
        Value::String(text) if is_suspicious(text) => *text = sanitize(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => {
            if fields.keys().any(|name| is_suspicious(name)) {
                let named = std::mem::take(fields).into_iter();
                *fields = named.map(|(name, value)| (sanitize(&name), value)).collect();
            }
            fields.values_mut().for_each(clean);
        }
        _ => {}
    }
}

/// Whether a closer look is needed: most texts are plain ASCII.
fn is_suspicious(text: &str) -> bool {
    text.bytes().any(|byte| !matches!(byte, b'\n' | b'\t' | b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_is_cleaned_and_nothing_else_is_changed() {
        let mut answer =
            json!({"a": ["x\u{1b}[31my", "é\n\t"], "b": {"c\u{200b}": "\u{202e}z"}, "d": 1});
        clean(&mut answer);
        assert_eq!(answer, json!({"a": ["xy", "é\n\t"], "b": {"c": "z"}, "d": 1}));
    }
}
